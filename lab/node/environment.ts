import type { CoreV1Api, V1EnvVarSource } from "@kubernetes/client-node";
import type { ContainerArgs } from "./container";
import { unlessAbsent } from "./optional";

/**
 * Variables of a container: those that every pod has, then its own, with references to others (`$(NAME)`) filled in.
 * One whose source has no value here (an optional key, a limit that is not set) is left out.
 * @throws ApiException when a ConfigMap or Secret is not there and not optional.
 */
export async function environmentOf(
  args: ContainerArgs,
  addresses: readonly string[],
): Promise<Record<string, string>> {
  const { object, container, node, core, apiService } = args;
  const fields: Record<string, string | undefined> = {
    "metadata.name": object.metadata?.name,
    "metadata.namespace": object.metadata?.namespace,
    "metadata.uid": object.metadata?.uid,
    "spec.nodeName": node.name,
    "spec.serviceAccountName": object.spec?.serviceAccountName,
    "status.hostIP": node.address,
    "status.podIP": addresses[0],
    "status.podIPs": addresses.join(","),
  };
  const variables: Record<string, string> = {
    HOSTNAME: object.metadata?.name ?? "",
    KUBERNETES_SERVICE_HOST: apiService,
    KUBERNETES_SERVICE_PORT: "443",
  };
  for (const { name, value, valueFrom } of container.env ?? []) {
    const found =
      value ??
      fields[valueFrom?.fieldRef?.fieldPath ?? ""] ??
      (await keyOf(core, object.metadata?.namespace ?? "", valueFrom));
    if (found !== undefined) variables[name] = expand(found, variables);
  }
  return variables;
}

/** A text with the variables that it names; those that there are not stay as they are, as with a kubelet. */
export function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$\(([\w.-]+)\)/g, (whole, name) => variables[name] ?? whole);
}

/** Value of a ConfigMap's or a Secret's key. */
async function keyOf(
  core: CoreV1Api,
  namespace: string,
  source: V1EnvVarSource | undefined,
): Promise<string | undefined> {
  if (source?.configMapKeyRef !== undefined) {
    const { name = "", key, optional } = source.configMapKeyRef;
    const map = await unlessAbsent(core.readNamespacedConfigMap({ namespace, name }), optional);
    return map?.data?.[key];
  }
  if (source?.secretKeyRef !== undefined) {
    const { name = "", key, optional } = source.secretKeyRef;
    const secret = await unlessAbsent(core.readNamespacedSecret({ namespace, name }), optional);
    const value = secret?.data?.[key];
    return value === undefined ? undefined : Buffer.from(value, "base64").toString();
  }
  return undefined;
}

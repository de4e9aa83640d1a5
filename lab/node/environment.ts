import type { CoreV1Api, V1Container, V1EnvVarSource, V1Pod } from "@kubernetes/client-node";
import type { LabNode } from "../controlPlane/nodes";
import { readConfigMap, readSecret } from "./configObjects";

/** Where the values of a container's variables come from. */
export interface EnvironmentSources {
  readonly core: CoreV1Api;
  readonly object: V1Pod;
  readonly container: V1Container;
  readonly node: LabNode;
  /** Address of the Service `kubernetes`. */
  readonly apiService: string;
}

/**
 * Variables of a container: those of every pod, then its own, with references to others (`$(NAME)`) replaced. A variable
 * without a value here (an optional key, a limit that is not set) is left out.
 * @param addresses the pod's addresses.
 * @throws ApiException when a ConfigMap or Secret that is not optional does not exist.
 */
export async function containerEnvironment(
  sources: EnvironmentSources,
  addresses: readonly string[],
): Promise<Record<string, string>> {
  const { object, container, node, core, apiService } = sources;
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
    const text =
      value ??
      fields[valueFrom?.fieldRef?.fieldPath ?? ""] ??
      (await readKey(core, object.metadata?.namespace ?? "", valueFrom));
    if (text !== undefined) variables[name] = expand(text, variables);
  }
  return variables;
}

/** Replaces the variables in a text; unknown ones stay as they are, as with a real kubelet. */
export function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$\(([\w.-]+)\)/g, (reference, name) => variables[name] ?? reference);
}

async function readKey(
  core: CoreV1Api,
  namespace: string,
  source: V1EnvVarSource | undefined,
): Promise<string | undefined> {
  if (source?.configMapKeyRef !== undefined) {
    const { key, ...reference } = source.configMapKeyRef;
    return (await readConfigMap(core, namespace, reference))[key];
  }
  if (source?.secretKeyRef !== undefined) {
    const { key, ...reference } = source.secretKeyRef;
    return (await readSecret(core, namespace, reference))[key]?.toString();
  }
  return undefined;
}

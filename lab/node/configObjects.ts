import type { CoreV1Api } from "@kubernetes/client-node";
import { ignoreNotFound } from "../../kubernetes/client";

/** A pod's reference to a ConfigMap or Secret. */
interface Reference {
  readonly name?: string;
  readonly optional?: boolean;
}

/**
 * Content of a ConfigMap, by key.
 * @throws ApiException when it does not exist, unless it is optional.
 */
export async function readConfigMap(
  core: CoreV1Api,
  namespace: string,
  { name = "", optional = false }: Reference,
): Promise<Record<string, string>> {
  const read = () => core.readNamespacedConfigMap({ namespace, name });
  return (await (optional ? ignoreNotFound(read) : read()))?.data ?? {};
}

/**
 * Content of a Secret, by key.
 * @throws ApiException when it does not exist, unless it is optional.
 */
export async function readSecret(
  core: CoreV1Api,
  namespace: string,
  { name = "", optional = false }: Reference,
): Promise<Record<string, Buffer>> {
  const read = () => core.readNamespacedSecret({ namespace, name });
  const secret = await (optional ? ignoreNotFound(read) : read());
  return Object.fromEntries(
    Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64")]),
  );
}

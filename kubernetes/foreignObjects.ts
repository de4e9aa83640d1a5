import type { KubeConfig, KubernetesObject } from "@kubernetes/client-node";
import { CILIUM_CRDS, CILIUM_RUNTIME_CRDS } from "../config";
import { isOfRelease, listCrds, listObjects } from "./observeCluster";

/**
 * Objects of Cilium's and the Gateway API's kinds that are somebody's work, as Kind namespace/name: neither Cilium nor its
 * chart has made them.
 * @param gatewayApi full names of the Gateway API's CRDs to look into.
 * @param own texts of objects that are not somebody else's.
 */
export async function foreignObjects(
  cluster: KubeConfig,
  gatewayApi: readonly string[],
  own: readonly string[] = [],
): Promise<string[]> {
  const names = [
    ...CILIUM_CRDS.filter((name) => !CILIUM_RUNTIME_CRDS.includes(name)),
    ...gatewayApi,
  ];
  const crds = (await listCrds(cluster)).filter(({ name }) => names.includes(name));
  const objects = await listObjects(cluster, crds);
  return objects
    .filter((object) => !isOfRelease(object) && !isOfGateway(object) && !own.includes(object.text))
    .map(({ text }) => text);
}

/** Whether Cilium's operator has made it for a Gateway, with which it goes a moment later. */
function isOfGateway({ metadata }: KubernetesObject): boolean {
  return (
    metadata?.ownerReferences?.some(
      ({ apiVersion, kind }) =>
        apiVersion.startsWith("gateway.networking.k8s.io/") && kind === "Gateway",
    ) ?? false
  );
}

import type { V1CustomResourceDefinition } from "@kubernetes/client-node";
import type { ClusterFacts } from "./facts";

const GROUPS = /^gateway\.networking\.(x-)?k8s\.io$/;

/** The CRDs of the Gateway API, of both channels. */
export function gatewayApiCrds({ crds }: Pick<ClusterFacts, "crds">): V1CustomResourceDefinition[] {
  return crds.filter(({ spec }) => GROUPS.test(spec.group));
}

/** Release and channel that a CRD of the Gateway API says it belongs to: v1.6.1 experimental. */
export function releaseAndChannel({ metadata }: V1CustomResourceDefinition): string {
  const annotations = metadata?.annotations ?? {};
  const release = annotations["gateway.networking.k8s.io/bundle-version"];
  const channel = annotations["gateway.networking.k8s.io/channel"];
  return `${release ?? "no release"} ${channel ?? "no channel"}`;
}

import type { Settings } from "../schema";

/**
 * Names of the CRDs that Cilium's operator registers and the stack makes objects of. The operator registers those of BGP
 * only where BGP is on.
 */
export function ciliumCrds({ loadBalancing, bgp }: Settings): string[] {
  return [
    "ciliumloadbalancerippools.cilium.io",
    ...(loadBalancing.policies.length > 0 ? ["ciliuml2announcementpolicies.cilium.io"] : []),
    ...(bgp.peers.length > 0
      ? [
          "ciliumbgpadvertisements.cilium.io",
          "ciliumbgpclusterconfigs.cilium.io",
          "ciliumbgppeerconfigs.cilium.io",
        ]
      : []),
  ];
}

import type { Settings } from "../schema";

/** Objects of Cilium's kinds that the stack makes, each as Kind name. */
export function ownObjects({ loadBalancing, bgp }: Settings): string[] {
  return [
    ...loadBalancing.pools.map(({ name }) => `CiliumLoadBalancerIPPool ${name}`),
    ...loadBalancing.policies.map(({ name }) => `CiliumL2AnnouncementPolicy ${name}`),
    ...(bgp.peers.length > 0
      ? [
          "CiliumBGPAdvertisement services",
          "CiliumBGPPeerConfig routers",
          "CiliumBGPClusterConfig nodes",
        ]
      : []),
  ];
}

import type { Settings } from "../schema";
import { bgpObjects } from "./bgpObjects";

/** Objects of Cilium's kinds that the stack makes, each as Kind name. */
export function ownObjects({ loadBalancing, bgp }: Settings): string[] {
  return [
    ...loadBalancing.pools.map(({ name }) => `CiliumLoadBalancerIPPool ${name}`),
    ...loadBalancing.policies.map(({ name }) => `CiliumL2AnnouncementPolicy ${name}`),
    ...(bgp.peers.length > 0 ? bgpNames(bgp) : []),
  ];
}

function bgpNames(bgp: Settings["bgp"]): string[] {
  const { advertisement, peerConfigs, clusterConfig } = bgpObjects(bgp);
  return [advertisement, ...peerConfigs, clusterConfig].map(
    ({ kind, metadata }) => `${kind} ${metadata.name}`,
  );
}

import { blocksOf } from "../addressPlan";
import type { Settings } from "../schema";

type Pool = Settings["loadBalancing"]["pools"][number];
type Policy = Settings["loadBalancing"]["policies"][number];

/** Spec of the CiliumLoadBalancerIPPool for a pool of the settings. */
export function poolSpec(pool: Pool): Record<string, unknown> {
  // Cilium gives out every address of a range and, since 1.16, of a CIDR.
  return {
    blocks: blocksOf(pool).map(({ start, stop, cidr }) =>
      cidr === undefined ? { start, stop } : { cidr },
    ),
    serviceSelector: pool.serviceSelector,
  };
}

/** Spec of the CiliumL2AnnouncementPolicy for a policy of the settings. */
export function policySpec(policy: Policy): Record<string, unknown> {
  const { interfaces, nodeSelector, serviceSelector, externalIPs } = policy;
  return {
    // Without it the policy announces no LoadBalancer address: the default is false.
    loadBalancerIPs: true,
    ...(externalIPs && { externalIPs }),
    ...(interfaces.length > 0 && { interfaces: [...interfaces] }),
    nodeSelector,
    serviceSelector,
  };
}

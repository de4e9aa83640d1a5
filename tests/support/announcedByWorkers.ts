import type { StackConfig } from "../../config/stackFile";

/** Timings of the leases, in seconds. */
export interface LeaseTimings {
  readonly leaseDuration: number;
  readonly leaseRenewDeadline: number;
  readonly leaseRetryPeriod: number;
}

/** Workers alone announce: with pods on a control plane, what is lost with an announcer is the announcer alone. */
export function configured(timings: LeaseTimings): (config: StackConfig) => StackConfig {
  const nodeSelector = {
    matchExpressions: [{ key: "node-role.kubernetes.io/control-plane", operator: "DoesNotExist" }],
  };
  return (config) => ({
    ...config,
    "talos-cilium:loadBalancing": {
      ...(config["talos-cilium:loadBalancing"] as object),
      ...timings,
      policies: [{ interfaces: ["^eth0$"], nodeSelector }],
    },
  });
}

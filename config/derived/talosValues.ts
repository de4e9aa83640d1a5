import type { Settings } from "../schema";

/**
 * Values of Cilium's chart that every Talos cluster needs, by their paths, those of the Gateway API included.
 * cilium.values may override them.
 */
export const TALOS_VALUES: Readonly<Record<string, unknown>> = {
  // Talos' controller-manager gives every node its pod CIDR.
  "ipam.mode": "kubernetes",

  // Talos mounts cgroup v2 already.
  "cgroup.autoMount.enabled": false,
  "cgroup.hostRoot": "/sys/fs/cgroup",

  // The chart's defaults without SYS_MODULE: Talos loads no module for a workload, and does not start one that asks for
  // it (https://github.com/siderolabs/talos/issues/11352).
  "securityContext.capabilities.ciliumAgent": [
    "CHOWN",
    "KILL",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "SYS_ADMIN",
    "SYS_RESOURCE",
    "DAC_OVERRIDE",
    "FOWNER",
    "SETGID",
    "SETUID",
  ],
  "securityContext.capabilities.cleanCiliumState": ["NET_ADMIN", "SYS_ADMIN", "SYS_RESOURCE"],

  "gatewayAPI.enableAlpn": true,
  "gatewayAPI.enableAppProtocol": true,
  // Text, as charts before 1.20 refuse a boolean. "auto" would depend on the cluster that Helm sees.
  "gatewayAPI.gatewayClass.create": "true",

  // Pods restart when their ConfigMap changes: one node at a time, as two of three control planes would be too many.
  rollOutCiliumPods: true,
  "updateStrategy.type": "RollingUpdate",
  "updateStrategy.rollingUpdate.maxUnavailable": 1,
  "operator.rollOutPods": true,
};

/** Those of {@link TALOS_VALUES} that a stack needs. */
export function talosValues({ gatewayApi }: Settings): [path: string, value: unknown][] {
  return Object.entries(TALOS_VALUES).filter(
    ([path]) => gatewayApi.enabled || !path.startsWith("gatewayAPI."),
  );
}

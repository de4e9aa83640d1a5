/**
 * Values of Cilium's chart that are the same on every Talos cluster, by their paths. A user's own values may still
 * differ from them.
 */
export const TALOS_VALUES: Readonly<Record<string, unknown>> = {
  // Talos' controller-manager gives every node its pod CIDR.
  "ipam.mode": "kubernetes",

  // Talos mounts cgroup v2 already.
  "cgroup.autoMount.enabled": false,
  "cgroup.hostRoot": "/sys/fs/cgroup",

  // The chart's defaults less SYS_MODULE: Talos loads no module for a workload, and refuses to start one that asks
  // (https://github.com/siderolabs/talos/issues/11352).
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

  "gatewayAPI.enabled": true,
  "gatewayAPI.enableAlpn": true,
  "gatewayAPI.enableAppProtocol": true,
  // Text: "auto" asks Helm what the cluster can do, and a boolean is refused by charts before 1.20.
  "gatewayAPI.gatewayClass.create": "true",

  // Pods restart when their ConfigMap changes; one node at a time, as two of three control planes are too many.
  rollOutCiliumPods: true,
  "updateStrategy.type": "RollingUpdate",
  "updateStrategy.rollingUpdate.maxUnavailable": 1,
  "operator.rollOutPods": true,
};

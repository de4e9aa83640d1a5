import { sameValue } from "./tree";

/**
 * Values that the program gives every Talos cluster by itself (components/ciliumValues.ts), by their paths. A unit
 * test holds the two together.
 */
export const SET_ALREADY: Readonly<Record<string, unknown>> = {
  "ipam.mode": "kubernetes",
  "cgroup.autoMount.enabled": false,
  "cgroup.hostRoot": "/sys/fs/cgroup",
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
  "gatewayAPI.gatewayClass.create": "true",
  rollOutCiliumPods: true,
  "updateStrategy.type": "RollingUpdate",
  "updateStrategy.rollingUpdate.maxUnavailable": 1,
  "operator.rollOutPods": true,
};

/** The annotation that restarts the operator: its value is a digest of the cluster's own CRDs, and never imported. */
export const DIGEST = "operator.podAnnotations.talos-cilium/gateway-api-crds";

/** Whether the program sets a value by itself, to the same; the order in a list (capabilities) does not matter. */
export function isSetAlready(path: string, value: unknown): boolean {
  if (path === DIGEST) return true;
  return Object.hasOwn(SET_ALREADY, path) && sameValue(sorted(SET_ALREADY[path]), sorted(value));
}

function sorted(value: unknown): unknown {
  return Array.isArray(value) ? [...value].sort() : value;
}

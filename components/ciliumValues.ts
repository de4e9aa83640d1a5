import deepmerge from "deepmerge";
import type { Settings } from "../config";
import { type TypedValue, typedValues } from "../config/typedValues";

/** Values of Cilium's Helm chart. */
export type HelmValues = { [key: string]: unknown };

/**
 * What Cilium's agent needs on Talos. It is the chart's default less SYS_MODULE, since Talos loads no module for a
 * workload (https://github.com/siderolabs/talos/issues/11352).
 */
const AGENT_CAPABILITIES = [
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
];

/** What the init container that cleans Cilium's state needs: the chart's default less SYS_MODULE, as above. */
const CLEAN_STATE_CAPABILITIES = ["NET_ADMIN", "SYS_ADMIN", "SYS_RESOURCE"];

/**
 * Values of Cilium's chart for a cluster: what Talos needs, what the settings say, then the settings' own values over
 * all of it. Keys that are null or undefined are left out, as Helm would take null for "delete the chart's default"
 * (https://github.com/pulumi/pulumi-kubernetes/issues/2997).
 * @param gatewayApiDigest digest of the Gateway API's CRDs; a new one restarts the operator, which looks for them once.
 */
export function ciliumValues(settings: Settings, gatewayApiDigest: string): HelmValues {
  const all = [
    tree(typedValues(settings)),
    talosValues(gatewayApiDigest),
    settings.cilium.values as HelmValues,
  ];
  return withoutNulls(deepmerge.all<HelmValues>(all, { arrayMerge: (_ours, theirs) => theirs }));
}

/** What is the same on every Talos cluster. */
function talosValues(gatewayApiDigest: string): HelmValues {
  return {
    // Talos' controller-manager gives every node its pod CIDR.
    ipam: { mode: "kubernetes" },

    // Talos mounts cgroup v2 already, and grants only these capabilities.
    cgroup: { autoMount: { enabled: false }, hostRoot: "/sys/fs/cgroup" },
    securityContext: {
      capabilities: {
        ciliumAgent: AGENT_CAPABILITIES,
        cleanCiliumState: CLEAN_STATE_CAPABILITIES,
      },
    },

    // "true" is text: "auto" asks Helm what the cluster can do, and a boolean is refused by charts before 1.20.
    gatewayAPI: {
      enabled: true,
      enableAlpn: true,
      enableAppProtocol: true,
      gatewayClass: { create: "true" },
    },

    // Pods restart when their ConfigMap changes; one node at a time, as two of three control planes are too many.
    rollOutCiliumPods: true,
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
    operator: {
      rollOutPods: true,
      podAnnotations: { "talos-cilium/gateway-api-crds": gatewayApiDigest },
    },
  };
}

/** Values by their paths, as one object; a value that is undefined has no place in it. */
function tree(values: readonly TypedValue[]): HelmValues {
  const branches = values
    .filter(({ value }) => value !== undefined)
    .map(({ path, value }) =>
      path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), value),
    );
  return deepmerge.all<HelmValues>(branches as HelmValues[]);
}

function withoutNulls(values: HelmValues): HelmValues {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([key, value]) => [key, isObject(value) ? withoutNulls(value) : value]),
  );
}

function isObject(value: unknown): value is HelmValues {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

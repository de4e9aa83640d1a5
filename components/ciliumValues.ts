import deepmerge from "deepmerge";
import type { Settings } from "../config";
import { rangeSize } from "../config/addresses";

/** Values of Cilium's Helm chart. */
export type HelmValues = { [key: string]: unknown };

/** Seconds between two renewals of a lease, Cilium's default (chart, l2announcements.leaseRenewDeadline). */
const LEASE_RENEW_DEADLINE = 5;

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
  const { cluster, kubePrism, podNetwork, cilium } = settings;
  const values: HelmValues = {
    cluster: { name: cluster.name, id: cluster.id },

    // Talos runs no kube-proxy beside Cilium, and KubePrism is the one address of the API that needs no Service.
    kubeProxyReplacement: true,
    k8sServiceHost: kubePrism.host,
    k8sServicePort: kubePrism.port,

    // Talos' controller-manager gives every node its pod CIDR; an agent without one waits instead of guessing.
    ipam: { mode: "kubernetes" },
    k8s: { requireIPv4PodCIDR: true },

    // Nothing else installs the routes to other nodes' pods on a flat LAN, so Cilium does.
    routingMode: "native",
    ipv4NativeRoutingCIDR: podNetwork.cidr,
    autoDirectNodeRoutes: true,
    ...(cilium.devices.length > 0 && { devices: [...cilium.devices] }),

    // Talos answers for kube-dns on a link-local address, which eBPF host routing would not deliver
    // (https://github.com/siderolabs/talos/issues/10002): masquerade in eBPF, route through the host's stack.
    bpf: { masquerade: true, hostLegacyRouting: true },

    // Talos mounts cgroup v2 already, and grants only these capabilities.
    cgroup: { autoMount: { enabled: false }, hostRoot: "/sys/fs/cgroup" },
    securityContext: {
      capabilities: {
        ciliumAgent: AGENT_CAPABILITIES,
        cleanCiliumState: CLEAN_STATE_CAPABILITIES,
      },
    },

    l2announcements: { enabled: true },
    k8sClientRateLimit: clientRateLimit(announcedServices(settings)),

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
      replicas: operatorReplicas(settings),
      rollOutPods: true,
      podAnnotations: { "talos-cilium/gateway-api-crds": gatewayApiDigest },
    },
  };
  return withoutNulls(
    deepmerge(values, cilium.values as HelmValues, { arrayMerge: (_ours, theirs) => theirs }),
  );
}

/**
 * Requests a second that each agent may make. It renews a lease for every announced Service once in a renew deadline,
 * beside its other work, so: max(20, services / renew deadline + 10), and twice that in a burst
 * (https://docs.cilium.io/en/stable/network/l2-announcements/#sizing-client-rate-limit).
 */
export function clientRateLimit(services: number): { qps: number; burst: number } {
  const qps = Math.max(20, Math.ceil(services / LEASE_RENEW_DEADLINE) + 10);
  return { qps, burst: 2 * qps };
}

/** Services that may be announced at once: as configured, or one for each address of the pool. */
function announcedServices({ loadBalancing }: Settings): number {
  return loadBalancing.services ?? rangeSize(loadBalancing.pool);
}

/** Two operators, but one on a cluster of one node: they refuse to share a node, and Helm would wait in vain. */
function operatorReplicas({ nodes }: Settings): number {
  return nodes.controlPlanes.length + nodes.workers.length > 1 ? 2 : 1;
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

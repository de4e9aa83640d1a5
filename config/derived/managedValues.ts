import { familyOf } from "../addresses";
import type { Settings } from "../schema";
import {
  boolean,
  type ChartReader,
  encryptionType,
  imageRegistry,
  list,
  mtu,
  number,
  podCidrs,
  quantities,
  routes,
  same,
  seconds,
  services,
  tunnelProtocol,
} from "./chartReaders";
import { clientRateLimitOf } from "./clientRateLimit";
import { valueAt } from "./helmValues";
import { IMAGES } from "./imageRegistry";

/** A value of Cilium's chart that a key of the configuration manages. */
export interface ManagedValue {
  /** Path in the chart's values: l2announcements.leaseDuration. */
  readonly path: string;
  /** Key of the configuration. */
  readonly key: string;
  /** The value; undefined leaves the chart's default. */
  readonly value: unknown;
}

/** How a key of the configuration becomes a value of the chart, and the value becomes the key again. */
export interface ValueMapping {
  /** Path in the chart's values. */
  readonly path: string;
  /** Key of the configuration. */
  readonly key: KeyPath;
  /** Makes the chart's value; undefined leaves the chart's default. */
  readonly toChart: (settings: Settings) => unknown;
  /** Reads the key from the chart's value; absent where {@link notRead} says why. */
  readonly fromChart?: ChartReader;
  /** Why the key is not read from this value. */
  readonly notRead?: string;
  /** What to write by hand when the chart's value is not the one that the key leads to. */
  readonly byHand?: string;
  /** The chart's value goes to cilium.values when the key leads to none. */
  readonly keepUnmanaged?: true;
  /** Reading it rounds: it is carried over only when the key leads to the very same value. */
  readonly exact?: true;
}

/** A key of the configuration, or of a section in it: routing.mode. */
type KeyPath<Section = Settings> = {
  [Key in keyof Section & string]: NonNullable<Section[Key]> extends readonly unknown[]
    ? Key
    : NonNullable<Section[Key]> extends object
      ? Key | `${Key}.${KeyPath<NonNullable<Section[Key]>>}`
      : Key;
}[keyof Section & string];

/** What a mapping says beside its path and key; by default both values are the same. */
type Conversion = Partial<Pick<ValueMapping, "toChart">> &
  (
    | (Pick<ValueMapping, "fromChart" | "keepUnmanaged" | "exact"> & { readonly notRead?: never })
    | (Required<Pick<ValueMapping, "notRead">> & Pick<ValueMapping, "byHand">)
  );

const BY_POD_CIDRS = "the pod CIDRs' families decide it";
const BY_AGENT = "the agent's value is the one read";

/** Every value of Cilium's chart that the configuration manages, a path once. */
export const VALUE_MAPPINGS: readonly ValueMapping[] = [
  mapping("cluster.name", "cluster.name"),
  mapping("cluster.id", "cluster.id"),
  mapping("kubeProxyReplacement", "kubeProxyReplacement", { fromChart: boolean }),
  mapping("k8sServiceHost", "kubePrism.host"),
  mapping("k8sServicePort", "kubePrism.port", { fromChart: number }),
  mapping("bpf.masquerade", "talos.bpfMasquerade"),
  mapping("bpf.hostLegacyRouting", "talos.hostLegacyRouting"),

  familySwitch("ipv4.enabled", "IPv4"),
  familySwitch("ipv6.enabled", "IPv6"),
  // An agent whose node has no pod CIDR yet waits for it instead of guessing.
  mapping("k8s.requireIPv4PodCIDR", "network.podCidrs", {
    toChart: (settings) => podCidr(settings, "IPv4") !== undefined,
    notRead: BY_POD_CIDRS,
  }),
  mapping("k8s.requireIPv6PodCIDR", "network.podCidrs", {
    toChart: (settings) => podCidr(settings, "IPv6") !== undefined,
    notRead: BY_POD_CIDRS,
  }),
  mapping("ipv4NativeRoutingCIDR", "network.podCidrs", {
    toChart: (settings) => (isNative(settings) ? podCidr(settings, "IPv4") : undefined),
    fromChart: podCidrs,
  }),
  mapping("ipv6NativeRoutingCIDR", "network.podCidrs", {
    toChart: (settings) => (isNative(settings) ? podCidr(settings, "IPv6") : undefined),
    fromChart: podCidrs,
  }),
  mapping("routingMode", "routing.mode"),
  mapping("tunnelProtocol", "routing.tunnelProtocol", {
    toChart: (settings) => (isNative(settings) ? undefined : settings.routing.tunnelProtocol),
    fromChart: tunnelProtocol,
    keepUnmanaged: true,
  }),
  // Nothing else installs the routes to other nodes' pods on a flat LAN.
  mapping("autoDirectNodeRoutes", "routing.routes", {
    toChart: (settings) => isNative(settings) && settings.routing.routes === "cilium",
    fromChart: routes,
  }),
  mapping("directRoutingSkipUnreachable", "routing.skipUnreachable"),
  mapping("devices", "routing.devices", {
    toChart: ({ routing }) => orDefault(routing.devices),
    fromChart: list,
  }),
  mapping("MTU", "routing.mtu", { fromChart: mtu }),
  mapping("encryption.enabled", "encryption.type", {
    toChart: ({ encryption }) => encryption.type !== "none",
    fromChart: encryptionType,
  }),
  mapping("encryption.type", "encryption.type", {
    toChart: ({ encryption }) => (encryption.type === "none" ? undefined : encryption.type),
    fromChart: encryptionType,
  }),
  mapping("encryption.nodeEncryption", "encryption.nodeEncryption"),
  mapping("encryption.ipsec.secretName", "encryption.ipsecSecretName", {
    toChart: ({ encryption }) =>
      encryption.type === "ipsec" ? encryption.ipsecSecretName : undefined,
  }),
  mapping("bandwidthManager.enabled", "bandwidthManager.enabled"),
  mapping("bandwidthManager.bbr", "bandwidthManager.bbr"),

  mapping("l2announcements.enabled", "loadBalancing.policies", {
    toChart: ({ loadBalancing }) => loadBalancing.policies.length > 0,
    notRead: "the policies come from their manifests",
  }),
  mapping("l2announcements.leaseDuration", "loadBalancing.leaseDuration", {
    toChart: ({ loadBalancing }) => `${loadBalancing.leaseDuration}s`,
    fromChart: seconds,
  }),
  mapping("l2announcements.leaseRenewDeadline", "loadBalancing.leaseRenewDeadline", {
    toChart: ({ loadBalancing }) => `${loadBalancing.leaseRenewDeadline}s`,
    fromChart: seconds,
  }),
  mapping("l2announcements.leaseRetryPeriod", "loadBalancing.leaseRetryPeriod", {
    toChart: ({ loadBalancing }) => `${loadBalancing.leaseRetryPeriod}s`,
    fromChart: seconds,
  }),
  mapping("k8sClientRateLimit.qps", "loadBalancing.services", {
    toChart: (settings) => clientRateLimitOf(settings).qps,
    fromChart: services,
    exact: true,
  }),
  mapping("k8sClientRateLimit.burst", "loadBalancing.services", {
    toChart: (settings) => clientRateLimitOf(settings).burst,
    notRead: "it is always twice the qps",
  }),
  mapping("loadBalancer.algorithm", "loadBalancing.algorithm"),
  mapping("loadBalancer.mode", "loadBalancing.mode"),
  mapping("loadBalancer.acceleration", "loadBalancing.acceleration"),
  mapping("gatewayAPI.externalTrafficPolicy", "loadBalancing.gatewayTrafficPolicy"),
  mapping("bgpControlPlane.enabled", "bgp.peers", {
    toChart: ({ bgp }) => bgp.peers.length > 0,
    notRead: "no value of the chart has the routers",
    byHand: "the values turn BGP on, and do not have the routers; write bgp.localAsn and bgp.peers",
  }),

  // Two operators refuse to share a node, and Helm would wait for the second in vain.
  mapping("operator.replicas", "cilium.operatorReplicas", {
    toChart: ({ cilium, nodes }) =>
      cilium.operatorReplicas ?? Math.min(2, nodes.controlPlanes.length + nodes.workers.length),
  }),
  mapping("resources", "cilium.resources.agent", { fromChart: quantities, keepUnmanaged: true }),
  mapping("operator.resources", "cilium.resources.operator", {
    fromChart: quantities,
    keepUnmanaged: true,
  }),
  mapping("envoy.resources", "cilium.resources.envoy", {
    fromChart: quantities,
    keepUnmanaged: true,
  }),
  ...IMAGES.map(([path, repository]) =>
    mapping(path, "cilium.imageRegistry", {
      toChart: ({ cilium: { imageRegistry: registry } }) =>
        registry === undefined ? undefined : `${registry}/${repository}`,
      fromChart: imageRegistry,
      keepUnmanaged: true,
    }),
  ),
  mapping("hubble.enabled", "hubble.enabled"),
  mapping("hubble.relay.enabled", "hubble.relay"),
  mapping("hubble.ui.enabled", "hubble.ui"),
  mapping("hubble.metrics.enabled", "hubble.metrics", {
    toChart: ({ hubble }) => orDefault(hubble.metrics),
    fromChart: list,
  }),
  mapping("hubble.tls.auto.method", "hubble.certificates"),
  mapping("prometheus.enabled", "prometheus.enabled"),
  mapping("operator.prometheus.enabled", "prometheus.enabled", { notRead: BY_AGENT }),
  mapping("envoy.prometheus.enabled", "prometheus.enabled", { notRead: BY_AGENT }),
  mapping("prometheus.serviceMonitor.enabled", "prometheus.serviceMonitors"),
  mapping("operator.prometheus.serviceMonitor.enabled", "prometheus.serviceMonitors", {
    notRead: BY_AGENT,
  }),
  mapping("envoy.prometheus.serviceMonitor.enabled", "prometheus.serviceMonitors", {
    notRead: BY_AGENT,
  }),
];

/** Values of Cilium's chart that the configuration manages, each with the key that does. */
export function managedValues(settings: Settings): ManagedValue[] {
  return VALUE_MAPPINGS.map(({ path, key, toChart }) => ({ path, key, value: toChart(settings) }));
}

function mapping(path: string, key: KeyPath, conversion: Conversion = {}): ValueMapping {
  return {
    path,
    key,
    toChart: (settings) => valueAt(settings, key),
    ...(conversion.notRead === undefined && { fromChart: same }),
    ...conversion,
  };
}

function familySwitch(path: string, family: "IPv4" | "IPv6"): ValueMapping {
  return mapping(path, "network.podCidrs", {
    toChart: (settings) => podCidr(settings, family) !== undefined,
    notRead: "a family is on when it has a pod CIDR",
    byHand: `the values turn ${family} on or off (${path}), and a family is on when it has a pod CIDR; write the CIDRs of Talos' cluster.network.podSubnets`,
  });
}

function podCidr({ network }: Settings, family: "IPv4" | "IPv6"): string | undefined {
  return network.podCidrs.find((cidr) => familyOf(cidr) === family);
}

function isNative({ routing }: Settings): boolean {
  return routing.mode === "native";
}

/** An empty list stands for the chart's default. */
function orDefault(items: readonly string[]): readonly string[] | undefined {
  return items.length > 0 ? items : undefined;
}

import { familyOf } from "../addresses";
import { CONTROL_PLANE_LABEL } from "../controlPlaneLabel";
import type { Settings } from "../schema";
import {
  boolean,
  type ChartReader,
  encryptionType,
  imageRegistry,
  issuer,
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
import { hasImage, IMAGES } from "./imageRegistry";

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
  /** Reads the key from the chart's value; absent where {@link notRead} or {@link byHand} says why. */
  readonly fromChart?: ChartReader;
  /** What decides the value, as the key is not read from it. */
  readonly notRead?: string;
  /** What to write by hand when the chart has another value than the key leads to; the key is not read from it. */
  readonly byHand?: string;
  /** The chart's value is a user's value where the key leads to none. */
  readonly keepUnmanaged?: true;
  /** A value in cilium.values has the last word: stacks had it there before the program set it. */
  readonly yields?: true;
  /** The reader rounds, so the import keeps the chart's value only when the key leads to the same. */
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

/** What a mapping has beside path and key. By default the chart's value is the key's. */
type Conversion = Partial<Pick<ValueMapping, "toChart" | "yields">> &
  (
    | Pick<ValueMapping, "fromChart" | "keepUnmanaged" | "exact">
    | Pick<Required<ValueMapping>, "notRead">
    | Pick<Required<ValueMapping>, "byHand">
  );

const BY_POD_CIDRS = "true where a pod CIDR has this family";
const BY_AGENT = "read from the agent's value";
const BY_HOST_NETWORK = "set where Gateways listen on the nodes' own ports";

/** Images of {@link IMAGES} that the program has always redirected, so that cilium.values cannot have them. */
const FIRST_IMAGES = 7;

/** Talos taints control planes, and nothing of these would run where there are no other nodes (cilium#19911). */
const CONTROL_PLANE_TOLERATIONS = [
  { key: CONTROL_PLANE_LABEL, operator: "Exists", effect: "NoSchedule" },
];

/** Every value of Cilium's chart that a key of the configuration manages; each path occurs once. */
export const VALUE_MAPPINGS: readonly ValueMapping[] = [
  mapping("cluster.name", "cluster.name"),
  mapping("cluster.id", "cluster.id"),
  mapping("clustermesh.maxConnectedClusters", "cluster.maxConnectedClusters", {
    toChart: ({ cluster }) => unless(cluster.maxConnectedClusters, 255),
    fromChart: number,
    yields: true,
  }),
  mapping("kubeProxyReplacement", "kubeProxyReplacement", { fromChart: boolean }),
  mapping("k8sServiceHost", "kubePrism.host"),
  mapping("k8sServicePort", "kubePrism.port", { fromChart: number }),
  mapping("enableIPv4Masquerade", "talos.masquerade", {
    toChart: ({ talos }) => unless(talos.masquerade, true),
    fromChart: same,
    yields: true,
  }),
  mapping("enableIPv6Masquerade", "talos.masquerade", {
    toChart: ({ talos }) => unless(talos.masquerade, true),
    notRead: "read from enableIPv4Masquerade",
    yields: true,
  }),
  // An agent that masquerades nothing refuses to do it in eBPF.
  mapping("bpf.masquerade", "talos.bpfMasquerade", {
    toChart: (settings) => masquerades(settings) && settings.talos.bpfMasquerade,
    fromChart: same,
  }),
  mapping("bpf.hostLegacyRouting", "talos.hostLegacyRouting"),

  familySwitch("ipv4.enabled", "IPv4"),
  familySwitch("ipv6.enabled", "IPv6"),
  // The agent waits until its node has a pod CIDR, and does not guess one.
  mapping("k8s.requireIPv4PodCIDR", "network.podCidrs", {
    toChart: (settings) => podCidr(settings, "IPv4") !== undefined,
    notRead: BY_POD_CIDRS,
  }),
  mapping("k8s.requireIPv6PodCIDR", "network.podCidrs", {
    toChart: (settings) => podCidr(settings, "IPv6") !== undefined,
    notRead: BY_POD_CIDRS,
  }),
  mapping("ipv4NativeRoutingCIDR", "network.podCidrs", {
    toChart: (settings) => nativeRoutingCidr(settings, "IPv4"),
    fromChart: podCidrs,
    keepUnmanaged: true,
  }),
  mapping("ipv6NativeRoutingCIDR", "network.podCidrs", {
    toChart: (settings) => nativeRoutingCidr(settings, "IPv6"),
    fromChart: podCidrs,
    keepUnmanaged: true,
  }),
  mapping("routingMode", "routing.mode"),
  mapping("tunnelProtocol", "routing.tunnelProtocol", {
    toChart: (settings) => (isNative(settings) ? undefined : settings.routing.tunnelProtocol),
    fromChart: tunnelProtocol,
    keepUnmanaged: true,
  }),
  // On a flat LAN nothing else installs the routes to the pods of other nodes.
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
    notRead: "true where there is a policy",
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
    toChart: (settings) => clientRateLimitOf(settings)?.qps,
    fromChart: services,
    keepUnmanaged: true,
    exact: true,
  }),
  mapping("k8sClientRateLimit.burst", "loadBalancing.services", {
    toChart: (settings) => clientRateLimitOf(settings)?.burst,
    notRead: "always twice the qps",
  }),
  mapping("loadBalancer.algorithm", "loadBalancing.algorithm"),
  mapping("loadBalancer.mode", "loadBalancing.mode"),
  // With another dispatch the agent does not start (pkg/kpr/initializer/kube_proxy_replacement.go).
  mapping("loadBalancer.dsrDispatch", "loadBalancing.mode", {
    toChart: ({ loadBalancing, routing }) =>
      loadBalancing.mode !== "snat" && routing.mode === "tunnel" ? "geneve" : undefined,
    notRead: "geneve where direct server return goes through a tunnel",
    yields: true,
  }),
  mapping("loadBalancer.acceleration", "loadBalancing.acceleration"),
  mapping("gatewayAPI.enabled", "gatewayApi.enabled", { yields: true }),
  mapping("gatewayAPI.externalTrafficPolicy", "loadBalancing.gatewayTrafficPolicy"),
  mapping("gatewayAPI.hostNetwork.enabled", "gatewayApi.hostNetwork.enabled", {
    toChart: ({ gatewayApi }) => unless(gatewayApi.hostNetwork.enabled, false),
    fromChart: same,
    yields: true,
  }),
  mapping("gatewayAPI.hostNetwork.nodes.matchLabels", "gatewayApi.hostNetwork.nodeSelector", {
    toChart: ({ gatewayApi: { hostNetwork } }) =>
      Object.keys(hostNetwork.nodeSelector).length > 0 ? hostNetwork.nodeSelector : undefined,
    fromChart: same,
    yields: true,
  }),
  // Envoy keeps no right to open ports below 1024 without both (chart, envoy.securityContext.capabilities).
  mapping(
    "envoy.securityContext.capabilities.keepCapNetBindService",
    "gatewayApi.hostNetwork.enabled",
    {
      toChart: (settings) => (usesHostNetwork(settings) ? true : undefined),
      notRead: BY_HOST_NETWORK,
      yields: true,
    },
  ),
  mapping("envoy.securityContext.capabilities.envoy", "gatewayApi.hostNetwork.enabled", {
    toChart: (settings) =>
      usesHostNetwork(settings) ? ["NET_ADMIN", "SYS_ADMIN", "NET_BIND_SERVICE"] : undefined,
    notRead: BY_HOST_NETWORK,
    yields: true,
  }),
  mapping("bgpControlPlane.enabled", "bgp.peers", {
    toChart: ({ bgp }) => bgp.peers.length > 0,
    byHand: "the values turn BGP on but do not name the routers; write bgp.localAsn and bgp.peers",
  }),

  // Two operators cannot share a node: Helm would wait for the second in vain.
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
  ...IMAGES.map((image, index) =>
    mapping(`${image.path}.repository`, "cilium.imageRegistry", {
      toChart: (settings) => {
        const { imageRegistry: registry } = settings.cilium;
        return registry !== undefined && hasImage(settings, image)
          ? `${registry}/${image.repository}`
          : undefined;
      },
      fromChart: imageRegistry,
      keepUnmanaged: true,
      ...(index >= FIRST_IMAGES && { yields: true }),
    }),
  ),
  ...IMAGES.map((image, index) =>
    mapping(`${image.path}.useDigest`, "cilium.imageDigests", {
      toChart: (settings) =>
        hasImage(settings, image) ? unless(settings.cilium.imageDigests, true) : undefined,
      yields: true,
      ...(index === 0 ? { fromChart: same } : { notRead: BY_AGENT }),
    }),
  ),
  mapping("hubble.enabled", "hubble.enabled"),
  mapping("hubble.relay.enabled", "hubble.relay"),
  mapping("hubble.ui.enabled", "hubble.ui"),
  tolerations("hubble.relay.tolerations", "hubble.relay", ({ hubble }) => hubble.relay),
  tolerations("hubble.ui.tolerations", "hubble.ui", ({ hubble }) => hubble.ui),
  tolerations(
    "certgen.tolerations",
    "hubble.certificates",
    ({ hubble }) => hubble.certificates === "cronJob",
  ),
  mapping("hubble.metrics.enabled", "hubble.metrics", {
    toChart: ({ hubble }) => orDefault(hubble.metrics),
    fromChart: list,
  }),
  mapping("hubble.tls.auto.method", "hubble.certificates"),
  mapping("hubble.tls.auto.certManagerIssuerRef", "hubble.issuer", {
    fromChart: issuer,
    keepUnmanaged: true,
    yields: true,
  }),
  mapping("prometheus.enabled", "prometheus.enabled"),
  mapping("operator.prometheus.enabled", "prometheus.operator", {
    toChart: ({ prometheus }) => prometheus.operator ?? prometheus.enabled,
  }),
  mapping("envoy.prometheus.enabled", "prometheus.envoy", {
    toChart: ({ prometheus }) => prometheus.envoy ?? prometheus.enabled,
  }),
  mapping("prometheus.serviceMonitor.enabled", "prometheus.serviceMonitors"),
  mapping("operator.prometheus.serviceMonitor.enabled", "prometheus.serviceMonitors", {
    notRead: BY_AGENT,
  }),
  mapping("envoy.prometheus.serviceMonitor.enabled", "prometheus.serviceMonitors", {
    notRead: BY_AGENT,
  }),
];

/** Values of Cilium's chart that the settings lead to. */
export function managedValues(settings: Settings): ManagedValue[] {
  return VALUE_MAPPINGS.map(({ path, key, toChart, yields }) => {
    const isUsers = yields && valueAt(settings.cilium.values, path) !== undefined;
    return { path, key, value: isUsers ? undefined : toChart(settings) };
  });
}

function mapping(path: string, key: KeyPath, conversion: Conversion = {}): ValueMapping {
  return {
    path,
    key,
    toChart: (settings) => valueAt(settings, key),
    ...("notRead" in conversion || "byHand" in conversion ? {} : { fromChart: same }),
    ...conversion,
  };
}

function familySwitch(path: string, family: "IPv4" | "IPv6"): ValueMapping {
  return mapping(path, "network.podCidrs", {
    toChart: (settings) => podCidr(settings, family) !== undefined,
    byHand: `the values turn ${family} on or off (${path}), but a family is on where it has a pod CIDR; write the CIDRs of Talos' cluster.network.podSubnets`,
  });
}

/** Lets pods run on control planes where there are no workers. */
function tolerations(
  path: string,
  key: KeyPath,
  isOn: (settings: Settings) => boolean,
): ValueMapping {
  return mapping(path, key, {
    toChart: (settings) =>
      isOn(settings) && settings.nodes.workers.length === 0 ? CONTROL_PLANE_TOLERATIONS : undefined,
    notRead: "set where all nodes are control planes",
    yields: true,
  });
}

/** Whether Gateways listen on the nodes' own ports, by the key or by the user's own value. */
function usesHostNetwork({ gatewayApi, cilium }: Settings): boolean {
  const own = valueAt(cilium.values, "gatewayAPI.hostNetwork.enabled");
  return gatewayApi.enabled && (own ?? gatewayApi.hostNetwork.enabled) === true;
}

/**
 * Whether pods of a family that the stack has leave the cluster with their node's address, by the key or by the user's own
 * values.
 */
export function masquerades({ network, talos, cilium }: Settings): boolean {
  return network.podCidrs.some(
    (cidr) =>
      (valueAt(cilium.values, `enable${familyOf(cidr)}Masquerade`) ?? talos.masquerade) === true,
  );
}

/** The value where it differs from the chart's default, which needs no value. */
function unless<T>(value: T, chartDefault: T): T | undefined {
  return value === chartDefault ? undefined : value;
}

function podCidr({ network }: Settings, family: "IPv4" | "IPv6"): string | undefined {
  return network.podCidrs.find((cidr) => familyOf(cidr) === family);
}

/** Addresses that are not masqueraded: those of the pods, unless the configuration names more. */
function nativeRoutingCidr(settings: Settings, family: "IPv4" | "IPv6"): string | undefined {
  const ofPods = podCidr(settings, family);
  if (!isNative(settings) || ofPods === undefined) return undefined;
  const wider = settings.network.nativeRoutingCidrs?.find((cidr) => familyOf(cidr) === family);
  return wider ?? ofPods;
}

function isNative({ routing }: Settings): boolean {
  return routing.mode === "native";
}

/** An empty list leaves the chart's default. */
function orDefault(items: readonly string[]): readonly string[] | undefined {
  return items.length > 0 ? items : undefined;
}

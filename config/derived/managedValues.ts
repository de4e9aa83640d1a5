import { familyOf, rangeSize } from "../addresses";
import { poolOwners } from "../addressPlan";
import type { Settings } from "../schema";

/** A value of Cilium's chart that a key of the configuration decides. */
export interface TypedValue {
  /** Path in the chart's values: l2announcements.leaseDuration. */
  readonly path: string;
  /** Key of the configuration that decides it. */
  readonly owner: string;
  /** The value; undefined leaves the chart's default. */
  readonly value: unknown;
}

/** Values of Cilium's chart that the configuration decides, each with the key that does. */
export function typedValues(settings: Settings): TypedValue[] {
  return [
    ...clusterValues(settings),
    ...networkValues(settings),
    ...loadBalancingValues(settings),
    ...softwareValues(settings),
  ];
}

function clusterValues({
  cluster,
  kubePrism,
  kubeProxyReplacement,
  talos,
}: Settings): TypedValue[] {
  return [
    of("cluster.name", "cluster.name", cluster.name),
    of("cluster.id", "cluster.id", cluster.id),
    of("kubeProxyReplacement", "kubeProxyReplacement", kubeProxyReplacement),
    of("k8sServiceHost", "kubePrism.host", kubePrism.host),
    of("k8sServicePort", "kubePrism.port", kubePrism.port),
    of("bpf.masquerade", "talos.bpfMasquerade", talos.bpfMasquerade),
    of("bpf.hostLegacyRouting", "talos.hostLegacyRouting", talos.hostLegacyRouting),
  ];
}

function networkValues({ network, routing, encryption, bandwidthManager }: Settings): TypedValue[] {
  const podCidr = (family: string) => network.podCidrs.find((cidr) => familyOf(cidr) === family);
  const [ipv4, ipv6] = [podCidr("IPv4"), podCidr("IPv6")];
  const native = routing.mode === "native";
  const encrypted = encryption.type !== "none";
  return [
    of("ipv4.enabled", "network.podCidrs", ipv4 !== undefined),
    of("ipv6.enabled", "network.podCidrs", ipv6 !== undefined),
    // An agent whose node has no pod CIDR yet waits for it instead of guessing.
    of("k8s.requireIPv4PodCIDR", "network.podCidrs", ipv4 !== undefined),
    of("k8s.requireIPv6PodCIDR", "network.podCidrs", ipv6 !== undefined),
    of("ipv4NativeRoutingCIDR", "network.podCidrs", native ? ipv4 : undefined),
    of("ipv6NativeRoutingCIDR", "network.podCidrs", native ? ipv6 : undefined),
    of("routingMode", "routing.mode", routing.mode),
    of("tunnelProtocol", "routing.tunnelProtocol", native ? undefined : routing.tunnelProtocol),
    // Nothing else installs the routes to other nodes' pods on a flat LAN.
    of("autoDirectNodeRoutes", "routing.routes", native && routing.routes === "cilium"),
    of("directRoutingSkipUnreachable", "routing.skipUnreachable", routing.skipUnreachable),
    of("devices", "routing.devices", routing.devices.length > 0 ? [...routing.devices] : undefined),
    of("MTU", "routing.mtu", routing.mtu),
    of("encryption.enabled", "encryption.type", encrypted),
    of("encryption.type", "encryption.type", encrypted ? encryption.type : undefined),
    of("encryption.nodeEncryption", "encryption.nodeEncryption", encryption.nodeEncryption),
    of(
      "encryption.ipsec.secretName",
      "encryption.ipsecSecretName",
      encryption.type === "ipsec" ? encryption.ipsecSecretName : undefined,
    ),
    of("bandwidthManager.enabled", "bandwidthManager.enabled", bandwidthManager.enabled),
    of("bandwidthManager.bbr", "bandwidthManager.bbr", bandwidthManager.bbr),
  ];
}

function loadBalancingValues(settings: Settings): TypedValue[] {
  const { loadBalancing, bgp } = settings;
  const limit = clientRateLimit(announcedServices(settings), loadBalancing.leaseRenewDeadline);
  return [
    of("l2announcements.enabled", "loadBalancing.policies", loadBalancing.policies.length > 0),
    of(
      "l2announcements.leaseDuration",
      "loadBalancing.leaseDuration",
      `${loadBalancing.leaseDuration}s`,
    ),
    of(
      "l2announcements.leaseRenewDeadline",
      "loadBalancing.leaseRenewDeadline",
      `${loadBalancing.leaseRenewDeadline}s`,
    ),
    of(
      "l2announcements.leaseRetryPeriod",
      "loadBalancing.leaseRetryPeriod",
      `${loadBalancing.leaseRetryPeriod}s`,
    ),
    of("k8sClientRateLimit.qps", "loadBalancing.services", limit.qps),
    of("k8sClientRateLimit.burst", "loadBalancing.services", limit.burst),
    of("loadBalancer.algorithm", "loadBalancing.algorithm", loadBalancing.algorithm),
    of("loadBalancer.mode", "loadBalancing.mode", loadBalancing.mode),
    of("loadBalancer.acceleration", "loadBalancing.acceleration", loadBalancing.acceleration),
    of(
      "gatewayAPI.externalTrafficPolicy",
      "loadBalancing.gatewayTrafficPolicy",
      loadBalancing.gatewayTrafficPolicy,
    ),
    of("bgpControlPlane.enabled", "bgp.peers", bgp.peers.length > 0),
  ];
}

function softwareValues({ cilium, hubble, prometheus, nodes }: Settings): TypedValue[] {
  const nodeCount = nodes.controlPlanes.length + nodes.workers.length;
  return [
    // Two operators refuse to share a node, and Helm would wait for the second in vain.
    of(
      "operator.replicas",
      "cilium.operatorReplicas",
      cilium.operatorReplicas ?? Math.min(2, nodeCount),
    ),
    of("resources", "cilium.resources.agent", cilium.resources.agent),
    of("operator.resources", "cilium.resources.operator", cilium.resources.operator),
    of("envoy.resources", "cilium.resources.envoy", cilium.resources.envoy),
    ...IMAGES.map(([path, repository]) =>
      of(
        path,
        "cilium.imageRegistry",
        cilium.imageRegistry === undefined ? undefined : `${cilium.imageRegistry}/${repository}`,
      ),
    ),
    of("hubble.enabled", "hubble.enabled", hubble.enabled),
    of("hubble.relay.enabled", "hubble.relay", hubble.relay),
    of("hubble.ui.enabled", "hubble.ui", hubble.ui),
    of(
      "hubble.metrics.enabled",
      "hubble.metrics",
      hubble.metrics.length > 0 ? [...hubble.metrics] : undefined,
    ),
    of("hubble.tls.auto.method", "hubble.certificates", hubble.certificates),
    of("prometheus.enabled", "prometheus.enabled", prometheus.enabled),
    of("operator.prometheus.enabled", "prometheus.enabled", prometheus.enabled),
    of("envoy.prometheus.enabled", "prometheus.enabled", prometheus.enabled),
    of(
      "prometheus.serviceMonitor.enabled",
      "prometheus.serviceMonitors",
      prometheus.serviceMonitors,
    ),
    of(
      "operator.prometheus.serviceMonitor.enabled",
      "prometheus.serviceMonitors",
      prometheus.serviceMonitors,
    ),
    of(
      "envoy.prometheus.serviceMonitor.enabled",
      "prometheus.serviceMonitors",
      prometheus.serviceMonitors,
    ),
  ];
}

/** Images that the chart pulls from quay.io: value of the repository -> path in the registry. */
export const IMAGES: readonly [path: string, repository: string][] = [
  ["image.repository", "cilium/cilium"],
  // The chart appends -generic, the flavour.
  ["operator.image.repository", "cilium/operator"],
  ["envoy.image.repository", "cilium/cilium-envoy"],
  ["certgen.image.repository", "cilium/certgen"],
  ["hubble.relay.image.repository", "cilium/hubble-relay"],
  ["hubble.ui.backend.image.repository", "cilium/hubble-ui-backend"],
  ["hubble.ui.frontend.image.repository", "cilium/hubble-ui"],
];

/**
 * Requests a second that each agent may make. It renews a lease for every announced Service once in a renew deadline,
 * beside its other work, so: max(20, services / renew deadline + 10), and twice that in a burst
 * (https://docs.cilium.io/en/stable/network/l2-announcements/#sizing-client-rate-limit).
 * @param services Services that are announced at once.
 * @param renewDeadline seconds.
 */
export function clientRateLimit(
  services: number,
  renewDeadline: number,
): { qps: number; burst: number } {
  const qps = Math.max(20, Math.ceil(services / renewDeadline) + 10);
  return { qps, burst: 2 * qps };
}

/** Services that a pool of IPv6 addresses is taken to be for at most; it has more addresses than anybody has Services. */
const SERVICES_AT_MOST = 1000;

/** Services that may be announced at once: as configured, or one for each address of the pools. */
function announcedServices(settings: Settings): number {
  const addresses = poolOwners(settings).reduce((sum, { range }) => sum + rangeSize(range), 0);
  return settings.loadBalancing.services ?? Math.min(addresses, SERVICES_AT_MOST);
}

function of(path: string, owner: string, value: unknown): TypedValue {
  return { path, owner, value };
}

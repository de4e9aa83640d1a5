import { familyOf, rangeSize } from "../addresses";
import { poolClaims } from "../addressPlan";
import type { Settings } from "../schema";

/** A value of Cilium's chart that a key of the configuration decides. */
export interface ManagedValue {
  /** Path in the chart's values: l2announcements.leaseDuration. */
  readonly path: string;
  /** Key of the configuration that decides it. */
  readonly key: string;
  /** The value; undefined leaves the chart's default. */
  readonly value: unknown;
}

/** Values of Cilium's chart that the configuration decides, each with the key that does. */
export function managedValues(settings: Settings): ManagedValue[] {
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
}: Settings): ManagedValue[] {
  return [
    managedValue("cluster.name", "cluster.name", cluster.name),
    managedValue("cluster.id", "cluster.id", cluster.id),
    managedValue("kubeProxyReplacement", "kubeProxyReplacement", kubeProxyReplacement),
    managedValue("k8sServiceHost", "kubePrism.host", kubePrism.host),
    managedValue("k8sServicePort", "kubePrism.port", kubePrism.port),
    managedValue("bpf.masquerade", "talos.bpfMasquerade", talos.bpfMasquerade),
    managedValue("bpf.hostLegacyRouting", "talos.hostLegacyRouting", talos.hostLegacyRouting),
  ];
}

function networkValues({
  network,
  routing,
  encryption,
  bandwidthManager,
}: Settings): ManagedValue[] {
  const podCidr = (family: string) => network.podCidrs.find((cidr) => familyOf(cidr) === family);
  const [ipv4, ipv6] = [podCidr("IPv4"), podCidr("IPv6")];
  const native = routing.mode === "native";
  const encrypted = encryption.type !== "none";
  return [
    managedValue("ipv4.enabled", "network.podCidrs", ipv4 !== undefined),
    managedValue("ipv6.enabled", "network.podCidrs", ipv6 !== undefined),
    // An agent whose node has no pod CIDR yet waits for it instead of guessing.
    managedValue("k8s.requireIPv4PodCIDR", "network.podCidrs", ipv4 !== undefined),
    managedValue("k8s.requireIPv6PodCIDR", "network.podCidrs", ipv6 !== undefined),
    managedValue("ipv4NativeRoutingCIDR", "network.podCidrs", native ? ipv4 : undefined),
    managedValue("ipv6NativeRoutingCIDR", "network.podCidrs", native ? ipv6 : undefined),
    managedValue("routingMode", "routing.mode", routing.mode),
    managedValue(
      "tunnelProtocol",
      "routing.tunnelProtocol",
      native ? undefined : routing.tunnelProtocol,
    ),
    // Nothing else installs the routes to other nodes' pods on a flat LAN.
    managedValue("autoDirectNodeRoutes", "routing.routes", native && routing.routes === "cilium"),
    managedValue(
      "directRoutingSkipUnreachable",
      "routing.skipUnreachable",
      routing.skipUnreachable,
    ),
    managedValue(
      "devices",
      "routing.devices",
      routing.devices.length > 0 ? [...routing.devices] : undefined,
    ),
    managedValue("MTU", "routing.mtu", routing.mtu),
    managedValue("encryption.enabled", "encryption.type", encrypted),
    managedValue("encryption.type", "encryption.type", encrypted ? encryption.type : undefined),
    managedValue(
      "encryption.nodeEncryption",
      "encryption.nodeEncryption",
      encryption.nodeEncryption,
    ),
    managedValue(
      "encryption.ipsec.secretName",
      "encryption.ipsecSecretName",
      encryption.type === "ipsec" ? encryption.ipsecSecretName : undefined,
    ),
    managedValue("bandwidthManager.enabled", "bandwidthManager.enabled", bandwidthManager.enabled),
    managedValue("bandwidthManager.bbr", "bandwidthManager.bbr", bandwidthManager.bbr),
  ];
}

function loadBalancingValues(settings: Settings): ManagedValue[] {
  const { loadBalancing, bgp } = settings;
  const limit = clientRateLimit(announcedServices(settings), loadBalancing.leaseRenewDeadline);
  return [
    managedValue(
      "l2announcements.enabled",
      "loadBalancing.policies",
      loadBalancing.policies.length > 0,
    ),
    managedValue(
      "l2announcements.leaseDuration",
      "loadBalancing.leaseDuration",
      `${loadBalancing.leaseDuration}s`,
    ),
    managedValue(
      "l2announcements.leaseRenewDeadline",
      "loadBalancing.leaseRenewDeadline",
      `${loadBalancing.leaseRenewDeadline}s`,
    ),
    managedValue(
      "l2announcements.leaseRetryPeriod",
      "loadBalancing.leaseRetryPeriod",
      `${loadBalancing.leaseRetryPeriod}s`,
    ),
    managedValue("k8sClientRateLimit.qps", "loadBalancing.services", limit.qps),
    managedValue("k8sClientRateLimit.burst", "loadBalancing.services", limit.burst),
    managedValue("loadBalancer.algorithm", "loadBalancing.algorithm", loadBalancing.algorithm),
    managedValue("loadBalancer.mode", "loadBalancing.mode", loadBalancing.mode),
    managedValue(
      "loadBalancer.acceleration",
      "loadBalancing.acceleration",
      loadBalancing.acceleration,
    ),
    managedValue(
      "gatewayAPI.externalTrafficPolicy",
      "loadBalancing.gatewayTrafficPolicy",
      loadBalancing.gatewayTrafficPolicy,
    ),
    managedValue("bgpControlPlane.enabled", "bgp.peers", bgp.peers.length > 0),
  ];
}

function softwareValues({ cilium, hubble, prometheus, nodes }: Settings): ManagedValue[] {
  const nodeCount = nodes.controlPlanes.length + nodes.workers.length;
  return [
    // Two operators refuse to share a node, and Helm would wait for the second in vain.
    managedValue(
      "operator.replicas",
      "cilium.operatorReplicas",
      cilium.operatorReplicas ?? Math.min(2, nodeCount),
    ),
    managedValue("resources", "cilium.resources.agent", cilium.resources.agent),
    managedValue("operator.resources", "cilium.resources.operator", cilium.resources.operator),
    managedValue("envoy.resources", "cilium.resources.envoy", cilium.resources.envoy),
    ...IMAGES.map(([path, repository]) =>
      managedValue(
        path,
        "cilium.imageRegistry",
        cilium.imageRegistry === undefined ? undefined : `${cilium.imageRegistry}/${repository}`,
      ),
    ),
    managedValue("hubble.enabled", "hubble.enabled", hubble.enabled),
    managedValue("hubble.relay.enabled", "hubble.relay", hubble.relay),
    managedValue("hubble.ui.enabled", "hubble.ui", hubble.ui),
    managedValue(
      "hubble.metrics.enabled",
      "hubble.metrics",
      hubble.metrics.length > 0 ? [...hubble.metrics] : undefined,
    ),
    managedValue("hubble.tls.auto.method", "hubble.certificates", hubble.certificates),
    managedValue("prometheus.enabled", "prometheus.enabled", prometheus.enabled),
    managedValue("operator.prometheus.enabled", "prometheus.enabled", prometheus.enabled),
    managedValue("envoy.prometheus.enabled", "prometheus.enabled", prometheus.enabled),
    managedValue(
      "prometheus.serviceMonitor.enabled",
      "prometheus.serviceMonitors",
      prometheus.serviceMonitors,
    ),
    managedValue(
      "operator.prometheus.serviceMonitor.enabled",
      "prometheus.serviceMonitors",
      prometheus.serviceMonitors,
    ),
    managedValue(
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
  const addresses = poolClaims(settings).reduce((sum, { range }) => sum + rangeSize(range), 0);
  return settings.loadBalancing.services ?? Math.min(addresses, SERVICES_AT_MOST);
}

function managedValue(path: string, key: string, value: unknown): ManagedValue {
  return { path, key, value };
}

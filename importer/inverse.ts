import { IMAGES } from "../config";
import {
  encryptionType,
  isNative,
  list,
  number,
  podCidrs,
  quantities,
  registry,
  seconds,
  services,
  truth,
} from "./readers";
import type { Tree } from "./tree";

/** How a value of Cilium's chart goes back to the key of the configuration that decides it (config/managedValues.ts). */
export interface Inverse {
  /** Path in the chart's values. */
  readonly path: string;
  /** Key of the configuration. */
  readonly key: string;
  /**
   * Makes the key's value out of the chart's, undefined for the key's default; absent where {@link notRead} says why.
   * @param value the chart's value, never undefined.
   * @param values all of the chart's values.
   */
  readonly read?: (value: unknown, values: Tree) => unknown;
  /** Why the key is not made out of this value. */
  readonly notRead?: string;
  /** The value goes to cilium.values when the key says nothing of it. */
  readonly keep?: true;
  /** Nothing but the very same value counts as carried over. */
  readonly exact?: true;
  /** What to write by hand when the configuration makes another value of the key. */
  readonly byHand?: string;
}

/** Every path of config/managedValues.ts, back to its key; a unit test checks that none is left out. */
export const INVERSE: readonly Inverse[] = [
  direct("cluster.name", "cluster.name"),
  direct("cluster.id", "cluster.id"),
  { path: "kubeProxyReplacement", key: "kubeProxyReplacement", read: truth },
  direct("k8sServiceHost", "kubePrism.host"),
  { path: "k8sServicePort", key: "kubePrism.port", read: number },
  direct("bpf.masquerade", "talos.bpfMasquerade"),
  direct("bpf.hostLegacyRouting", "talos.hostLegacyRouting"),

  familySwitch("ipv4.enabled", "IPv4"),
  familySwitch("ipv6.enabled", "IPv6"),
  decided("k8s.requireIPv4PodCIDR", "network.podCidrs", "the pod CIDRs' families decide it"),
  decided("k8s.requireIPv6PodCIDR", "network.podCidrs", "the pod CIDRs' families decide it"),
  { path: "ipv4NativeRoutingCIDR", key: "network.podCidrs", read: podCidrs },
  { path: "ipv6NativeRoutingCIDR", key: "network.podCidrs", read: podCidrs },
  direct("routingMode", "routing.mode"),
  // Native routing has a use for it too, geneve for DSR, and no key of the configuration for that.
  {
    path: "tunnelProtocol",
    key: "routing.tunnelProtocol",
    read: (value, values) => (isNative(values) ? undefined : value),
    keep: true,
  },
  {
    path: "autoDirectNodeRoutes",
    key: "routing.routes",
    // False with tunnels is no choice; false without them leaves the routes to somebody else.
    read: (value, values) => (value === false && isNative(values) ? "network" : "cilium"),
  },
  direct("directRoutingSkipUnreachable", "routing.skipUnreachable"),
  { path: "devices", key: "routing.devices", read: list },
  // 0 is the chart's default: Cilium finds it out.
  { path: "MTU", key: "routing.mtu", read: (value) => (value === 0 ? undefined : value) },
  { path: "encryption.enabled", key: "encryption.type", read: encryptionType },
  { path: "encryption.type", key: "encryption.type", read: encryptionType },
  direct("encryption.nodeEncryption", "encryption.nodeEncryption"),
  direct("encryption.ipsec.secretName", "encryption.ipsecSecretName"),
  direct("bandwidthManager.enabled", "bandwidthManager.enabled"),
  direct("bandwidthManager.bbr", "bandwidthManager.bbr"),

  decided(
    "l2announcements.enabled",
    "loadBalancing.policies",
    "the policies come from their manifests",
  ),
  { path: "l2announcements.leaseDuration", key: "loadBalancing.leaseDuration", read: seconds },
  {
    path: "l2announcements.leaseRenewDeadline",
    key: "loadBalancing.leaseRenewDeadline",
    read: seconds,
  },
  {
    path: "l2announcements.leaseRetryPeriod",
    key: "loadBalancing.leaseRetryPeriod",
    read: seconds,
  },
  { path: "k8sClientRateLimit.qps", key: "loadBalancing.services", read: services, exact: true },
  decided("k8sClientRateLimit.burst", "loadBalancing.services", "it is always twice the qps"),
  direct("loadBalancer.algorithm", "loadBalancing.algorithm"),
  direct("loadBalancer.mode", "loadBalancing.mode"),
  direct("loadBalancer.acceleration", "loadBalancing.acceleration"),
  direct("gatewayAPI.externalTrafficPolicy", "loadBalancing.gatewayTrafficPolicy"),
  {
    ...decided("bgpControlPlane.enabled", "bgp.peers", "no value of the chart has the routers"),
    byHand: "the values turn BGP on, and do not have the routers; write bgp.localAsn and bgp.peers",
  },

  direct("operator.replicas", "cilium.operatorReplicas"),
  { path: "resources", key: "cilium.resources.agent", read: quantities, keep: true },
  { path: "operator.resources", key: "cilium.resources.operator", read: quantities, keep: true },
  { path: "envoy.resources", key: "cilium.resources.envoy", read: quantities, keep: true },
  ...IMAGES.map(
    ([path]): Inverse => ({ path, key: "cilium.imageRegistry", read: registry, keep: true }),
  ),
  direct("hubble.enabled", "hubble.enabled"),
  direct("hubble.relay.enabled", "hubble.relay"),
  direct("hubble.ui.enabled", "hubble.ui"),
  { path: "hubble.metrics.enabled", key: "hubble.metrics", read: list },
  direct("hubble.tls.auto.method", "hubble.certificates"),
  direct("prometheus.enabled", "prometheus.enabled"),
  decided("operator.prometheus.enabled", "prometheus.enabled", "the agent's value is the one read"),
  decided("envoy.prometheus.enabled", "prometheus.enabled", "the agent's value is the one read"),
  direct("prometheus.serviceMonitor.enabled", "prometheus.serviceMonitors"),
  decided(
    "operator.prometheus.serviceMonitor.enabled",
    "prometheus.serviceMonitors",
    "the agent's value is the one read",
  ),
  decided(
    "envoy.prometheus.serviceMonitor.enabled",
    "prometheus.serviceMonitors",
    "the agent's value is the one read",
  ),
];

/** {@link INVERSE} by its paths. */
export const TYPED: ReadonlyMap<string, Inverse> = new Map(
  INVERSE.map((inverse) => [inverse.path, inverse]),
);

function direct(path: string, key: string): Inverse {
  return { path, key, read: (value) => value };
}

function decided(path: string, key: string, notRead: string): Inverse {
  return { path, key, notRead };
}

function familySwitch(path: string, family: "IPv4" | "IPv6"): Inverse {
  return {
    ...decided(path, "network.podCidrs", "a family is on when it has a pod CIDR"),
    byHand: `the values turn ${family} on or off (${path}), and a family is on when it has a pod CIDR; write the CIDRs of Talos' cluster.network.podSubnets`,
  };
}

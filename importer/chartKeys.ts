import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import type { Tree } from "./tree";

/**
 * Keys on top of Cilium's values that other charts do not have: they tell Cilium's values from others. Left out are
 * those that many charts have (image, resources, tolerations, prometheus, …). From the charts of 1.18 to 1.20; tunnel,
 * enableGatewayAPI and the like are from older ones.
 */
const DISTINCTIVE = new Set(
  `autoDirectNodeRoutes directRoutingSkipUnreachable aksbyocni alibabacloud eni bandwidthManager bgpControlPlane bgp bpf
  cgroup ciliumEndpointSlice cleanBpfState cleanState clustermesh cluster cni conntrackGCInterval dashboards dnsProxy
  egressGateway enableIPv4Masquerade enableIPv6Masquerade enableIPv4BIGTCP enableIPv6BIGTCP enableXTSocketFallback
  encryption endpointRoutes endpointHealthChecking envoyConfig externalIPs gatewayAPI hostFirewall hostServices hubble
  identityAllocationMode installNoConntrackIptablesRules ipMasqAgent ipam ipv4 ipv6 ipv4NativeRoutingCIDR
  ipv6NativeRoutingCIDR k8s k8sClientRateLimit k8sServiceHost k8sServicePort kubeProxyReplacement
  kubeProxyReplacementHealthzBindAddr l2announcements l2podAnnouncements l2NeighDiscovery l7Proxy loadBalancer
  localRedirectPolicy localRedirectPolicies maglev nat46x64Gateway nodeIPAM nodePort nodeinit operator pmtuDiscovery
  policyEnforcementMode rollOutCiliumPods routingMode sctp socketLB tunnel tunnelProtocol tunnelPort underlayProtocol
  MTU devices ingressController upgradeCompatibility wellKnownIdentities enableGatewayAPI hostPort vtep
  nativeRoutingCIDR containerRuntime enableCiliumEndpointSlice defaultLBServiceIPAM k8sNetworkPolicy envoy`.split(
    /\s+/,
  ),
);

/** How many keys on top of a tree are those of Cilium's values. */
export function chartKeysIn(tree: Tree): number {
  return Object.keys(tree).filter((key) => DISTINCTIVE.has(key)).length;
}

/** Cilium's values somewhere in a tree. */
export interface FoundValues {
  readonly values: Tree;
  /** Keys that lead to them, none where they are the tree itself. */
  readonly at: readonly string[];
}

/**
 * Finds Cilium's values in a tree: the subtree, or the text in it (an Application's `values: |`), that has the most of
 * the chart's keys on top. An umbrella chart has them under the dependency's name, others further down, or in a list.
 * @param parse reads a text that may be YAML; undefined if it is none.
 */
export function findValues(
  tree: Tree,
  parse: (text: string) => unknown,
  at: readonly string[] = [],
): FoundValues | undefined {
  const own = chartKeysIn(tree);
  let best: { found: FoundValues; keys: number } | undefined =
    own > 0 ? { found: { values: tree, at }, keys: own } : undefined;
  // Below values of the chart are values of the chart: hubble has keys of its own.
  if (own > 1 || at.length > 5) return best?.found;
  for (const [key, value] of Object.entries(tree)) {
    const below = typeof value === "string" && value.includes("\n") ? parse(value) : value;
    if (!isPlainObject(below) && !Array.isArray(below)) continue;
    // A part of the chart, such as operator, does not hold the chart's values.
    if (own > 0 && DISTINCTIVE.has(key)) continue;
    const found = findValues(below as Tree, parse, [...at, key]);
    const keys = found === undefined ? 0 : chartKeysIn(found.values);
    if (found !== undefined && keys > (best?.keys ?? 0)) best = { found, keys };
  }
  return best?.found;
}

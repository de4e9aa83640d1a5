import { CONFIG_ENTRIES, chartDefault } from "../config";

/** What a change of some entries of cilium-config does to packets. */
interface EntryGroup {
  readonly entries: readonly string[];
  readonly what: string;
  /** The page that says so. */
  readonly source: string;
}

const DOCS = "https://docs.cilium.io/en/stable";

/** Entries that change how packets go. */
const DATA_PATH: readonly EntryGroup[] = [
  {
    entries: [
      ...["routing-mode", "tunnel", "tunnel-protocol", "tunnel-port", "tunnel-source-port-range"],
      "underlay-protocol",
    ],
    what: "nodes send packets to each other another way, so pods on different nodes are cut off until every agent has restarted",
    source: `${DOCS}/network/concepts/routing/`,
  },
  {
    entries: [
      ...["auto-direct-node-routes", "direct-routing-device", "direct-routing-skip-unreachable"],
      "enable-local-node-route",
    ],
    what: "the routes to pods on other nodes change",
    source: `${DOCS}/network/concepts/routing/#native-routing`,
  },
  {
    entries: ["ipam"],
    what: "pods get their addresses from another place, and those that run may lose their connections for good",
    source: `${DOCS}/network/concepts/ipam/`,
  },
  {
    entries: [
      ...["cluster-pool-ipv4-cidr", "cluster-pool-ipv4-mask-size"],
      ...["cluster-pool-ipv6-cidr", "cluster-pool-ipv6-mask-size"],
    ],
    what: "nodes get other pod CIDRs, and pods that run keep addresses outside of them until they are made anew",
    source: `${DOCS}/network/concepts/ipam/cluster-pool/`,
  },
  {
    entries: ["ipv4-native-routing-cidr", "ipv6-native-routing-cidr"],
    what: "other addresses count as pods', which packets reach without masquerading",
    source: `${DOCS}/network/concepts/masquerading/`,
  },
  {
    entries: ["enable-ipv4", "enable-ipv6", "enable-nat46x64-gateway"],
    what: "pods and Services get or lose a family of addresses",
    source: `${DOCS}/network/kubernetes/configuration/`,
  },
  {
    entries: [
      ...["enable-ipv4-masquerade", "enable-ipv6-masquerade", "enable-bpf-masquerade"],
      ...["enable-ip-masq-agent", "enable-masquerade-to-route-source", "masquerade-interfaces"],
      ...["egress-masquerade-interfaces", "iptables-random-fully"],
    ],
    what: "packets that leave the cluster get another source address, and open connections out of it break",
    source: `${DOCS}/network/concepts/masquerading/`,
  },
  {
    entries: [
      ...["kube-proxy-replacement", "bpf-lb-sock", "bpf-lb-sock-hostns-only"],
      ...["bpf-lb-external-clusterip", "bpf-lb-sock-terminate-pod-connections"],
      ...["node-port-range", "node-port-bind-protection", "nodeport-addresses"],
      ...["enable-node-port", "enable-host-port", "enable-external-ips", "enable-session-affinity"],
      ...["enable-auto-protect-node-port-range", "enable-svc-source-range-check"],
      ...["bpf-lb-source-range-all-types", "enable-service-topology", "k8s-service-proxy-name"],
      ...["enable-no-service-endpoints-routable", "service-no-backend-response"],
      ...["enable-internal-traffic-policy", "enable-dynamic-source-lookup-nodeport"],
      "clustermesh-default-global-namespace",
    ],
    what: "Services are translated otherwise, and open connections through them may break",
    source: `${DOCS}/network/kubernetes/kubeproxy-free/`,
  },
  {
    entries: [
      ...["bpf-lb-mode", "bpf-lb-dsr-dispatch", "bpf-lb-mode-annotation", "bpf-lb-algorithm"],
      ...["bpf-lb-algorithm-annotation", "bpf-lb-maglev-table-size", "bpf-lb-maglev-hash-seed"],
      "bpf-lb-acceleration",
    ],
    what: "packets from outside reach a backend another way, and open connections to LoadBalancer addresses and node ports may break",
    source: `${DOCS}/network/kubernetes/kubeproxy-free/#direct-server-return-dsr`,
  },
  {
    entries: ["devices", "force-device-detection", "vlan-bpf-bypass"],
    what: "Cilium's programs go onto other interfaces: traffic through those that are left out is no longer translated",
    source: `${DOCS}/network/kubernetes/kubeproxy-free/#nodeport-devices-port-and-bind-settings`,
  },
  {
    entries: [
      ...["mtu", "enable-pmtu-discovery", "packetization-layer-pmtud-mode"],
      ...["enable-ipv4-big-tcp", "enable-ipv6-big-tcp", "enable-ipv4-fragment-tracking"],
      "enable-route-mtu-for-cni-chaining",
    ],
    what: "packets get another largest size: where the network takes less, large ones are lost",
    source: `${DOCS}/operations/performance/tuning/`,
  },
  {
    entries: [
      ...["enable-ipsec", "ipsec-key-file", "ipsec-key-rotation-duration", "enable-wireguard"],
      ...["encrypt-node", "enable-ipsec-encrypted-overlay", "enable-encryption-strict-mode"],
      ...["enable-encryption-strict-mode-egress", "enable-encryption-strict-mode-ingress"],
      ...["encryption-strict-egress-cidr", "encryption-strict-mode-cidr"],
      ...["encryption-strict-egress-allow-remote-node-identities", "enable-ztunnel"],
    ],
    what: "nodes encrypt other packets, and lose those to nodes whose agent has not restarted yet",
    source: `${DOCS}/security/network/encryption/`,
  },
  {
    entries: [
      ...["datapath-mode", "enable-host-legacy-routing", "enable-endpoint-routes", "enable-tcx"],
      ...["enable-bpf-tproxy", "enable-xt-socket-fallback", "enable-identity-mark"],
      ...["install-no-conntrack-iptables-rules", "disable-iptables-feeder-rules"],
      ...["install-iptables-rules", "enable-source-ip-verification", "enable-sctp"],
      "enable-datapath-plugins",
    ],
    what: "packets take another path through a node, and pods that run may keep the old one until they are made anew",
    source: `${DOCS}/operations/performance/tuning/`,
  },
  {
    entries: [
      ...["cni-chaining-mode", "cni-chaining-target", "cni-exclusive", "custom-cni-conf"],
      ...["cni-external-routing", "install-uplink-routes-for-delegated-ipam"],
    ],
    what: "new pods are wired otherwise than those that run",
    source: `${DOCS}/network/kubernetes/configuration/`,
  },
  {
    entries: ["enable-bandwidth-manager", "enable-bbr", "enable-bbr-hostns-only"],
    what: "packets are paced otherwise, and pods that run keep their congestion control until they are made anew",
    source: `${DOCS}/network/kubernetes/bandwidth-manager/`,
  },
  {
    entries: [
      ...["bpf-lb-map-max", "bpf-ct-global-any-max", "bpf-ct-global-tcp-max", "bpf-nat-global-max"],
      ...["bpf-neigh-global-max", "bpf-policy-map-max", "bpf-node-map-max", "bpf-auth-map-max"],
      ...["bpf-map-dynamic-size-ratio", "bpf-distributed-lru", "preallocate-bpf-maps"],
      ...["clean-cilium-state", "clean-cilium-bpf-state"],
    ],
    what: "eBPF maps are made anew at the next restart, and open connections break meanwhile",
    source: `${DOCS}/network/ebpf/maps/`,
  },
  {
    entries: ["cluster-id", "cluster-name", "max-connected-clusters"],
    what: "identities of pods change: every workload has to be restarted, and policies may fail until then",
    source: `${DOCS}/network/clustermesh/clustermesh/`,
  },
  {
    entries: [
      ...["enable-l2-announcements", "enable-l2-pod-announcements", "enable-lb-ipam"],
      ...["default-lb-service-ipam", "enable-node-ipam", "l2-pod-announcements-interface-pattern"],
    ],
    what: "addresses of Services are given out or announced otherwise, or no longer",
    source: `${DOCS}/network/l2-announcements/`,
  },
  {
    entries: [
      ...["enable-bgp-control-plane", "bgp-router-id-allocation-mode"],
      ...["bgp-router-id-allocation-ip-pool", "bgp-secrets-namespace"],
      "enable-bgp-legacy-origin-attribute",
    ],
    what: "routes are advertised to the routers otherwise, or no longer",
    source: `${DOCS}/network/bgp-control-plane/bgp-control-plane-configuration/`,
  },
  {
    entries: [
      ...["enable-gateway-api", "enable-gateway-api-alpn", "enable-gateway-api-app-protocol"],
      ...["enable-gateway-api-proxy-protocol", "gateway-api-hostnetwork-enabled"],
      ...["gateway-api-hostnetwork-nodelabelselector", "gateway-api-xff-num-trusted-hops"],
      ...["gateway-api-service-externaltrafficpolicy", "gateway-api-use-remote-address"],
    ],
    what: "traffic through Gateways is served otherwise, or no longer",
    source: `${DOCS}/network/servicemesh/gateway-api/gateway-api/`,
  },
  {
    entries: [
      ...["enable-ingress-controller", "enable-ingress-proxy-protocol", "enforce-ingress-https"],
      ...["ingress-default-lb-mode", "ingress-hostnetwork-enabled"],
    ],
    what: "traffic through Ingresses is served otherwise, or no longer",
    source: `${DOCS}/network/servicemesh/ingress/`,
  },
  {
    entries: [
      ...["enable-l7-proxy", "external-envoy-proxy", "enable-envoy-config", "loadbalancer-l7"],
      ...["envoy-xds-mode", "envoy-node-locality-enabled", "proxy-use-original-source-address"],
      ...["proxy-cluster-max-connections", "proxy-cluster-max-pending-requests"],
      ...["proxy-cluster-max-requests", "proxy-max-active-downstream-connections"],
    ],
    what: "L7 policies and Gateways are proxied otherwise, or no longer, and open connections through the proxy may break",
    source: `${DOCS}/security/network/proxy/envoy/`,
  },
  {
    entries: [
      ...["enable-policy", "enable-k8s-networkpolicy", "enable-k8s-cluster-network-policy"],
      ...["enable-cilium-network-policy", "enable-cilium-clusterwide-network-policy"],
      ...["enable-host-firewall", "policy-audit-mode", "policy-cidr-match-mode", "allow-localhost"],
      ...["enable-non-default-deny-policies", "policy-default-local-cluster"],
      ...["policy-deny-response", "enable-endpoint-lockdown-on-policy-overflow"],
      ...["identity-allocation-mode", "identity-management-mode", "labels", "node-labels"],
      ...["enable-node-selector-labels", "enable-well-known-identities", "disable-endpoint-crd"],
      ...["enable-cilium-endpoint-slice", "mesh-auth-enabled", "mesh-auth-mutual-enabled"],
    ],
    what: "policies let other packets through",
    source: `${DOCS}/security/network/policyenforcement/`,
  },
  {
    entries: [
      ...["enable-egress-gateway", "enable-ipv4-egress-gateway", "enable-local-redirect-policy"],
      ...["enable-vtep", "vtep-cidr", "vtep-endpoint", "vtep-mac", "vtep-mask"],
      "lrp-address-matcher-cidrs",
    ],
    what: "packets to some addresses are sent another way",
    source: `${DOCS}/network/egress-gateway/egress-gateway/`,
  },
];

const GROUPS = new Map(DATA_PATH.flatMap((group) => group.entries.map((each) => [each, group])));

/** Entries that no packet feels: observation, logs, limits of API calls, intervals, and the leases of announcements. */
const HARMLESS =
  /^(hubble|enable-hubble|prometheus|operator-|metrics|debug|gops|pprof|proxy-prometheus|proxy-admin|controller-group-metrics|monitor|log-|k8s-client|k8s-require|k8s-heartbeat|write-cni|annotate|cgroup-root|config-drift|enable-drift|ignore-flags-drift|bpf-events|bpf-map-event|bpf-policy-map-pressure|bpf-policy-stats|bpf-conntrack-accounting|export-aggregation|l2-announcements-(lease|renew|retry)|(identity|nodes|mesh-auth|cilium-endpoint|conntrack)-gc|nat-map-stats|ces-|limit-ipam-api|envoy-(log|access-log|default-log)|agent-health|cluster-health|enable-(endpoint-)?health-check(ing)?$|health-check-icmp|enable-metrics|crd-wait|synchronize-k8s-nodes|cni-log|read-cni|unmanaged-pod|pod-restart-selector|set-cilium|remove-cilium|agent-not-ready|dnsproxy-socket|iptables-lock|trace-|enable-bpf-clock|connectivity-probe|auto-create-cilium-node|skip-crd|datapath-plugins-state|clustermesh-cache|clustermesh-mcs-api-install|procfs|bpf-root|enable-dynamic-config)/;

/**
 * Entries that the chart renders only where the values have them, so that an absent one means the agent's default.
 */
const LEFT_OUT =
  /^(loadBalancer|l2announcements\.lease|bpf\.(hostLegacyRouting|masquerade)|directRouting)/;

/** What a change of an entry of cilium-config does to packets. */
export type EntryHarm = "harmless" | "unknown" | Omit<EntryGroup, "entries">;

/**
 * @param before the old value, undefined where there was none.
 * @returns unknown for an entry that nobody has judged yet.
 */
export function harmOfEntry(entry: string, before: unknown, after: unknown): EntryHarm {
  if (isAgentsDefault(entry, before, after) || HARMLESS.test(entry)) return "harmless";
  return GROUPS.get(entry) ?? "unknown";
}

/** Whether an entry came or went that says what the agent does without it. */
function isAgentsDefault(entry: string, before: unknown, after: unknown): boolean {
  if (before !== undefined && after !== undefined) return false;
  const value = Object.hasOwn(CONFIG_ENTRIES, entry) ? CONFIG_ENTRIES[entry] : undefined;
  if (value === undefined || !LEFT_OUT.test(value)) return false;
  return String(chartDefault(value)) === (before ?? after);
}

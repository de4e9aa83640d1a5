import type { Settings } from "../schema";
import { managedValues } from "./managedValues";
import { talosValues } from "./talosValues";

/** A value of cilium.values that takes values of others away, or sets what they decide in another place. */
export interface ShadowingValue {
  /** Path in the chart's values, of cilium.values' own. */
  readonly path: string;
  /** What cilium.values sets. */
  readonly user: unknown;
  /** Who decides, and what: each a key of the configuration, or Talos, with the path in the chart's values. */
  readonly owners: readonly string[];
}

/**
 * Values that are null, a scalar or a list where the program has values of its own further down: merged, they would take
 * these away without a word. Null at a value that Talos needs brings the chart's default back.
 */
export function shadowingValues(settings: Settings): ShadowingValue[] {
  const owned = [
    ...managedValues(settings)
      .filter(({ value }) => value !== undefined)
      .map(({ path, key }) => ({ path, owner: key, needed: false })),
    ...talosValues(settings).map(([path]) => ({ path, owner: "Talos", needed: true })),
    // Written by ciliumValues.
    ...(settings.gatewayApi.enabled
      ? [{ path: "operator.podAnnotations", owner: "gatewayApi.version", needed: true }]
      : []),
  ];
  const found = new Map<string, ShadowingValue>();
  for (const { path, owner, needed } of owned) {
    const above = leafAbove(settings.cilium.values, path.split("."));
    if (above === undefined) continue;
    const isLeaf = above.path === path;
    if (isLeaf && !(needed && above.value === null)) continue;
    const owners = [...(found.get(above.path)?.owners ?? []), `${owner}: ${path}`];
    found.set(above.path, { path: above.path, user: above.value, owners });
  }
  return [...found.values()];
}

/** The value that ends a path early, or ends it; undefined where the values have nothing there. */
function leafAbove(
  values: Readonly<Record<string, unknown>>,
  steps: readonly string[],
): { path: string; value: unknown } | undefined {
  let tree: unknown = values;
  for (const [index, step] of steps.entries()) {
    tree = (tree as Readonly<Record<string, unknown>>)[step];
    if (tree === undefined) return undefined;
    const isLeaf = typeof tree !== "object" || tree === null || Array.isArray(tree);
    if (isLeaf) return { path: steps.slice(0, index + 1).join("."), value: tree };
  }
  return undefined;
}

/** Entries of the chart's extraConfig that one of the program's values renders, too (templates/cilium-configmap.yaml). */
export function shadowingConfig({ cilium }: Settings): ShadowingValue[] {
  const { extraConfig } = cilium.values;
  if (typeof extraConfig !== "object" || extraConfig === null) return [];
  return Object.entries(extraConfig).flatMap(([entry, user]) => {
    const owner = Object.hasOwn(RENDERED, entry) ? RENDERED[entry] : undefined;
    return owner === undefined ? [] : [{ path: `extraConfig.${entry}`, user, owners: [owner] }];
  });
}

/** Entry of the ConfigMap cilium-config -> who decides it. */
const RENDERED: Readonly<Record<string, string>> = {
  "auto-direct-node-routes": "routing.routes",
  "bpf-lb-acceleration": "loadBalancing.acceleration",
  "bpf-lb-algorithm": "loadBalancing.algorithm",
  "bpf-lb-dsr-dispatch": "loadBalancing.mode",
  "bpf-lb-mode": "loadBalancing.mode",
  "cluster-id": "cluster.id",
  "cluster-name": "cluster.name",
  devices: "routing.devices",
  "direct-routing-skip-unreachable": "routing.skipUnreachable",
  "enable-bandwidth-manager": "bandwidthManager.enabled",
  "enable-bbr": "bandwidthManager.bbr",
  "enable-bgp-control-plane": "bgp.peers",
  "enable-bpf-masquerade": "talos.bpfMasquerade",
  "enable-gateway-api": "gatewayApi.enabled",
  "enable-gateway-api-alpn": "Talos: gatewayAPI.enableAlpn",
  "enable-gateway-api-app-protocol": "Talos: gatewayAPI.enableAppProtocol",
  "enable-host-legacy-routing": "talos.hostLegacyRouting",
  "enable-hubble": "hubble.enabled",
  "enable-ipsec": "encryption.type",
  "enable-ipv4": "network.podCidrs",
  "enable-ipv4-masquerade": "talos.masquerade",
  "enable-ipv6": "network.podCidrs",
  "enable-ipv6-masquerade": "talos.masquerade",
  "enable-l2-announcements": "loadBalancing.policies",
  "enable-wireguard": "encryption.type",
  "encrypt-node": "encryption.nodeEncryption",
  "gateway-api-service-externaltrafficpolicy": "loadBalancing.gatewayTrafficPolicy",
  "hubble-metrics": "hubble.metrics",
  ipam: "Talos: ipam.mode",
  "ipv4-native-routing-cidr": "network.podCidrs",
  "ipv6-native-routing-cidr": "network.podCidrs",
  "k8s-client-burst": "loadBalancing.services",
  "k8s-client-qps": "loadBalancing.services",
  "k8s-require-ipv4-pod-cidr": "network.podCidrs",
  "k8s-require-ipv6-pod-cidr": "network.podCidrs",
  "kube-proxy-replacement": "kubeProxyReplacement",
  "l2-announcements-lease-duration": "loadBalancing.leaseDuration",
  "l2-announcements-renew-deadline": "loadBalancing.leaseRenewDeadline",
  "l2-announcements-retry-period": "loadBalancing.leaseRetryPeriod",
  "max-connected-clusters": "cluster.maxConnectedClusters",
  mtu: "routing.mtu",
  "routing-mode": "routing.mode",
  "tunnel-protocol": "routing.tunnelProtocol",
};

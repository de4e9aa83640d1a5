import { parse } from "yaml";
import { setAt, type Tree } from "./tree";

/** Entry of the ConfigMap cilium-config -> path of the chart's value that renders it (templates/cilium-configmap.yaml). */
const RENDERED_FROM: Readonly<Record<string, string>> = {
  "auto-direct-node-routes": "autoDirectNodeRoutes",
  "bpf-lb-acceleration": "loadBalancer.acceleration",
  "bpf-lb-algorithm": "loadBalancer.algorithm",
  "bpf-lb-mode": "loadBalancer.mode",
  "cluster-id": "cluster.id",
  "cluster-name": "cluster.name",
  "datapath-mode": "bpf.datapathMode",
  devices: "devices",
  "direct-routing-skip-unreachable": "directRoutingSkipUnreachable",
  "enable-bandwidth-manager": "bandwidthManager.enabled",
  "enable-bbr": "bandwidthManager.bbr",
  "enable-bgp-control-plane": "bgpControlPlane.enabled",
  "enable-bpf-masquerade": "bpf.masquerade",
  "enable-gateway-api": "gatewayAPI.enabled",
  "enable-host-legacy-routing": "bpf.hostLegacyRouting",
  "enable-hubble": "hubble.enabled",
  "enable-ipv4": "ipv4.enabled",
  "enable-ipv4-masquerade": "enableIPv4Masquerade",
  "enable-ipv6": "ipv6.enabled",
  "enable-ipv6-masquerade": "enableIPv6Masquerade",
  "enable-l2-announcements": "l2announcements.enabled",
  "encrypt-node": "encryption.nodeEncryption",
  ipam: "ipam.mode",
  "ipv4-native-routing-cidr": "ipv4NativeRoutingCIDR",
  "ipv6-native-routing-cidr": "ipv6NativeRoutingCIDR",
  "k8s-client-burst": "k8sClientRateLimit.burst",
  "k8s-client-qps": "k8sClientRateLimit.qps",
  "kube-proxy-replacement": "kubeProxyReplacement",
  "l2-announcements-lease-duration": "l2announcements.leaseDuration",
  "l2-announcements-renew-deadline": "l2announcements.leaseRenewDeadline",
  "l2-announcements-retry-period": "l2announcements.leaseRetryPeriod",
  mtu: "MTU",
  "routing-mode": "routingMode",
  "tunnel-protocol": "tunnelProtocol",
};

/** The chart's values that a ConfigMap cilium-config was rendered from, as far as it shows them. */
export function valuesOfCiliumConfig(data: Readonly<Record<string, string>>): Tree {
  const values: Tree = {};
  for (const [entry, path] of Object.entries(RENDERED_FROM)) {
    const text = data[entry];
    // Names such as 007 stay text.
    if (text !== undefined && text !== "") {
      setAt(values, path.split("."), entry === "cluster-name" ? text : parse(text));
    }
  }
  for (const family of ["4", "6"]) {
    const list = data[`cluster-pool-ipv${family}-cidr`]?.split(/[\s,]+/).filter(Boolean) ?? [];
    if (list.length > 0)
      setAt(values, ["ipam", "operator", `clusterPoolIPv${family}PodCIDRList`], list);
  }
  for (const type of ["wireguard", "ipsec"]) {
    if (data[`enable-${type}`] === "true") setAt(values, ["encryption"], { enabled: true, type });
  }
  return values;
}

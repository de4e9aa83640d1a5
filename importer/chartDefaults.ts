import { TALOS_VALUES, VALUE_MAPPINGS, valueAt } from "../config";
import { setAt, type Tree } from "./tree";

/**
 * What Cilium does where the values say nothing, for each value that the program sets: the chart's values.yaml, or what
 * its templates and the agent make of an empty one. The same in the charts of 1.18, 1.19 and 1.20.
 */
const DEFAULTS: Readonly<Record<string, unknown>> = {
  "cluster.name": "default",
  "cluster.id": 0,
  kubeProxyReplacement: false,
  "bpf.masquerade": false,
  "bpf.hostLegacyRouting": false,
  enableIPv4Masquerade: true,
  enableIPv6Masquerade: true,
  "ipv4.enabled": true,
  "ipv6.enabled": false,
  "k8s.requireIPv4PodCIDR": false,
  "k8s.requireIPv6PodCIDR": false,
  routingMode: "tunnel",
  tunnelProtocol: "vxlan",
  autoDirectNodeRoutes: false,
  directRoutingSkipUnreachable: false,
  MTU: 0,
  "encryption.enabled": false,
  "encryption.type": "ipsec",
  "encryption.nodeEncryption": false,
  "encryption.ipsec.secretName": "cilium-ipsec-keys",
  "bandwidthManager.enabled": false,
  "bandwidthManager.bbr": false,
  "l2announcements.enabled": false,
  "l2announcements.leaseDuration": "15s",
  "l2announcements.leaseRenewDeadline": "5s",
  "l2announcements.leaseRetryPeriod": "2s",
  "k8sClientRateLimit.qps": 10,
  "k8sClientRateLimit.burst": 20,
  "loadBalancer.algorithm": "random",
  "loadBalancer.mode": "snat",
  "loadBalancer.acceleration": "disabled",
  "gatewayAPI.enabled": false,
  "gatewayAPI.enableAlpn": false,
  "gatewayAPI.enableAppProtocol": false,
  "gatewayAPI.gatewayClass.create": "auto",
  "gatewayAPI.externalTrafficPolicy": "Cluster",
  "bgpControlPlane.enabled": false,
  "clustermesh.maxConnectedClusters": 255,
  "gatewayAPI.hostNetwork.enabled": false,
  "operator.replicas": 2,
  "hubble.enabled": true,
  "hubble.relay.enabled": false,
  "hubble.ui.enabled": false,
  "hubble.tls.auto.method": "helm",
  "prometheus.enabled": false,
  "operator.prometheus.enabled": true,
  "envoy.prometheus.enabled": true,
  "prometheus.serviceMonitor.enabled": false,
  "operator.prometheus.serviceMonitor.enabled": false,
  "envoy.prometheus.serviceMonitor.enabled": false,
  "ipam.mode": "cluster-pool",
  "cgroup.autoMount.enabled": true,
  "cgroup.hostRoot": "/run/cilium/cgroupv2",
  // With SYS_MODULE (and SYSLOG since 1.20), which Talos refuses: such a cluster does not start.
  "securityContext.capabilities.ciliumAgent": "with SYS_MODULE",
  "securityContext.capabilities.cleanCiliumState": "with SYS_MODULE",
  rollOutCiliumPods: false,
  "updateStrategy.type": "RollingUpdate",
  "updateStrategy.rollingUpdate.maxUnavailable": 2,
  "operator.rollOutPods": false,
};

/** What a chart does without a value; undefined where it leaves the value out as well. */
export function chartDefault(path: string): unknown {
  return Object.hasOwn(DEFAULTS, path) ? DEFAULTS[path] : undefined;
}

/** Paths of the chart that the program sets: by a key of the configuration, or for Talos. */
const PROGRAM_PATHS: readonly string[] = [
  ...new Set([...VALUE_MAPPINGS.map(({ path }) => path), ...Object.keys(TALOS_VALUES)]),
];

/** Whether values say something at a path; a null or an empty text is the chart's default. */
export function isSaid(values: Tree, path: string): boolean {
  const value = valueAt(values, path);
  return value !== undefined && value !== null && value !== "";
}

/** The values, with the chart's default at each path that the program sets and they do not. */
export function withChartDefaults(values: Tree): Tree {
  const complete = structuredClone(values);
  for (const path of PROGRAM_PATHS) {
    const value = chartDefault(path);
    if (value !== undefined && !isSaid(values, path)) setAt(complete, path.split("."), value);
  }
  return complete;
}

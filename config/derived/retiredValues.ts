/** A value that charts had once, or that people write and no chart has. */
export interface RetiredValue {
  /** First minor version whose chart is without it; undefined where no template of a known chart acts on it. */
  readonly since?: string;
  /** What to do instead. */
  readonly instead: string;
}

const BY_KUBE_PROXY_REPLACEMENT = "leave it out: kubeProxyReplacement does it";
const ALWAYS_ON = "leave it out: it is always on";
const AS_SECRETS =
  "make the Secret yourself (clustermesh.apiserver.tls.auto.enabled: false), and leave the key out";

/**
 * What to do instead of values that are gone or were never there. Those with a version are from the charts' own
 * templates/validate.yaml and from Cilium's upgrade notes (https://docs.cilium.io/en/stable/operations/upgrade/).
 */
export const RETIRED_VALUES: Readonly<Record<string, RetiredValue>> = {
  "cgroup.automount": { instead: "leave it out: the program sets cgroup.autoMount" },
  // A template reads it only where socketLB is empty, which it never is.
  hostServices: { instead: BY_KUBE_PROXY_REPLACEMENT },
  enableGatewayAPI: { instead: "leave it out: the program sets gatewayAPI.enabled" },
  "bpf.masqueradeInterface": { instead: "set routing.devices instead" },
  "l2announcements.leaseRenewDeadlineSeconds": {
    instead: "set loadBalancing.leaseRenewDeadline instead",
  },

  nativeRoutingCIDR: { since: "1.12", instead: "set network.nativeRoutingCidrs instead" },
  tunnel: { since: "1.15", instead: "set routing.mode and routing.tunnelProtocol instead" },
  "clustermesh.apiserver.tls.ca": { since: "1.15", instead: "set tls.ca instead" },
  enableK8sEventHandover: { since: "1.15", instead: "leave it out" },
  enableCnpStatusUpdates: { since: "1.15", instead: "leave it out" },

  "containerRuntime.integration": { since: "1.16", instead: "leave it out" },
  "encryption.interface": { since: "1.16", instead: "set encryption.ipsec.interface instead" },
  "encryption.keyFile": { since: "1.16", instead: "set encryption.ipsec.keyFile instead" },
  "encryption.mountPath": { since: "1.16", instead: "set encryption.ipsec.mountPath instead" },
  "encryption.secretName": { since: "1.16", instead: "set encryption.ipsecSecretName instead" },
  endpointStatus: { since: "1.16", instead: "leave it out" },
  "etcd.managed": { since: "1.16", instead: "leave it out" },
  "proxy.prometheus": { since: "1.16", instead: "set prometheus.envoy instead" },
  remoteNodeIdentity: { since: "1.16", instead: ALWAYS_ON },

  "ciliumEndpointSlice.sliceMode": { since: "1.18", instead: "leave it out" },
  enableCiliumEndpointSlice: { since: "1.18", instead: "set ciliumEndpointSlice.enabled instead" },
  "eni.updateEC2AdapterLimitViaAPI": { since: "1.18", instead: ALWAYS_ON },
  "externalIPs.enabled": { since: "1.18", instead: BY_KUBE_PROXY_REPLACEMENT },
  "hubble.relay.dialTimeout": { since: "1.18", instead: "leave it out" },
  "l2NeighDiscovery.refreshPeriod": {
    since: "1.18",
    instead: "leave it out: the kernel's base_reachable_time_ms decides it",
  },

  "clustermesh.apiserver.tls.client": { since: "1.19", instead: AS_SECRETS },
  "customCalls.enabled": { since: "1.19", instead: "leave it out: the feature is gone" },
  enableK8sEndpointSlice: { since: "1.19", instead: ALWAYS_ON },
  "ipam.operator.clusterPoolIPv4PodCIDR": {
    since: "1.19",
    instead: "set ipam.operator.clusterPoolIPv4PodCIDRList instead",
  },
  "ipam.operator.clusterPoolIPv6PodCIDR": {
    since: "1.19",
    instead: "set ipam.operator.clusterPoolIPv6PodCIDRList instead",
  },
  "l2podAnnouncements.interface": {
    since: "1.19",
    instead: "set l2podAnnouncements.interfacePattern instead",
  },
  "loadBalancer.protocolDifferentiation": { since: "1.19", instead: ALWAYS_ON },
  "nodePort.enabled": { since: "1.19", instead: BY_KUBE_PROXY_REPLACEMENT },
  sessionAffinity: { since: "1.19", instead: ALWAYS_ON },
  svcSourceRangeCheck: { since: "1.19", instead: ALWAYS_ON },

  "clustermesh.apiserver.tls.admin": { since: "1.20", instead: AS_SECRETS },
  "clustermesh.apiserver.tls.remote": { since: "1.20", instead: AS_SECRETS },
  "clustermesh.enableMCSAPISupport": {
    since: "1.20",
    instead: "set clustermesh.mcsapi.enabled instead",
  },
  "encryption.strictMode.allowRemoteNodeIdentities": {
    since: "1.20",
    instead: "set encryption.strictMode.egress.allowRemoteNodeIdentities instead",
  },
  "encryption.strictMode.cidr": {
    since: "1.20",
    instead: "set encryption.strictMode.egress.cidr instead",
  },
  "encryption.strictMode.enabled": {
    since: "1.20",
    instead: "set encryption.strictMode.egress.enabled instead",
  },
  "hubble.redact.kafka": { since: "1.20", instead: "leave it out: Cilium reads no Kafka any more" },
};

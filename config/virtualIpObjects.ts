/**
 * Objects that gave the control planes a virtual IP, in the setup that KubePrism replaces. The importer drops their
 * manifests, and the verification finds them in a cluster.
 */
export const VIRTUAL_IP_OBJECTS = [
  { kind: "Service", name: "kube-apiserver-vip" },
  { kind: "CiliumLoadBalancerIPPool", name: "vip-pool" },
  { kind: "CiliumL2AnnouncementPolicy", name: "control-plane-l2-policy" },
] as const;

/** Groups of the Gateway API's CRDs. */
export const GATEWAY_API_GROUPS = [
  "gateway.networking.k8s.io",
  "gateway.networking.x-k8s.io",
] as const;

/**
 * CRDs that an operator of Cilium 1.17 to 1.20 registers (pkg/k8s/apis/cilium.io/client/register.go), by name: the group
 * cilium.io is not Cilium's alone, Tetragon's CRDs are in it, too.
 */
export const CILIUM_CRDS: readonly string[] = [
  "ciliumbgpadvertisements",
  "ciliumbgpclusterconfigs",
  "ciliumbgpnodeconfigoverrides",
  "ciliumbgpnodeconfigs",
  "ciliumbgppeerconfigs",
  "ciliumbgppeeringpolicies",
  "ciliumcidrgroups",
  "ciliumclusterwideenvoyconfigs",
  "ciliumclusterwidenetworkpolicies",
  "ciliumdatapathplugins",
  "ciliumegressgatewaypolicies",
  "ciliumendpoints",
  "ciliumendpointslices",
  "ciliumenvoyconfigs",
  "ciliumexternalworkloads",
  "ciliumgatewayclassconfigs",
  "ciliumidentities",
  "ciliuml2announcementpolicies",
  "ciliumloadbalancerippools",
  "ciliumlocalredirectpolicies",
  "ciliumnetworkpolicies",
  "ciliumnodeconfigs",
  "ciliumnodes",
  "ciliumpodippools",
].map((plural) => `${plural}.cilium.io`);

/** CRDs whose objects Cilium itself makes, for its own use; an object of any other is somebody's work. */
export const CILIUM_RUNTIME_CRDS: readonly string[] = [
  "ciliumbgpnodeconfigs",
  "ciliumendpoints",
  "ciliumendpointslices",
  "ciliumidentities",
  "ciliumnodes",
].map((plural) => `${plural}.cilium.io`);

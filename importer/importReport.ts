/** What a change does to a cluster that runs already, the most harmful first. */
const HARMS = ["data path", "Services and Gateways", "other"] as const;

export type Harm = (typeof HARMS)[number];

/** A part of the imported files that is not in the configuration, or that the stack does differently. */
export interface Change {
  readonly harm: Harm;
  /** Value or manifest: `bpf.masquerade (absent, so false)`, `Service kube-apiserver-vip (vip.yaml)`. */
  readonly what: string;
  /** What becomes of it, and why. */
  readonly why: string;
}

/** A key that a person must write or correct. */
export interface Missing {
  /** Path in the stack file: `nodes.controlPlanes`; or the path of a file. */
  readonly path: string;
  /** Why it was not imported; what to write. */
  readonly why: string;
}

/** Parts of Cilium's values whose change is felt by packets between pods, nodes and Services. */
const DATA_PATH =
  /^(cluster|kubeProxyReplacement|k8sService|bpf|ipv[46]|ipam|k8s\.require|routingMode|tunnel|autoDirectNodeRoutes|directRouting|devices|MTU|encryption|bandwidthManager|loadBalancer|enableIPv[46]Masquerade|ipMasqAgent|endpointRoutes|nodePort|socketLB)/;

const SERVICES = /^(l2announcements|bgpControlPlane|gatewayAPI|ingressController)/;

/** What a change of a value of Cilium's chart does. */
export function harmOfValue(path: string): Harm {
  if (DATA_PATH.test(path)) return "data path";
  return SERVICES.test(path) ? "Services and Gateways" : "other";
}

/** Changes, the most harmful first, otherwise in their order. */
export function mostHarmfulFirst(changes: readonly Change[]): Change[] {
  return HARMS.flatMap((harm) => changes.filter((change) => change.harm === harm));
}

import type {
  KubernetesObject,
  V1Condition,
  V1ConfigMap,
  V1CustomResourceDefinition,
  V1DaemonSet,
  V1Deployment,
  V1LabelSelector,
  V1Lease,
  V1Node,
  V1Pod,
  V1Service,
} from "@kubernetes/client-node";
import type { AgentReport } from "./agentReport";
import type { HelmRelease } from "./helmRelease";

/** A custom resource, with the fields that are read here. */
export type CustomResource = KubernetesObject & {
  spec?: Record<string, unknown> & {
    blocks?: { cidr?: string; start?: string; stop?: string }[];
    interfaces?: string[];
    nodeSelector?: V1LabelSelector;
    serviceSelector?: V1LabelSelector;
  };
  status?: { conditions?: V1Condition[] };
};

/** Facts that the Kubernetes API knows. A list of custom resources is empty when their CRD is missing. */
export interface ClusterFacts {
  readonly crds: readonly V1CustomResourceDefinition[];
  readonly gatewayClasses: readonly CustomResource[];
  readonly nodes: readonly V1Node[];
  /** Of all namespaces. */
  readonly daemonSets: readonly V1DaemonSet[];
  /** Deployment of Cilium's operator. */
  readonly operator: V1Deployment | undefined;
  /** Pods of Cilium's agents. */
  readonly agents: readonly V1Pod[];
  /** ConfigMap cilium-config. */
  readonly configMap: V1ConfigMap | undefined;
  /** Latest revision of each Helm release that is named cilium, or is of Cilium's chart. */
  readonly releases: readonly HelmRelease[];
  /** Every CiliumLoadBalancerIPPool. */
  readonly pools: readonly CustomResource[];
  /** Every CiliumL2AnnouncementPolicy. */
  readonly policies: readonly CustomResource[];
  /** Of all namespaces. */
  readonly services: readonly V1Service[];
  /** Of kube-system. */
  readonly leases: readonly V1Lease[];
}

/** Report of one agent, or why there is none. */
export type AgentAnswer =
  | { readonly report: AgentReport }
  | { readonly problem: string }
  /** KWOK simulates the node, so no agent runs on it. */
  | { readonly simulated: true };

/** All facts that the checks judge. */
export interface Facts extends ClusterFacts {
  /** By node name. */
  readonly agentAnswers: ReadonlyMap<string, AgentAnswer>;
  /** Whether KubePrism is healthy, by node name; undefined when talosctl was not asked. */
  readonly kubePrism: ReadonlyMap<string, boolean> | undefined;
}

/** Namespace of Cilium. */
export const NAMESPACE = "kube-system";

export function ciliumDaemonSet({
  daemonSets,
}: Pick<ClusterFacts, "daemonSets">): V1DaemonSet | undefined {
  return daemonSets.find(
    ({ metadata }) => metadata?.name === "cilium" && metadata.namespace === NAMESPACE,
  );
}

/** Whether this is the Helm release that the stack makes. */
export function isStackRelease({ name, namespace }: HelmRelease): boolean {
  return name === "cilium" && namespace === NAMESPACE;
}

/** Whether KWOK simulates the node. */
export function isSimulated({ metadata }: V1Node): boolean {
  return metadata?.annotations?.["kwok.x-k8s.io/node"] === "fake";
}

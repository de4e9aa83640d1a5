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

/** A custom resource, as far as the checks look at it. */
export type CustomResource = KubernetesObject & {
  spec?: Record<string, unknown> & {
    blocks?: { cidr?: string; start?: string; stop?: string }[];
    nodeSelector?: V1LabelSelector;
    serviceSelector?: V1LabelSelector;
  };
  status?: { conditions?: V1Condition[] };
};

/** What is asked of the API: everything that the checks judge, but for what only the nodes can tell. */
export interface ClusterFacts {
  /** Every custom resource definition. */
  readonly crds: readonly V1CustomResourceDefinition[];
  /** Every GatewayClass; none where the kind is unknown. */
  readonly gatewayClasses: readonly CustomResource[];
  /** Every Node. */
  readonly nodes: readonly V1Node[];
  /** Every DaemonSet, of all namespaces. */
  readonly daemonSets: readonly V1DaemonSet[];
  /** Deployment of Cilium's operator. */
  readonly operator: V1Deployment | undefined;
  /** Pods of Cilium's agents. */
  readonly agents: readonly V1Pod[];
  /** ConfigMap cilium-config. */
  readonly configMap: V1ConfigMap | undefined;
  /** The latest revision of every Helm release whose chart is Cilium's, or whose name is. */
  readonly releases: readonly HelmRelease[];
  /** Every CiliumLoadBalancerIPPool; none where the kind is unknown. */
  readonly pools: readonly CustomResource[];
  /** Every CiliumL2AnnouncementPolicy; none where the kind is unknown. */
  readonly policies: readonly CustomResource[];
  /** Every Service. */
  readonly services: readonly V1Service[];
  /** Leases of kube-system. */
  readonly leases: readonly V1Lease[];
}

/** What one agent told, or why it could not be asked. */
export type AgentAnswer =
  | { readonly report: AgentReport }
  | { readonly problem: string }
  /** The node runs no programs (KWOK), so there is nobody to ask. */
  | { readonly simulated: true };

/** All that the checks judge. */
export interface Facts extends ClusterFacts {
  /** Answers of the agents, by their nodes' names. */
  readonly agentAnswers: ReadonlyMap<string, AgentAnswer>;
  /** What talosctl said of KubePrism's API servers, by node; undefined: it was not asked. */
  readonly kubePrism: ReadonlyMap<string, boolean> | undefined;
}

/** Namespace of Cilium. */
export const NAMESPACE = "kube-system";

/** Cilium's own DaemonSet. */
export function ciliumDaemonSet({
  daemonSets,
}: Pick<ClusterFacts, "daemonSets">): V1DaemonSet | undefined {
  return daemonSets.find(
    ({ metadata }) => metadata?.name === "cilium" && metadata.namespace === NAMESPACE,
  );
}

/** Whether KWOK plays the node: it says so in an annotation of its own. */
export function isSimulated({ metadata }: V1Node): boolean {
  return metadata?.annotations?.["kwok.x-k8s.io/node"] === "fake";
}

import {
  ApiextensionsV1Api,
  AppsV1Api,
  CoordinationV1Api,
  CoreV1Api,
  type KubeConfig,
  type V1Secret,
} from "@kubernetes/client-node";
import pMap from "p-map";
import { describeError, ignoreNotFound, retryTransient } from "../../kubernetes/client";
import { execInPod } from "../../kubernetes/execInPod";
import { listAll, listCustomResources } from "../../kubernetes/lists";
import { REPORT_COMMAND, readAgentReport } from "./agentReport";
import {
  type AgentAnswer,
  type ClusterFacts,
  type CustomResource,
  isSimulated,
  NAMESPACE,
} from "./facts";
import { readHelmRelease } from "./helmRelease";

/** Agents that are asked in parallel. Each exec costs an API server a connection to a kubelet. */
const MAX_PARALLEL_AGENTS = 8;

/** Reads everything that the Kubernetes API knows; it changes nothing. */
export async function fetchClusterFacts(cluster: KubeConfig): Promise<ClusterFacts> {
  const core = cluster.makeApiClient(CoreV1Api);
  const apps = cluster.makeApiClient(AppsV1Api);
  const crdApi = cluster.makeApiClient(ApiextensionsV1Api);
  const leaseApi = cluster.makeApiClient(CoordinationV1Api);
  const namespace = NAMESPACE;

  const [crds, gatewayClasses, nodes, daemonSets, operator, agents, configMap, releases] =
    await Promise.all([
      listAll((page) => crdApi.listCustomResourceDefinition(page)),
      listCustomResources<CustomResource>(
        cluster,
        "gateway.networking.k8s.io",
        ["v1"],
        "gatewayclasses",
      ),
      listAll((page) => core.listNode(page)),
      listAll((page) => apps.listDaemonSetForAllNamespaces(page)),
      ignoreNotFound(() => apps.readNamespacedDeployment({ namespace, name: "cilium-operator" })),
      listAll((page) =>
        core.listNamespacedPod({ namespace, labelSelector: "k8s-app=cilium", ...page }),
      ),
      ignoreNotFound(() => core.readNamespacedConfigMap({ namespace, name: "cilium-config" })),
      listAll((page) =>
        core.listSecretForAllNamespaces({
          labelSelector: "owner=helm,status!=superseded",
          ...page,
        }),
      ),
    ]);
  const [pools, policies, services, leases] = await Promise.all([
    listCustomResources<CustomResource>(
      cluster,
      "cilium.io",
      ["v2", "v2alpha1"],
      "ciliumloadbalancerippools",
    ),
    listCustomResources<CustomResource>(
      cluster,
      "cilium.io",
      ["v2alpha1"],
      "ciliuml2announcementpolicies",
    ),
    listAll((page) => core.listServiceForAllNamespaces(page)),
    listAll((page) => leaseApi.listNamespacedLease({ namespace, ...page })),
  ]);
  return {
    ...{ crds, gatewayClasses, nodes, daemonSets, operator, agents, configMap },
    releases: latestRevisions(releases).map(readHelmRelease).filter(isOfCilium),
    ...{ pools, policies, services, leases },
  };
}

/**
 * Asks the agent on every node, a few in parallel.
 * @param onProgress called with the number of nodes that are done, and of all.
 */
export async function fetchAgentAnswers(
  cluster: KubeConfig,
  { nodes, agents }: ClusterFacts,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Map<string, AgentAnswer>> {
  let done = 0;
  const answers = await pMap(
    nodes,
    async (node) => {
      const name = node.metadata?.name ?? "";
      const pod = agents.find(
        ({ spec, metadata }) =>
          spec?.nodeName === name && metadata?.deletionTimestamp === undefined,
      );
      const answer: AgentAnswer = isSimulated(node)
        ? { simulated: true }
        : pod === undefined
          ? { problem: "no pod of an agent on this node" }
          : await askAgent(cluster, pod.metadata?.name ?? "");
      onProgress(++done, nodes.length);
      return [name, answer] as const;
    },
    { concurrency: MAX_PARALLEL_AGENTS },
  );
  return new Map(answers);
}

async function askAgent(cluster: KubeConfig, name: string): Promise<AgentAnswer> {
  try {
    const printed = await retryTransient(() =>
      execInPod(cluster, { namespace: NAMESPACE, name, container: "cilium-agent" }, REPORT_COMMAND),
    );
    return { report: readAgentReport(printed) };
  } catch (error) {
    return { problem: describeError(error) };
  }
}

/** The newest Secret of each release: Helm keeps one per revision. */
function latestRevisions(secrets: readonly V1Secret[]): V1Secret[] {
  const newest = new Map<string, V1Secret>();
  for (const secret of secrets) {
    const { namespace, labels } = secret.metadata ?? {};
    const key = `${namespace}/${labels?.name}`;
    const known = newest.get(key)?.metadata?.labels?.version ?? "0";
    if (Number(labels?.version) > Number(known)) newest.set(key, secret);
  }
  return [...newest.values()];
}

function isOfCilium({ name, chart }: { name: string; chart: string }): boolean {
  return name === "cilium" || chart === "cilium";
}

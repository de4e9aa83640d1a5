import {
  ApiextensionsV1Api,
  AppsV1Api,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  type KubeConfig,
  type V1ListMeta,
  type V1Secret,
} from "@kubernetes/client-node";
import pMap from "p-map";
import { describeError, ignoreNotFound, retryTransient } from "../../kubernetes/client";
import { execInPod } from "../../kubernetes/execInPod";
import { REPORT_COMMAND, readAgentReport } from "./agentReport";
import {
  type AgentAnswer,
  type ClusterFacts,
  type CustomResource,
  isSimulated,
  NAMESPACE,
} from "./facts";
import { readHelmRelease } from "./helmRelease";

/** Objects in one answer of the API: what kubectl asks for, too. */
const PAGE = 500;

/** Agents that are asked at once. Each costs an API server a connection to a kubelet while it lasts. */
const AGENTS_AT_ONCE = 8;

/** A page of a list. */
interface Page<T> {
  readonly metadata?: V1ListMeta;
  readonly items: T[];
}

/** Asks the API for everything but what only the nodes can tell. It reads, and changes nothing. */
export async function fetchClusterFacts(cluster: KubeConfig): Promise<ClusterFacts> {
  const core = cluster.makeApiClient(CoreV1Api);
  const apps = cluster.makeApiClient(AppsV1Api);
  const crdApi = cluster.makeApiClient(ApiextensionsV1Api);
  const leaseApi = cluster.makeApiClient(CoordinationV1Api);
  const namespace = NAMESPACE;

  const [crds, gatewayClasses, nodes, daemonSets, operator, agents, configMap, releases] =
    await Promise.all([
      all((page) => crdApi.listCustomResourceDefinition(page)),
      customResources(cluster, "gateway.networking.k8s.io", ["v1"], "gatewayclasses"),
      all((page) => core.listNode(page)),
      all((page) => apps.listDaemonSetForAllNamespaces(page)),
      ignoreNotFound(() => apps.readNamespacedDeployment({ namespace, name: "cilium-operator" })),
      all((page) =>
        core.listNamespacedPod({ namespace, labelSelector: "k8s-app=cilium", ...page }),
      ),
      ignoreNotFound(() => core.readNamespacedConfigMap({ namespace, name: "cilium-config" })),
      all((page) =>
        core.listSecretForAllNamespaces({
          labelSelector: "owner=helm,status!=superseded",
          ...page,
        }),
      ),
    ]);
  const [pools, policies, services, leases] = await Promise.all([
    customResources(cluster, "cilium.io", ["v2", "v2alpha1"], "ciliumloadbalancerippools"),
    customResources(cluster, "cilium.io", ["v2alpha1"], "ciliuml2announcementpolicies"),
    all((page) => core.listServiceForAllNamespaces(page)),
    all((page) => leaseApi.listNamespacedLease({ namespace, ...page })),
  ]);
  return {
    ...{ crds, gatewayClasses, nodes, daemonSets, operator, agents, configMap },
    releases: latest(releases).map(readHelmRelease).filter(isOfCilium),
    ...{ pools, policies, services, leases },
  };
}

/**
 * Asks the agent of every node, a few at once.
 * @param told called with how many have been asked, of how many.
 */
export async function fetchAgentAnswers(
  cluster: KubeConfig,
  { nodes, agents }: ClusterFacts,
  told: (asked: number, all: number) => void = () => {},
): Promise<Map<string, AgentAnswer>> {
  let asked = 0;
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
          ? { problem: "no agent's pod is on it" }
          : await askAgent(cluster, pod.metadata?.name ?? "");
      told(++asked, nodes.length);
      return [name, answer] as const;
    },
    { concurrency: AGENTS_AT_ONCE },
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

/** All of a list, page by page. */
async function all<T>(
  list: (page: { limit: number; _continue?: string }) => Promise<Page<T>>,
): Promise<T[]> {
  const items: T[] = [];
  for (let next: string | undefined; ; ) {
    const page = await retryTransient(() =>
      list({ limit: PAGE, ...(next !== undefined && { _continue: next }) }),
    );
    items.push(...page.items);
    next = page.metadata?._continue;
    if (next === undefined || next === "") return items;
  }
}

/** Objects of a kind, in the first of the versions that the cluster serves; none when it serves none of them. */
async function customResources(
  cluster: KubeConfig,
  group: string,
  versions: readonly string[],
  plural: string,
): Promise<CustomResource[]> {
  const api = cluster.makeApiClient(CustomObjectsApi);
  for (const version of versions) {
    const items = await ignoreNotFound(() =>
      all(async (page) => {
        const { limit, _continue } = page;
        const asked = { group, version, plural, limit, ...(_continue && { _continue }) };
        return (await api.listClusterCustomObject(asked)) as Page<CustomResource>;
      }),
    );
    if (items !== undefined) return items;
  }
  return [];
}

/** The newest Secret of each release; Helm keeps one for every revision. */
function latest(secrets: readonly V1Secret[]): V1Secret[] {
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

import {
  ApiException,
  ApiextensionsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  type KubernetesObject,
  type V1Condition,
} from "@kubernetes/client-node";
import Table from "cli-table3";
import type { Lab } from "./lab";

/** A custom resource, as far as the status looks at it. */
type CustomResource = KubernetesObject & {
  spec?: { blocks?: { start?: string; stop?: string; cidr?: string }[]; interfaces?: string[] };
  status?: { conditions?: V1Condition[] };
};

/** What is there: a line each for the nodes, what the stack made, and the processes. */
export async function statusTable(lab: Lab): Promise<string> {
  const cluster = new KubeConfig();
  cluster.loadFromFile(lab.state.kubeconfig);
  const rows = await Promise.all([
    nodesRow(cluster),
    gatewayApiRow(cluster),
    releaseRow(cluster),
    gatewayClassRow(cluster),
    poolRow(cluster),
    policyRow(cluster),
  ]);
  const table = new Table({ head: ["what", "state"], style: { head: [], border: [] } });
  table.push(...rows, ["processes", lab.processes.map(({ name }) => name).sort().join("\n")]);
  return table.toString();
}

async function nodesRow(cluster: KubeConfig): Promise<[string, string]> {
  const { items } = await cluster.makeApiClient(CoreV1Api).listNode();
  const ready = items.filter(({ status }) => conditionIs(status?.conditions, "Ready"));
  return ["nodes", `${ready.length} of ${items.length} Ready`];
}

async function gatewayApiRow(cluster: KubeConfig): Promise<[string, string]> {
  const { items } = await cluster.makeApiClient(ApiextensionsV1Api).listCustomResourceDefinition();
  const crds = items.filter(({ spec }) => /^gateway\.networking\.(x-)?k8s\.io$/.test(spec.group));
  const established = crds.filter(({ status }) => conditionIs(status?.conditions, "Established"));
  const versions = new Set(
    crds.map(
      ({ metadata }) =>
        `${metadata?.annotations?.["gateway.networking.k8s.io/bundle-version"]} ${metadata?.annotations?.["gateway.networking.k8s.io/channel"]}`,
    ),
  );
  return [
    "Gateway API CRDs",
    crds.length === 0
      ? "none"
      : `${established.length} of ${crds.length} Established (${[...versions].join(", ")})`,
  ];
}

/** Helm keeps a Secret for each revision, labelled with its state. */
async function releaseRow(cluster: KubeConfig): Promise<[string, string]> {
  const { items } = await cluster.makeApiClient(CoreV1Api).listNamespacedSecret({
    namespace: "kube-system",
    labelSelector: "owner=helm,name=cilium",
  });
  const revisions = items
    .map(({ metadata }) => metadata?.labels ?? {})
    .sort((a, b) => Number(b.version) - Number(a.version));
  const [latest] = revisions;
  return [
    "Release cilium",
    latest === undefined ? "none" : `revision ${latest.version}, ${latest.status}`,
  ];
}

async function gatewayClassRow(cluster: KubeConfig): Promise<[string, string]> {
  const classes = await list(cluster, "gateway.networking.k8s.io", "v1", "gatewayclasses");
  return [
    "GatewayClasses",
    classes
      .map(
        ({ metadata, status }) =>
          `${metadata?.name}: ${conditionIs(status?.conditions, "Accepted") ? "Accepted" : "not Accepted"}`,
      )
      .join("\n") || "none",
  ];
}

async function poolRow(cluster: KubeConfig): Promise<[string, string]> {
  const pools = await list(cluster, "cilium.io", "v2", "ciliumloadbalancerippools");
  return [
    "address pools",
    pools
      .map(({ metadata, spec, status }) => {
        const blocks = spec?.blocks?.map(({ start, stop, cidr }) => cidr ?? `${start} to ${stop}`);
        const count = (type: string) =>
          status?.conditions?.find((condition) => condition.type === `cilium.io/${type}`)?.message ?? "?";
        return `${metadata?.name}: ${blocks?.join(", ")}, ${count("IPsAvailable")} of ${count("IPsTotal")} free`;
      })
      .join("\n") || "none",
  ];
}

async function policyRow(cluster: KubeConfig): Promise<[string, string]> {
  const policies = await list(cluster, "cilium.io", "v2alpha1", "ciliuml2announcementpolicies");
  return [
    "L2 policies",
    policies
      .map(({ metadata, spec }) => `${metadata?.name}: on ${spec?.interfaces?.join(", ") ?? "every device"}`)
      .join("\n") || "none",
  ];
}

/** Objects of a kind; none when the cluster does not know the kind. */
async function list(
  cluster: KubeConfig,
  group: string,
  version: string,
  plural: string,
): Promise<CustomResource[]> {
  try {
    const listed = await cluster
      .makeApiClient(CustomObjectsApi)
      .listClusterCustomObject({ group, version, plural });
    return (listed as { items: CustomResource[] }).items;
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return [];
    throw error;
  }
}

function conditionIs(
  conditions: readonly { type: string; status: string }[] | undefined,
  type: string,
): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === "True") ?? false;
}

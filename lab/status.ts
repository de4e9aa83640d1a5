import { setTimeout as sleep } from "node:timers/promises";
import {
  ApiextensionsV1Api,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  type KubernetesObject,
  type V1Condition,
} from "@kubernetes/client-node";
import Table from "cli-table3";
import { ignoreNotFound, retryTransient } from "../kubernetes/client";
import { conditionIsTrue } from "../kubernetes/conditions";
import type { Lab } from "./lab";
import { arpAnswers, hardwareAddress } from "./lan/arp";

/** A custom resource, as far as the status looks at it. */
type CustomResource = KubernetesObject & {
  spec?: { blocks?: { start?: string; stop?: string; cidr?: string }[]; interfaces?: string[] };
  status?: { conditions?: V1Condition[] };
};

/** One line of the status. */
interface Row {
  readonly what: string;
  readonly state: string;
  /** False while somebody in the cluster is still at work on it. */
  readonly settled: boolean;
}

/**
 * What is there: a line each for the nodes, what the stack made, and the processes.
 * @param waitSeconds how long to wait until controllers and operator have said what they have to say of it; a table
 *   with what there is comes after that time all the same.
 */
export async function statusTable(lab: Lab, waitSeconds = 0): Promise<string> {
  const cluster = new KubeConfig();
  cluster.loadFromFile(lab.folder.kubeconfig);
  const deadline = performance.now() + waitSeconds * 1000;
  let rows = await statusRows(cluster, lab);
  while (rows.some(({ settled }) => !settled) && performance.now() < deadline) {
    await sleep(500);
    rows = await statusRows(cluster, lab);
  }
  const table = new Table({ head: ["what", "state"], style: { head: [], border: [] } });
  const names = [...new Set(lab.processes.map(({ name }) => name))].sort();
  table.push(...rows.map(({ what, state }) => [what, state]), ["processes", names.join("\n")]);
  return table.toString();
}

function statusRows(cluster: KubeConfig, lab: Lab): Promise<Row[]> {
  const rows = [
    ...[nodesRow, gatewayApiRow, releaseRow, gatewayClassRow, poolRow, policyRow],
    ...(lab.runningDepth === "network" ? [addressesRow(lab)] : []),
  ];
  return Promise.all(rows.map((row) => retryTransient(() => row(cluster))));
}

async function nodesRow(cluster: KubeConfig): Promise<Row> {
  const { items } = await cluster.makeApiClient(CoreV1Api).listNode();
  const ready = items.filter(({ status }) => conditionIsTrue(status?.conditions, "Ready"));
  return {
    what: "nodes",
    state: `${ready.length} of ${items.length} Ready`,
    settled: ready.length === items.length,
  };
}

async function gatewayApiRow(cluster: KubeConfig): Promise<Row> {
  const { items } = await cluster.makeApiClient(ApiextensionsV1Api).listCustomResourceDefinition();
  const crds = items.filter(({ spec }) => /^gateway\.networking\.(x-)?k8s\.io$/.test(spec.group));
  const established = crds.filter(({ status }) =>
    conditionIsTrue(status?.conditions, "Established"),
  );
  const versions = new Set(
    crds.map(
      ({ metadata }) =>
        `${metadata?.annotations?.["gateway.networking.k8s.io/bundle-version"]} ${metadata?.annotations?.["gateway.networking.k8s.io/channel"]}`,
    ),
  );
  return {
    what: "Gateway API CRDs",
    state:
      crds.length === 0
        ? "none"
        : `${established.length} of ${crds.length} Established (${[...versions].join(", ")})`,
    settled: established.length === crds.length,
  };
}

/** Helm keeps a Secret for each revision, labelled with its state. */
async function releaseRow(cluster: KubeConfig): Promise<Row> {
  const { items } = await cluster.makeApiClient(CoreV1Api).listNamespacedSecret({
    namespace: "kube-system",
    labelSelector: "owner=helm,name=cilium",
  });
  const revisions = items
    .map(({ metadata }) => metadata?.labels ?? {})
    .sort((a, b) => Number(b.version) - Number(a.version));
  const [latest] = revisions;
  return {
    what: "Release cilium",
    state: latest === undefined ? "none" : `revision ${latest.version}, ${latest.status}`,
    settled: true,
  };
}

async function gatewayClassRow(cluster: KubeConfig): Promise<Row> {
  const classes = await list(cluster, "gateway.networking.k8s.io", "v1", "gatewayclasses");
  const accepted = classes.filter(({ status }) => conditionIsTrue(status?.conditions, "Accepted"));
  return {
    what: "GatewayClasses",
    state: lines(
      classes.map((gatewayClass) =>
        [
          gatewayClass.metadata?.name,
          accepted.includes(gatewayClass) ? "Accepted" : "not Accepted",
        ].join(": "),
      ),
    ),
    settled: accepted.length === classes.length,
  };
}

async function poolRow(cluster: KubeConfig): Promise<Row> {
  const pools = await list(cluster, "cilium.io", "v2", "ciliumloadbalancerippools");
  const free = pools.map((pool) => countOf(pool, "IPsAvailable"));
  return {
    what: "address pools",
    state: lines(
      pools.map((pool, index) => {
        const blocks = pool.spec?.blocks?.map(
          ({ start, stop, cidr }) => cidr ?? `${start} to ${stop}`,
        );
        return `${pool.metadata?.name}: ${blocks?.join(", ")}, ${free[index] ?? "?"} of ${countOf(pool, "IPsTotal") ?? "?"} free`;
      }),
    ),
    settled: !free.includes(undefined),
  };
}

/** What the operator says of a pool, in the message of a condition. */
function countOf({ status }: CustomResource, type: string): string | undefined {
  return status?.conditions?.find((condition) => condition.type === `cilium.io/${type}`)?.message;
}

async function policyRow(cluster: KubeConfig): Promise<Row> {
  const policies = await list(cluster, "cilium.io", "v2alpha1", "ciliuml2announcementpolicies");
  return {
    what: "L2 policies",
    state: lines(
      policies.map(
        ({ metadata, spec }) =>
          `${metadata?.name}: on ${spec?.interfaces?.join(", ") ?? "every device"}`,
      ),
    ),
    settled: true,
  };
}

/** The addresses of Services: who has the lease to announce each one, and who answers for it on the LAN. */
function addressesRow({ folder }: Lab): (cluster: KubeConfig) => Promise<Row> {
  return async (cluster) => {
    const core = cluster.makeApiClient(CoreV1Api);
    const nodes = (await core.listNode()).items.map(({ metadata }) => metadata?.name ?? "");
    const macs = await Promise.all(nodes.map((node) => hardwareAddress(folder, node)));
    const leases = await cluster
      .makeApiClient(CoordinationV1Api)
      .listNamespacedLease({ namespace: "kube-system" });
    const holders = new Map(
      leases.items.map(({ metadata, spec }) => [metadata?.name, spec?.holderIdentity]),
    );
    const { items } = await core.listServiceForAllNamespaces();
    const addresses = items.flatMap(({ metadata, status }) =>
      (status?.loadBalancer?.ingress ?? []).map(async ({ ip = "" }) => {
        const { namespace, name } = metadata ?? {};
        const answers = await arpAnswers(folder, ip);
        const who = answers.map((mac) => nodes[macs.indexOf(mac)] ?? mac);
        const holder = holders.get(`cilium-l2announce-${namespace}-${name}`) ?? "nobody";
        return `${ip} (${namespace}/${name}): lease of ${holder}, ARP by ${who.join(", ") || "nobody"}`;
      }),
    );
    return {
      what: "addresses on the LAN",
      state: lines(await Promise.all(addresses)),
      settled: true,
    };
  };
}

function lines(texts: readonly string[]): string {
  return texts.join("\n") || "none";
}

/** Objects of a kind; none when the cluster does not know the kind. */
async function list(
  cluster: KubeConfig,
  group: string,
  version: string,
  plural: string,
): Promise<CustomResource[]> {
  const api = cluster.makeApiClient(CustomObjectsApi);
  const listed = await ignoreNotFound(() =>
    api.listClusterCustomObject({ group, version, plural }),
  );
  return (listed as { items: CustomResource[] } | undefined)?.items ?? [];
}

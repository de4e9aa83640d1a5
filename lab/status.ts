import Table from "cli-table3";
import { describeRange } from "../config";
import { loadCluster } from "../kubernetes/client";
import { conditionIsTrue } from "../kubernetes/conditions";
import { isNodeReady } from "../kubernetes/nodeStatus";
import { until } from "../kubernetes/until";
import { type ClusterFacts, isStackRelease } from "../verify/facts/facts";
import { fetchClusterFacts } from "../verify/facts/fetch";
import { gatewayApiCrds, releaseAndChannel } from "../verify/facts/gatewayApiRelease";
import {
  addressCount,
  leaseHolder,
  qualifiedName,
  serviceIps,
} from "../verify/facts/loadBalancers";
import type { Lab } from "./lab";
import { arpAnswers, hardwareAddress } from "./lan/arp";

export interface StatusRow {
  readonly what: string;
  readonly state: string;
  /** False while a controller has not finished its work on it. */
  readonly settled: boolean;
}

/**
 * A table with a row for each kind of object that the stack makes, for the nodes, and for the processes.
 * @param waitSeconds time limit for the rows to settle; after it the table is returned all the same.
 */
export async function statusTable(lab: Lab, waitSeconds = 0): Promise<string> {
  const cluster = loadCluster({ kubeconfig: lab.folder.kubeconfig });
  const rows = await until(
    async () => {
      const facts = await fetchClusterFacts(cluster);
      const onLan = lab.runningDepth === "network" ? [await addressesRow(facts, lab)] : [];
      return [...statusRows(facts), ...onLan];
    },
    (found) => found.every(({ settled }) => settled),
    { seconds: waitSeconds, interval: 500 },
  );
  const table = new Table({ head: ["what", "state"], style: { head: [], border: [] } });
  const processes = [...new Set(lab.processes.map(({ name }) => name))].sort();
  table.push(...rows.map(({ what, state }) => [what, state]), ["processes", lines(processes)]);
  return table.toString();
}

/** The rows that the Kubernetes API alone decides. */
export function statusRows(facts: ClusterFacts): StatusRow[] {
  return [nodesRow, gatewayApiRow, releaseRow, gatewayClassesRow, poolsRow, policiesRow].map(
    (row) => row(facts),
  );
}

function nodesRow({ nodes }: ClusterFacts): StatusRow {
  const ready = nodes.filter(isNodeReady);
  return {
    what: "nodes",
    state: `${ready.length} of ${nodes.length} Ready`,
    settled: ready.length === nodes.length,
  };
}

function gatewayApiRow(facts: ClusterFacts): StatusRow {
  const crds = gatewayApiCrds(facts);
  const established = crds.filter(({ status }) =>
    conditionIsTrue(status?.conditions, "Established"),
  );
  const releases = [...new Set(crds.map(releaseAndChannel))].join(", ");
  return {
    what: "Gateway API CRDs",
    state:
      crds.length === 0
        ? "none"
        : `${established.length} of ${crds.length} Established (${releases})`,
    settled: established.length === crds.length,
  };
}

function releaseRow({ releases }: ClusterFacts): StatusRow {
  const release = releases.find(isStackRelease);
  return {
    what: "Release cilium",
    state: release === undefined ? "none" : `revision ${release.revision}, ${release.state}`,
    settled: true,
  };
}

function gatewayClassesRow({ gatewayClasses }: ClusterFacts): StatusRow {
  const classes = gatewayClasses.map(({ metadata, status }) => ({
    name: metadata?.name,
    accepted: conditionIsTrue(status?.conditions, "Accepted"),
  }));
  return {
    what: "GatewayClasses",
    state: lines(
      classes.map(({ name, accepted }) => `${name}: ${accepted ? "Accepted" : "not Accepted"}`),
    ),
    settled: classes.every(({ accepted }) => accepted),
  };
}

function poolsRow({ pools }: ClusterFacts): StatusRow {
  return {
    what: "address pools",
    state: lines(
      pools.map((pool) => {
        const blocks = pool.spec?.blocks ?? [];
        const ranges = blocks.map(
          ({ cidr, start = "", stop = start }) => cidr ?? describeRange({ start, stop }),
        );
        const available = addressCount(pool, "IPsAvailable") ?? "?";
        const total = addressCount(pool, "IPsTotal") ?? "?";
        return `${pool.metadata?.name}: ${ranges.join(", ")}, ${available} of ${total} free`;
      }),
    ),
    settled: pools.every((pool) => addressCount(pool, "IPsAvailable") !== undefined),
  };
}

function policiesRow({ policies }: ClusterFacts): StatusRow {
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

/** The addresses of Services: which node holds the lease of each, and which nodes answer ARP for it on the LAN. */
async function addressesRow(facts: ClusterFacts, { folder }: Lab): Promise<StatusRow> {
  const nodes = facts.nodes.map(({ metadata }) => metadata?.name ?? "");
  const macs = await Promise.all(nodes.map((node) => hardwareAddress(folder, node)));
  const addresses = facts.services.flatMap((service) =>
    serviceIps(service).map(async (ip) => {
      const answers = await arpAnswers(folder, ip);
      const answering = answers.map((mac) => nodes[macs.indexOf(mac)] ?? mac);
      const holder = leaseHolder(service, facts) ?? "nobody";
      return `${ip} (${qualifiedName(service)}): lease of ${holder}, ARP by ${answering.join(", ") || "nobody"}`;
    }),
  );
  return {
    what: "addresses on the LAN",
    state: lines(await Promise.all(addresses)),
    settled: true,
  };
}

function lines(texts: readonly string[]): string {
  return texts.join("\n") || "none";
}

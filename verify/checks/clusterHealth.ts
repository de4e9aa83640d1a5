import { count } from "../../config";
import { findCondition } from "../../kubernetes/conditions";
import type { AgentReport, ProbedPath } from "../facts/agentReport";
import type { Facts } from "../facts/facts";
import { agentsAnswer, controllers, datapathDevices, interHostRouting } from "./agents";
import { defineCheck, type Finding, failed, passed, unknown, unknownIfSimulated } from "./check";

/** Milliseconds after both agents are ready during which a failed probe does not count: nodes learn of each other. */
const SETTLING = 30_000;

/**
 * Milliseconds after both agents are ready from which every failed probe counts. Before, one counts if the target has
 * answered somebody earlier: an agent is ready before its health endpoint answers, on a busy machine a minute before.
 */
const STARTING = 180_000;

/** Names that a sentence lists. */
const MAX_NAMES = 3;

const SHOW_HEALTH = "kubectl -n kube-system exec ds/cilium -c cilium-agent -- cilium-health status";

/** A path that an agent probes, and the node that it probes from. */
type PathFrom = ProbedPath & { readonly from: string };

/** Every agent knows every node, and its probes of the node and of a pod there succeed: routes between nodes work. */
export const clusterHealth = defineCheck({
  name: "cluster-health",
  title: "every node reaches every node, and pods on it",
  needs: [agentsAnswer, interHostRouting, datapathDevices, controllers],
  judge: (facts) => {
    const noAgents = unknownIfSimulated(facts);
    if (noAgents !== undefined) return noAgents;
    const reports = [...facts.agentAnswers].flatMap(([node, answer]) =>
      "report" in answer ? [{ node, report: answer.report }] : [],
    );
    const paths = reports.flatMap(({ node, report }) =>
      (report.health?.paths ?? []).map((path): PathFrom => ({ ...path, from: node })),
    );
    const counts = countingProbes(paths, facts);

    const [first, ...others] = [
      ...reports.flatMap(({ node, report }) => ownHealth(node, report, facts)),
      ...unreachable(paths.filter((path) => counts(path) && path.problem !== "")),
    ];
    if (first !== undefined) return failed(first, ...others);
    if (reports.every(({ report }) => report.health === undefined)) {
      return unknown("enable-health-checking is off in cilium-config, so nothing is probed");
    }
    // From every node to every node, itself too, and to a pod there.
    const total = 2 * reports.length * facts.nodes.length;
    const pathKey = ({ from, node, to }: PathFrom) => `${from} ${node} ${to}`;
    const probed = new Set(paths.map(pathKey));
    for (const path of paths) if (!counts(path)) probed.delete(pathKey(path));
    return probed.size < total
      ? unknown(
          `${total - probed.size} of ${total} paths not probed since both ends started; Cilium probes every ${reports[0]?.report.health?.interval}`,
        )
      : passed(`${count(total, "path")} between ${count(reports.length, "node")}`);
  },
});

/** The state of an agent's own prober, and the nodes that the agent does not know. */
function ownHealth(node: string, { status, knownNodes }: AgentReport, { nodes }: Facts): Finding[] {
  const missing = nodes
    .map(({ metadata }) => metadata?.name ?? "")
    .filter((name) => !knownNodes.includes(name));
  const { state = "Disabled", msg } = status.cluster.ciliumHealth ?? {};
  return [
    ...(missing.length === 0
      ? []
      : [
          {
            seen: `${node}: does not know ${listNames(missing)}`,
            expected: "an agent that knows every node",
            next: "kubectl get ciliumnodes; kubectl -n kube-system logs deployment/cilium-operator",
          },
        ]),
    ...(["Warning", "Failure"].includes(state)
      ? [{ seen: `${node}: health ${state} (${msg})`, expected: "Ok", next: SHOW_HEALTH }]
      : []),
  ];
}

/** One finding per node, and one for the pods on it, however many nodes do not reach them. */
function unreachable(paths: readonly PathFrom[]): Finding[] {
  const targets = new Map<string, PathFrom[]>();
  for (const path of paths) {
    const target = `${path.to === "host" ? "" : "pods on "}${path.node} (${path.ip})`;
    targets.set(target, [...(targets.get(target) ?? []), path]);
  }
  return [...targets].map(([target, failing]) => ({
    seen: `${target}: not reached from ${listNames([...new Set(failing.map(({ from }) => from))])} (${failing[0]?.problem})`,
    expected: "an answer to every probe",
    next:
      failing[0]?.to === "pod"
        ? "check that the network between the nodes is one L2 network and passes pods' addresses (Proxmox: firewall, MAC filter); otherwise set routing.mode: tunnel"
        : `check that the node is up and accepts ICMP and TCP 4240; ${SHOW_HEALTH}`,
  }));
}

/** Tells which probes count: those that succeeded, and those that failed although their target had started. */
function countingProbes(paths: readonly PathFrom[], facts: Facts): (path: PathFrom) => boolean {
  const readySince = agentsReadySince(facts);
  const ready = (node: string) => readySince.get(node) ?? Number.POSITIVE_INFINITY;
  const target = ({ node, to, ip, by }: ProbedPath) => `${node} ${to} ${ip} ${by}`;
  // When each target first answered since its agent is ready, as far as the last probes tell.
  const answered = new Map<string, number>();
  for (const path of paths) {
    const time = path.probed?.getTime();
    if (time === undefined || path.problem !== "" || time < ready(path.node)) continue;
    answered.set(target(path), Math.min(time, answered.get(target(path)) ?? time));
  }
  return (path) => {
    if (path.probed === undefined) return false;
    if (path.problem === "") return true;
    const time = path.probed.getTime();
    const since = Math.max(ready(path.node), ready(path.from));
    const started = Math.min(
      answered.get(target(path)) ?? Number.POSITIVE_INFINITY,
      since + STARTING,
    );
    return time >= since + SETTLING && time >= started;
  };
}

/** Since when each node's agent is ready, in milliseconds since 1970. */
function agentsReadySince({ agents }: Facts): Map<string, number> {
  return new Map(
    agents.map(({ spec, status }) => {
      const since =
        findCondition(status?.conditions, "Ready")?.lastTransitionTime ?? status?.startTime;
      return [spec?.nodeName ?? "", since?.getTime() ?? Number.POSITIVE_INFINITY];
    }),
  );
}

/** The first names, and the number of the others. */
function listNames(names: readonly string[]): string {
  const more = names.length - MAX_NAMES;
  return [...names.slice(0, MAX_NAMES), ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

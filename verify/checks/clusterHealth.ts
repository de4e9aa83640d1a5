import type { AgentReport, ProbedPath } from "../facts/agentReport";
import type { Facts } from "../facts/facts";
import { type Check, count, type Finding, unknown, unknownIfSimulated, verdict } from "./check";

/** Milliseconds after an agent became ready in which it may not yet answer probes: its health endpoint comes later. */
const SETTLING = 30_000;

/** How many names a sentence lists. */
const NAMES = 3;

const NEXT = "kubectl -n kube-system exec ds/cilium -c cilium-agent -- cilium-health status";

/** Every agent knows every node, and its probes of it and of a pod there succeed: routes between nodes work. */
export const clusterHealth: Check = {
  name: "cluster-health",
  title: "every node reaches every other one, and pods there",
  needs: ["agents-answer", "routing", "devices", "controllers"],
  judge: (facts) => {
    const nobody = unknownIfSimulated(facts);
    if (nobody !== undefined) return nobody;
    const reports = [...facts.agentAnswers].flatMap(([node, answer]) =>
      "report" in answer ? [{ node, report: answer.report }] : [],
    );
    const paths = reports.flatMap(({ node, report }) =>
      (report.health?.paths ?? []).map((path) => ({ ...path, from: node })),
    );
    const since = agentsReadySince(facts);
    const isJudged = ({ node, problem, probed }: ProbedPath) =>
      probed !== undefined &&
      (problem === "" ||
        probed.getTime() >= (since.get(node) ?? Number.POSITIVE_INFINITY) + SETTLING);

    const findings = [
      ...reports.flatMap(({ node, report }) => ownHealth(node, report, facts)),
      ...unreachable(paths.filter((path) => isJudged(path) && path.problem !== "")),
    ];
    if (findings.length > 0) return verdict(findings, "");
    if (reports.every(({ report }) => report.health === undefined)) {
      return unknown("enable-health-checking is off in cilium-config, so nothing is probed");
    }
    // From every node to every other one and itself, and to a pod there.
    const all = 2 * reports.length * facts.nodes.length;
    const pair = ({ from, node, to }: (typeof paths)[number]) => `${from} ${node} ${to}`;
    const probed = new Set(paths.map(pair));
    for (const path of paths) if (!isJudged(path)) probed.delete(pair(path));
    return probed.size < all
      ? unknown(
          `${all - probed.size} of ${all} paths not probed since their agents are ready; Cilium probes every ${reports[0]?.report.health?.interval}`,
        )
      : verdict([], `${count(all, "path")} between ${count(reports.length, "node")}`);
  },
};

/** What an agent says of its own prober, and which nodes it does not know. */
function ownHealth(node: string, { status, knownNodes }: AgentReport, { nodes }: Facts): Finding[] {
  const unknown = nodes
    .map(({ metadata }) => metadata?.name ?? "")
    .filter((name) => !knownNodes.includes(name));
  const { state = "Disabled", msg } = status.cluster.ciliumHealth ?? {};
  return [
    ...(unknown.length === 0
      ? []
      : [
          {
            seen: `${node}: does not know ${some(unknown)}`,
            expected: "all nodes",
            next: "kubectl get ciliumnodes; kubectl -n kube-system logs deployment/cilium-operator",
          },
        ]),
    ...(["Warning", "Failure"].includes(state)
      ? [{ seen: `${node}: health ${state} (${msg})`, expected: "Ok", next: NEXT }]
      : []),
  ];
}

/** One finding for a node, and one for the pods on it, whoever does not reach them. */
function unreachable(paths: readonly (ProbedPath & { readonly from: string })[]): Finding[] {
  const targets = new Map<string, (typeof paths)[number][]>();
  for (const path of paths) {
    const target = `${path.to === "host" ? "" : "pods on "}${path.node} (${path.ip})`;
    targets.set(target, [...(targets.get(target) ?? []), path]);
  }
  return [...targets].map(([target, failing]) => ({
    seen: `${target}: not reached from ${some([...new Set(failing.map(({ from }) => from))])} (${failing[0]?.problem})`,
    expected: "an answer to every probe",
    next:
      failing[0]?.to === "pod"
        ? "see whether the nodes are on one L2 network that lets pods' addresses through (Proxmox: firewall, MAC filter), else set routing.mode: tunnel"
        : `see whether that node is up and lets ICMP and TCP 4240 in; ${NEXT}`,
  }));
}

/** Since when each node's agent is ready, milliseconds. */
function agentsReadySince({ agents }: Facts): Map<string, number> {
  return new Map(
    agents.map(({ spec, status }) => {
      const ready = status?.conditions?.find(({ type }) => type === "Ready");
      const since = ready?.lastTransitionTime ?? status?.startTime;
      return [spec?.nodeName ?? "", since?.getTime() ?? Number.POSITIVE_INFINITY];
    }),
  );
}

function some(names: readonly string[]): string {
  const more = names.length - NAMES;
  return [...names.slice(0, NAMES), ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

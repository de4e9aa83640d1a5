import type { Settings } from "../../config";
import type { AgentReport } from "../facts/agentReport";
import type { Facts } from "../facts/facts";
import {
  type Check,
  count,
  type Finding,
  notApplicable,
  unknownIfSimulated,
  verdict,
} from "./check";

/** Judges the agent of one node: what is wrong, without the node's name. */
type JudgeAgent = (report: AgentReport, settings: Settings, facts: Facts) => Finding[];

/** A check that every agent passes by itself. */
function ofEveryAgent(
  name: string,
  title: string,
  detail: (settings: Settings) => string,
  judgeAgent: JudgeAgent,
  needs: readonly string[] = [],
): Check {
  return {
    name,
    title,
    needs: ["agents-answer", ...needs],
    judge: (facts, settings) => {
      const reports = [...facts.agentAnswers].flatMap(([node, answer]) =>
        "report" in answer ? [[node, answer.report] as const] : [],
      );
      const nobody = unknownIfSimulated(facts);
      if (nobody !== undefined) return nobody;
      const findings = reports.flatMap(([node, report]) =>
        judgeAgent(report, settings, facts).map((finding) => ({
          ...finding,
          seen: `${node}: ${finding.seen}`,
        })),
      );
      return verdict(findings, `${detail(settings)}, on ${count(reports.length, "node")}`);
    },
  };
}

/** Command that shows an agent's status. */
const STATUS =
  "kubectl -n kube-system exec ds/cilium -c cilium-agent -- cilium-dbg status --verbose";

/** Every agent can be asked, answers in the form that is known, and is well itself. */
export const agentsAnswer: Check = {
  name: "agents-answer",
  title: "every agent answers, is well, and reaches the API",
  needs: ["daemonset-rollout"],
  judge: (facts) => {
    const answers = [...facts.agentAnswers];
    const nobody = unknownIfSimulated(facts);
    if (nobody !== undefined) return nobody;
    const findings = answers.flatMap(([node, answer]): Finding[] => {
      if ("simulated" in answer) return [];
      if ("problem" in answer) {
        return [
          { seen: `${node}: ${answer.problem}`, expected: "an answer of the agent", next: STATUS },
        ];
      }
      const { cilium, kubernetes } = answer.report.status;
      return [["the agent", cilium] as const, ["Kubernetes", kubernetes] as const].flatMap(
        ([what, { state, msg }]) =>
          state === "Ok"
            ? []
            : [{ seen: `${node}: ${what}: ${state} (${msg})`, expected: "Ok", next: STATUS }],
      );
    });
    return verdict(findings, `${answers.length} of ${answers.length} Ok`);
  },
};

/** Cilium does kube-proxy's work, or does not, as asked. */
export const kubeProxyReplacement = ofEveryAgent(
  "kube-proxy-replacement",
  "the agents replace kube-proxy, or not, as asked for",
  (settings) => expectedReplacement(settings),
  ({ status }, settings) => {
    const { mode } = status["kube-proxy-replacement"];
    const expected = expectedReplacement(settings);
    return findingIf(mode !== expected, `kube-proxy replacement ${mode}`, expected);
  },
);

function expectedReplacement({ kubeProxyReplacement: on }: Settings): string {
  return on ? "True" : "False";
}

/** Packets between nodes go natively, or through the tunnel that was asked for. */
export const interHostRouting = ofEveryAgent(
  "routing",
  "packets go from node to node as asked for",
  ({ routing }) => (routing.mode === "native" ? "Native" : `Tunnel ${routing.tunnelProtocol}`),
  ({ status }, { routing }) => {
    const { "inter-host-routing-mode": mode, "tunnel-protocol": protocol } = status.routing;
    const seen = mode === "Tunnel" ? `Tunnel ${protocol}` : mode;
    const expected = routing.mode === "native" ? "Native" : `Tunnel ${routing.tunnelProtocol}`;
    return findingIf(seen !== expected, `routing between hosts ${seen}`, expected);
  },
);

/** Packets enter and leave pods by eBPF, or through the host's stack, which Talos' forwarding of DNS needs. */
export const hostRouting = ofEveryAgent(
  "host-routing",
  "packets go between pods and the node's devices as asked for",
  ({ talos }) => (talos.hostLegacyRouting ? "Legacy" : "BPF"),
  ({ status }, { talos }) => {
    const mode = status.routing["intra-host-routing-mode"];
    const expected = talos.hostLegacyRouting ? "Legacy" : "BPF";
    return findingIf(mode !== expected, `routing within the host ${mode}`, expected);
  },
  ["kube-proxy-replacement", "masquerading"],
);

/** Direct routes and NodePorts have a device, and it is one of those configured. */
export const directRoutingDevice = ofEveryAgent(
  "direct-routing-device",
  "the agents have a direct routing device of the LAN",
  ({ routing }) => routing.devices.join(", ") || "chosen by Cilium",
  ({ status }, { routing, kubeProxyReplacement: replaces }) => {
    const device = status["kube-proxy-replacement"].directRoutingDevice;
    // Without either nothing needs one.
    if (routing.mode !== "native" && !replaces) return [];
    const right = device !== undefined && device !== "" && matchesDevices(device, routing.devices);
    return findingIf(
      !right,
      `direct routing device ${device || "none"}`,
      expectedDevices(routing.devices),
    );
  },
  ["kube-proxy-replacement"],
);

/** What leaves the cluster gets the node's address, in eBPF or iptables as asked. */
export const masquerading = ofEveryAgent(
  "masquerading",
  "the agents masquerade as asked for",
  ({ talos }) => (talos.bpfMasquerade ? "BPF" : "iptables"),
  ({ status: { masquerading: seen } }, { talos }) => {
    const expected = talos.bpfMasquerade ? "BPF" : "iptables";
    return findingIf(
      seen.enabled !== true || seen.mode !== expected,
      `masquerading ${seen.enabled === true ? seen.mode : "off"}`,
      expected,
    );
  },
);

/** The datapath is on the LAN's devices and on no other, siderolink and VPNs above all. */
export const datapathDevices = ofEveryAgent(
  "devices",
  "the datapath is on the devices asked for, each with an address",
  ({ routing }) => routing.devices.join(", ") || "chosen by Cilium",
  ({ status }, { routing, kubeProxyReplacement: replaces }) => {
    if (!replaces) return [];
    const list = status["kube-proxy-replacement"].deviceList ?? [];
    const expected = expectedDevices(routing.devices);
    return [
      ...findingIf(list.length === 0, "no device", expected),
      ...list.flatMap(({ name, ip }) => [
        ...findingIf(!matchesDevices(name, routing.devices), `device ${name}`, expected),
        ...findingIf((ip ?? []).length === 0, `device ${name} without an address`, "an address"),
      ]),
    ];
  },
  ["direct-routing-device"],
);

/** All pods have one MTU; with another on one node, large packets get lost between them. */
export const mtu = ofEveryAgent(
  "mtu",
  "the pods of all nodes have one MTU, the one asked for",
  ({ routing }) => (routing.mtu === undefined ? "the same" : String(routing.mtu)),
  (report, { routing }, { agentAnswers }) => {
    const all = [...agentAnswers.values()].flatMap((answer) =>
      "report" in answer ? [answer.report.mtu] : [],
    );
    const expected = routing.mtu ?? Math.max(...all);
    return findingIf(
      report.mtu !== expected,
      `MTU ${report.mtu}`,
      String(expected),
      "set routing.devices (the smallest device decides, siderolink has 1280) or routing.mtu",
    );
  },
);

/** Failures in a row from which a controller is taken to fail: one may be a passing conflict. */
const FAILURES_IN_A_ROW = 2;

/** None of the agents' own control loops fails over and over. */
export const controllers = ofEveryAgent(
  "controllers",
  "no controller of an agent fails",
  () => "none fails",
  ({ status }) =>
    (status.controllers ?? []).flatMap(({ name, status: is }) => {
      const failures = is?.["consecutive-failure-count"] ?? 0;
      return findingIf(
        failures >= FAILURES_IN_A_ROW,
        `controller ${name} failed ${failures} times in a row (${is?.["last-failure-msg"]})`,
        "none fails",
      );
    }),
);

/** Keys that the agent's init container adds: where it found the others (Cilium, pkg/option/resolver). */
const OF_BUILD_CONFIG = new Set(["config-sources", "config-sources-overrides"]);

/** Agents were started with what the ConfigMap says now, in what no other check looks at, too. */
export const agentsRunTheConfig = ofEveryAgent(
  "agent-config",
  "the agents run with what cilium-config says",
  () => "no difference",
  ({ config }, _settings, { configMap }) => {
    const own = Object.entries(config).filter(([key]) => !OF_BUILD_CONFIG.has(key));
    const differing = differences(configMap?.data ?? {}, Object.fromEntries(own));
    return findingIf(
      differing.length > 0,
      differing.join("; "),
      "what cilium-config says",
      "kubectl -n kube-system rollout restart ds/cilium; if it stays, a CiliumNodeConfig sets it: kubectl get ciliumnodeconfigs -A",
    );
  },
  [
    ...["cilium-config", "kube-proxy-replacement", "routing", "direct-routing-device"],
    ...["masquerading", "host-routing", "devices", "mtu"],
  ],
);

/** The ConfigMap is as Helm's release has it; whoever edited it is undone by the next update only. */
export const configMapAsReleased: Check = {
  name: "cilium-config",
  title: "cilium-config is what the Release intended",
  needs: ["helm-release"],
  judge: ({ configMap, releases }) => {
    const intended = releases.find(
      ({ namespace, name }) => namespace === "kube-system" && name === "cilium",
    )?.ciliumConfig;
    if (intended === undefined) return notApplicable("the Release has no cilium-config");
    const differing = differences(intended, configMap?.data ?? {});
    return verdict(
      differing.map((seen) => ({
        seen,
        expected: "the Release's value",
        next: "write it into the stack's configuration, or undo it: pulumi up --refresh",
      })),
      count(Object.keys(intended).length, "key"),
    );
  },
};

/** Keys whose values differ, each as key: "seen" instead of "expected". */
function differences(
  expected: Readonly<Record<string, string>>,
  seen: Readonly<Record<string, string>>,
): string[] {
  return [...new Set([...Object.keys(expected), ...Object.keys(seen)])]
    .filter((key) => expected[key]?.trim() !== seen[key]?.trim())
    .sort()
    .map((key) => `${key} is ${shown(seen[key])} instead of ${shown(expected[key])}`);
}

function shown(value: string | undefined): string {
  return value === undefined ? "absent" : JSON.stringify(value);
}

/** Whether a device is one of those configured: names, or prefixes with a trailing +; none: any is. */
function matchesDevices(name: string, devices: readonly string[]): boolean {
  return (
    devices.length === 0 ||
    devices.some(
      (device) => device === name || (device.endsWith("+") && name.startsWith(device.slice(0, -1))),
    )
  );
}

function expectedDevices(devices: readonly string[]): string {
  return devices.length === 0 ? "a device of the LAN" : devices.join(", ");
}

function findingIf(wrong: boolean, seen: string, expected: string, next = STATUS): Finding[] {
  return wrong ? [{ seen, expected, next }] : [];
}

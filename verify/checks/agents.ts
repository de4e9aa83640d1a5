import { count, masquerades, matchesDevice, type Settings } from "../../config";
import type { AgentReport } from "../facts/agentReport";
import { type Facts, isStackRelease } from "../facts/facts";
import {
  type Check,
  defineCheck,
  type Finding,
  notApplicable,
  passedUnless,
  unknownIfSimulated,
} from "./check";
import { daemonSetRolledOut, helmRelease } from "./rollout";

const SHOW_STATUS =
  "kubectl -n kube-system exec ds/cilium -c cilium-agent -- cilium-dbg status --verbose";

/** Failures in a row that count: a single one may be a conflict that passes. */
const FAILURES_IN_A_ROW = 2;

/** Keys that the agent's init container adds: where it found the others (Cilium, pkg/option/resolver). */
const SOURCE_KEYS = new Set(["config-sources", "config-sources-overrides"]);

export const agentsAnswer = defineCheck({
  name: "agents-answer",
  title: "every agent answers, is healthy, and reaches the Kubernetes API",
  needs: [daemonSetRolledOut],
  judge: (facts) => {
    const noAgents = unknownIfSimulated(facts);
    if (noAgents !== undefined) return noAgents;
    const answers = [...facts.agentAnswers];
    const findings = answers.flatMap(([node, answer]): Finding[] => {
      if ("simulated" in answer) return [];
      if ("problem" in answer) {
        return [
          {
            seen: `${node}: ${answer.problem}`,
            expected: "an answer from the agent",
            next: SHOW_STATUS,
          },
        ];
      }
      const { cilium, kubernetes } = answer.report.status;
      return [["the agent", cilium] as const, ["Kubernetes", kubernetes] as const].flatMap(
        ([part, { state, msg }]) =>
          findingIf(state !== "Ok", `${node}: ${part}: ${state} (${msg})`, "Ok"),
      );
    });
    return passedUnless(findings, `${answers.length} of ${answers.length} Ok`);
  },
});

export const kubeProxyReplacement = agentCheck({
  name: "kube-proxy-replacement",
  title: "the agents replace kube-proxy, or not, as configured",
  expected: expectedReplacement,
  judgeAgent: ({ status }, settings) => {
    const { mode } = status["kube-proxy-replacement"];
    const expected = expectedReplacement(settings);
    return findingIf(mode !== expected, `kube-proxy replacement ${mode}`, expected);
  },
});

export const interHostRouting = agentCheck({
  name: "routing",
  title: "packets between nodes are routed as configured: natively, or through the tunnel",
  expected: expectedRouting,
  judgeAgent: ({ status }, settings) => {
    const { "inter-host-routing-mode": mode, "tunnel-protocol": protocol } = status.routing;
    const seen = mode === "Tunnel" ? `Tunnel ${protocol}` : mode;
    const expected = expectedRouting(settings);
    return findingIf(seen !== expected, `routing between hosts ${seen}`, expected);
  },
});

/** NodePorts and direct routes need a device. */
export const directRoutingDevice = agentCheck({
  name: "direct-routing-device",
  title: "the agents' direct routing device is a configured one",
  needs: [kubeProxyReplacement],
  expected: ({ routing }) => routing.devices.join(", ") || "chosen by Cilium",
  judgeAgent: ({ status }, { routing, kubeProxyReplacement: replaces }) => {
    if (routing.mode !== "native" && !replaces) return [];
    const device = status["kube-proxy-replacement"].directRoutingDevice;
    const isConfigured =
      device !== undefined && device !== "" && isConfiguredDevice(device, routing.devices);
    return findingIf(
      !isConfigured,
      `direct routing device ${device || "none"}`,
      expectedDevices(routing.devices),
    );
  },
});

export const masquerading = agentCheck({
  name: "masquerading",
  title: "the agents masquerade as configured: in eBPF, in iptables, or not at all",
  expected: expectedMasquerading,
  judgeAgent: ({ status }, settings) => {
    const { enabled, mode } = status.masquerading;
    const expected = expectedMasquerading(settings);
    const seen = enabled === true ? mode : "off";
    return findingIf(seen !== expected, `masquerading ${seen}`, expected);
  },
});

/** Talos' host DNS needs the host's network stack between pods and the node's devices. */
export const hostRouting = agentCheck({
  name: "host-routing",
  title:
    "packets between pods and the node's devices are routed as configured: in eBPF, or by the host's network stack",
  needs: [kubeProxyReplacement, masquerading],
  expected: expectedHostRouting,
  judgeAgent: ({ status }, settings) => {
    const mode = status.routing["intra-host-routing-mode"];
    const expected = expectedHostRouting(settings);
    return findingIf(mode !== expected, `routing within the host ${mode}`, expected);
  },
});

/** The datapath must not be on siderolink or a VPN's interface. */
export const datapathDevices = agentCheck({
  name: "devices",
  title: "the agents' datapath is on configured devices only, each with an address",
  needs: [directRoutingDevice],
  expected: ({ routing }) => routing.devices.join(", ") || "chosen by Cilium",
  judgeAgent: ({ status }, { routing, kubeProxyReplacement: replaces }) => {
    if (!replaces) return [];
    const list = status["kube-proxy-replacement"].deviceList ?? [];
    const expected = expectedDevices(routing.devices);
    return [
      ...findingIf(list.length === 0, "no device", expected),
      ...list.flatMap(({ name, ip }) => [
        ...findingIf(!isConfiguredDevice(name, routing.devices), `device ${name}`, expected),
        ...findingIf((ip ?? []).length === 0, `device ${name} without an address`, "an address"),
      ]),
    ];
  },
});

/** Where the MTUs of two nodes differ, large packets between their pods are lost. */
export const mtu = agentCheck({
  name: "mtu",
  title: "pods on all nodes have the same MTU: the configured one, if there is one",
  expected: ({ routing }) => (routing.mtu === undefined ? "the same" : String(routing.mtu)),
  judgeAgent: (report, { routing }, { agentAnswers }) => {
    const mtus = [...agentAnswers.values()].flatMap((answer) =>
      "report" in answer ? [answer.report.mtu] : [],
    );
    const expected = routing.mtu ?? Math.max(...mtus);
    return findingIf(
      report.mtu !== expected,
      `MTU ${report.mtu}`,
      String(expected),
      "set routing.devices (the smallest device decides, siderolink has 1280) or routing.mtu",
    );
  },
});

/** The ConfigMap is as Helm made it. An edit of it works until the next update reverts it. */
export const configMapAsReleased = defineCheck({
  name: "cilium-config",
  title: "the ConfigMap cilium-config is as the Helm release made it",
  needs: [helmRelease],
  judge: ({ configMap, releases }) => {
    const released = releases.find(isStackRelease)?.ciliumConfig;
    if (released === undefined) return notApplicable("the Helm release has no cilium-config");
    const findings = differences(released, configMap?.data ?? {}).map((seen) => ({
      seen,
      expected: "the Helm release's value",
      next: "set it in the stack's configuration, or revert it: pulumi up --refresh",
    }));
    return passedUnless(findings, count(Object.keys(released).length, "key"));
  },
});

/** Also finds what differs in settings that no other check looks at. */
export const agentsRunTheConfig = agentCheck({
  name: "agent-config",
  title: "the agents run with the current cilium-config",
  needs: [
    ...[configMapAsReleased, kubeProxyReplacement, interHostRouting, directRoutingDevice],
    ...[masquerading, hostRouting, datapathDevices, mtu],
  ],
  expected: () => "no difference",
  judgeAgent: ({ config }, _settings, { configMap }) => {
    const own = Object.entries(config).filter(([key]) => !SOURCE_KEYS.has(key));
    const differing = differences(configMap?.data ?? {}, Object.fromEntries(own));
    return findingIf(
      differing.length > 0,
      differing.join("; "),
      "the values in cilium-config",
      "kubectl -n kube-system rollout restart ds/cilium; if they stay, a CiliumNodeConfig overrides them: kubectl get ciliumnodeconfigs -A",
    );
  },
});

export const controllers = agentCheck({
  name: "controllers",
  title: "no controller of an agent fails repeatedly",
  expected: () => "no failing controller",
  judgeAgent: ({ status }) =>
    (status.controllers ?? []).flatMap(({ name, status: last }) => {
      const failures = last?.["consecutive-failure-count"] ?? 0;
      return findingIf(
        failures >= FAILURES_IN_A_ROW,
        `controller ${name} failed ${failures} times in a row (${last?.["last-failure-msg"]})`,
        "no failing controller",
      );
    }),
});

/** A check of each agent by itself. */
function agentCheck<const Name extends string>(spec: {
  readonly name: Name;
  readonly title: string;
  /** Checks that it needs beside agents-answer. */
  readonly needs?: readonly Check[];
  /** What is said of agents that pass. */
  readonly expected: (settings: Settings) => string;
  /** Findings of one agent, without the node's name. */
  readonly judgeAgent: (report: AgentReport, settings: Settings, facts: Facts) => Finding[];
}): Check<Name> {
  return {
    name: spec.name,
    title: spec.title,
    needs: [agentsAnswer, ...(spec.needs ?? [])],
    judge: (facts, settings) => {
      const noAgents = unknownIfSimulated(facts);
      if (noAgents !== undefined) return noAgents;
      const reports = [...facts.agentAnswers].flatMap(([node, answer]) =>
        "report" in answer ? [[node, answer.report] as const] : [],
      );
      const findings = reports.flatMap(([node, report]) =>
        spec.judgeAgent(report, settings, facts).map((finding) => ({
          ...finding,
          seen: `${node}: ${finding.seen}`,
        })),
      );
      return passedUnless(
        findings,
        `${spec.expected(settings)}, on ${count(reports.length, "node")}`,
      );
    },
  };
}

function expectedReplacement({ kubeProxyReplacement: replaces }: Settings): "True" | "False" {
  return replaces ? "True" : "False";
}

function expectedRouting({ routing }: Settings): string {
  return routing.mode === "native" ? "Native" : `Tunnel ${routing.tunnelProtocol}`;
}

function expectedMasquerading(settings: Settings): "BPF" | "iptables" | "off" {
  if (!masquerades(settings)) return "off";
  return settings.talos.bpfMasquerade ? "BPF" : "iptables";
}

function expectedHostRouting({ talos }: Settings): "Legacy" | "BPF" {
  return talos.hostLegacyRouting ? "Legacy" : "BPF";
}

function expectedDevices(devices: readonly string[]): string {
  return devices.length === 0 ? "a device of the LAN" : devices.join(", ");
}

/** Whether a device is a configured one. Without configured ones Cilium chooses, and any is right. */
function isConfiguredDevice(name: string, devices: readonly string[]): boolean {
  return devices.length === 0 || devices.some((device) => matchesDevice(device, name));
}

function findingIf(wrong: boolean, seen: string, expected: string, next = SHOW_STATUS): Finding[] {
  return wrong ? [{ seen, expected, next }] : [];
}

/** Keys whose values differ, each as: key is "seen" instead of "expected". */
function differences(
  expected: Readonly<Record<string, string>>,
  seen: Readonly<Record<string, string>>,
): string[] {
  return [...new Set([...Object.keys(expected), ...Object.keys(seen)])]
    .filter((key) => expected[key]?.trim() !== seen[key]?.trim())
    .sort()
    .map((key) => `${key} is ${quoteValue(seen[key])} instead of ${quoteValue(expected[key])}`);
}

function quoteValue(value: string | undefined): string {
  return value === undefined ? "absent" : JSON.stringify(value);
}

import assert from "node:assert/strict";
import type { V1ClusterRole } from "@kubernetes/client-node";
import deepmerge from "deepmerge";
import { execa } from "execa";
import type { Settings } from "../../../config";
import { hardwareAddress } from "../../../lab/network/arp";
import { verification } from "../../../lab/verification";
import { type StackConfig, settingsOf } from "../../../tools/stackFile";
import { checks } from "../../../tools/verify/checks";
import type { Report } from "../../../tools/verify/report";
import { verify } from "../../../tools/verify/verify";
import { type Change, changing } from "../support/changes";
import { eventually } from "../support/labForTests";
import { AGNHOST, NETWORK_TIMEOUT, NetworkLab } from "../support/networkLab";
import { policy } from "../support/objects";
import { type Scenario, testScenario } from "../support/scenarios";

/** The node that is broken where one is enough. */
const NODE = "talos-tz7-uk1";

/** A rule that refuses connections to a node's kubelet. */
const NO_KUBELET = ["INPUT", "-p", "tcp", "--dport", "10250", "-j", "REJECT"];

/** Seconds that a change has to show: agents that start anew, leases. */
const WAIT = 90;

describe("the verification, on a real network", function () {
  this.timeout(NETWORK_TIMEOUT);
  const lab = new NetworkLab();
  let settings: Settings;

  before(async function () {
    await lab.begin(this, withFrequentProbes);
    settings = settingsOf(await lab.config("lab", withFrequentProbes));
    await lab.serveOnEveryNode("web");
    await lab.expose("web", "web");
  });
  after(() => lab.remove());

  it("passes every check but those that nobody asked for", async () => {
    const outcomes = await eventually("every path between nodes is probed", async () => {
      const results = await verify(lab.clients.config, {
        settings,
        waitSeconds: WAIT,
        talosContext: undefined,
      });
      const others = results.filter(({ verdict }) => verdict.outcome !== "passed");
      const names = others.map(({ check, verdict }) => `${check.name}: ${verdict.outcome}`);
      return names.includes("cluster-health: not checkable here") ? undefined : names;
    });
    assert.deepEqual(outcomes, ["kubeprism: not asked for"]);
  });

  it("proves it from the LAN: an address, one answer to ARP, TCP, a Gateway's address", async () => {
    const { passed, checks: reported } = await prove();
    const active = reported.filter(({ name }) => name.startsWith("active-"));
    assert.ok(passed, JSON.stringify(reported.filter(({ outcome }) => outcome === "failed")));
    assert.deepEqual(
      active.map(({ name, outcome }) => `${name}: ${outcome}`),
      [
        "active-address: passed",
        "active-tcp: passed",
        "active-arp: passed",
        "active-gateway-address: passed",
        "active-gateway-http: not checkable here",
      ],
    );
    const detail = (name: string) => active.find((check) => check.name === name)?.detail ?? "";
    assert.match(detail("active-tcp"), /^echo-\S+ answered \d+\.\d s after it was asked for$/);
    const macs = await Promise.all(
      (await lab.nodes()).map((node) => hardwareAddress(lab.state, node)),
    );
    const [, mac = ""] = / is at (\S+)$/.exec(detail("active-arp")) ?? [];
    assert.ok(macs.includes(mac), detail("active-arp"));
    await nothingIsLeft();
  });

  const scenarios: Scenario[] = [
    {
      check: "agents-answer",
      name: "a kubelet that cannot be reached",
      says: new RegExp(
        `^${NODE}: kube-system/cilium-\\w+: sh: Internal error occurred: .*/exec/kube-system/cilium-\\w+/cilium-agent": dial tcp 192\\.168\\.10\\.104:10250: connect: connection refused; expected an answer of the agent; next: kubectl `,
      ),
      break: () => lab.on(NODE, "iptables", "-I", ...NO_KUBELET),
      mend: () => lab.on(NODE, "iptables", "-D", ...NO_KUBELET),
    },
    {
      check: "kube-proxy-replacement",
      name: "an agent that does not replace kube-proxy",
      says: new RegExp(`^${NODE}: kube-proxy replacement False; expected True; next: kubectl `),
      ...nodeConfig({ "kube-proxy-replacement": "false", "enable-l2-announcements": "false" }),
    },
    {
      check: "routing",
      name: "a tunnel where native routing was asked for",
      says: new RegExp(`^${NODE}: routing between hosts Tunnel vxlan; expected Native; next: `),
      ...nodeConfig({
        "routing-mode": "tunnel",
        "tunnel-protocol": "vxlan",
        "auto-direct-node-routes": "false",
      }),
    },
    {
      check: "masquerading",
      name: "masquerading in iptables",
      says: new RegExp(`^${NODE}: masquerading iptables; expected BPF; next: `),
      ...nodeConfig({ "enable-bpf-masquerade": "false" }),
    },
    {
      check: "host-routing",
      name: "eBPF host routing where Talos' DNS needs the host's stack",
      says: new RegExp(`^${NODE}: routing within the host BPF; expected Legacy; next: `),
      ...nodeConfig({ "enable-host-legacy-routing": "false" }),
    },
    {
      check: "direct-routing-device",
      name: "a direct routing device that is not on the LAN",
      says: new RegExp(`^${NODE}: direct routing device siderolink; expected eth0; next: `),
      ...withSiderolink(
        nodeConfig({ devices: "eth0 siderolink", "direct-routing-device": "siderolink" }),
      ),
    },
    {
      check: "devices",
      name: "siderolink among the devices",
      says: new RegExp(`^${NODE}: device siderolink; expected eth0; next: `),
      ...withSiderolink(
        nodeConfig({ devices: "eth0 siderolink", "direct-routing-device": "eth0" }),
      ),
    },
    {
      check: "mtu",
      name: "a smaller MTU on one node",
      says: new RegExp(`^${NODE}: MTU 1280; expected 1500; next: set routing\\.devices`),
      ...nodeConfig({ mtu: "1280" }),
    },
    {
      check: "agent-config",
      name: "an agent that was started with something else",
      says: new RegExp(
        `^${NODE}: monitor-aggregation is "none" instead of "medium"; expected what cilium-config says; next: .*get ciliumnodeconfigs -A$`,
      ),
      ...nodeConfig({ "monitor-aggregation": "none" }),
    },
    {
      check: "controllers",
      name: "a controller that fails over and over",
      says: new RegExp(
        `^${NODE}: controller sync-to-k8s-ciliumendpoint \\(\\d+\\) failed \\d+ times in a row \\(.*forbidden.*\\); expected none fails; next: `,
      ),
      ...withoutRights("ciliumendpoints"),
    },
    {
      check: "cluster-health",
      name: "pods of a node that nobody reaches",
      says: new RegExp(
        `^pods on ${NODE} \\(10\\.14\\.\\d+\\.\\d+\\): not reached from .* \\(.*\\); expected an answer to every probe; next: see whether the nodes are on one L2`,
      ),
      // What a hypervisor's filter does to addresses that are no machine's.
      ...droppedOnTheWay(),
    },
    {
      check: "service-leases",
      name: "a policy whose nodes there are none of",
      says: /^default\/web \(192\.168\.10\.50\): nobody holds the lease cilium-l2announce-default-web; expected a holder; next: kubectl -n kube-system logs ds\/cilium/,
      ...policyChanged({
        nodeSelector: { matchLabels: { "kubernetes.io/os": "linux", announces: "yes" } },
      }),
    },
    {
      check: "service-holders",
      name: "a lease of a node that is gone",
      says: /^default\/web \(192\.168\.10\.50\): its lease is held by talos-gone, which is no node; expected a node; next: the lease moves/,
      ...leaseOf("talos-gone"),
    },
    {
      check: "service-announcements",
      name: "a policy for a device that there is not",
      says: /^default\/web \(192\.168\.10\.50\): \S+ holds the lease and announces 192\.168\.10\.50 on no device; expected an entry of its table l2-announce; next: correct interfaces/,
      ...policyChanged({ interfaces: ["^eth9$"] }),
    },
  ];
  for (const scenario of scenarios) testScenario(lab, () => settings, scenario);

  it("has a scenario for every check that agents have to answer", () => {
    const found = new Set(scenarios.map(({ check }) => check));
    const ofAgents = checks.filter(({ name, needs }) =>
      [name, ...(needs ?? [])].some((one) =>
        /^agents-answer$|^service-(leases|holders)$/.test(one),
      ),
    );
    assert.deepEqual(
      ofAgents.filter(({ name }) => !found.has(name)).map(({ name }) => name),
      [],
    );
  });

  describe("its active proof", () => {
    it("finds a Gateway that nothing answers for", async () => {
      const { command, env } = verification(lab, await lab.config());
      const [program = "", ...args] = command;
      const known = args.filter((_, index) => !args[index - 1]?.startsWith("--not-here"));
      const first = known.filter((arg) => arg !== "--not-here");
      const { stdout } = await execa(program, [...first, "--json", "--active", "--timeout", "10"], {
        env: { ...env, SETTINGS: JSON.stringify(settings) },
        reject: false,
      });
      assertFailed(
        JSON.parse(stdout),
        "active-gateway-http",
        /^http:\/\/192\.168\.10\.\d+\/hostname: no answer within 10 s \(.*\)$/,
      );
    });

    it("finds a workload that does not run", async () => {
      assertFailed(
        await prove("--timeout", "10", "--image", "registry.invalid/none:1"),
        "active-tcp",
        /^http:\/\/192\.168\.10\.\d+\/hostname: no answer within 10 s \(.*\)$/,
      );
    });

    it("finds somebody else who has the address", async () => {
      // The next free one of the pool; a stranger on the LAN has it, and answers HTTP, too.
      await lab.on("lan", "ip", "address", "add", "192.168.10.51/32", "dev", "lan");
      const { agnhost } = await lab.tools();
      const stranger = lab.spawn(
        "lan",
        agnhost ?? "",
        "netexec",
        "--http-port=80",
        "--udp-port=-1",
      );
      try {
        assertFailed(
          await prove(),
          "active-arp",
          /^192\.168\.10\.51: [\da-f:]{17} and [\da-f:]{17} answer ARP$/,
        );
      } finally {
        stranger.kill();
        await lab.on("lan", "ip", "address", "delete", "192.168.10.51/32", "dev", "lan");
      }
    });

    it("finds that a Gateway gets no address, and a Service none", async () => {
      for (const [stop, check, seen] of [
        ["192.168.10.51", "active-gateway-address", /^Gateway .*\/echo: no address within 5 s$/],
        ["192.168.10.50", "active-address", /^Service .*\/echo: no address within 5 s$/],
      ] as const) {
        const change = (config: StackConfig) =>
          deepmerge(
            withFrequentProbes(config),
            {
              "talos-cilium:loadBalancing": { pools: [{ start: "192.168.10.50", stop }] },
            },
            { arrayMerge: (_before, after) => after },
          );
        await lab.reconfigure(change);
        const asked = settingsOf(await lab.config("lab", change));
        assertFailed(await proveFor(asked, "--timeout", "5"), check, seen);
      }
      await lab.reconfigure(withFrequentProbes);
    });

    it("leaves nothing when it is interrupted", async () => {
      const { command, env } = verification(lab, await lab.config());
      const [program = "", ...args] = command;
      const proof = execa(program, [...args, "--active"], { env, reject: false });
      await eventually("the proof has begun", async () =>
        (await proofs()).length > 0 ? true : undefined,
      );
      proof.kill("SIGINT");
      const { exitCode, stderr } = await proof;
      assert.equal(exitCode, 1);
      assert.match(stderr, /interrupted/);
      await nothingIsLeft();
    });
  });

  it("does not fail because an API server dies meanwhile", async () => {
    const looks = Array.from({ length: 5 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, 500 * index));
      return verify(lab.clients.config, { settings, waitSeconds: 0, talosContext: undefined });
    });
    // The first one is the client's.
    process.kill(lab.apiServer("kube-apiserver-2").pid, "SIGKILL");
    for (const results of await Promise.all(looks)) {
      assert.deepEqual(
        results.filter(({ verdict }) => verdict.outcome === "failed"),
        [],
      );
    }
    assert.ok(!lab.processes.some(({ name }) => name === "kube-apiserver-2"));
  });

  /** Runs the command with its active proof, on the client. */
  function prove(...more: string[]): Promise<Report> {
    return proveFor(settings, ...more);
  }

  async function proveFor(asked: Settings, ...more: string[]): Promise<Report> {
    const { command, env } = verification(lab, await lab.config());
    const [program = "", ...args] = command;
    const { stdout, stderr } = await execa(program, [...args, "--json", "--active", ...more], {
      env: { ...env, SETTINGS: JSON.stringify(asked) },
      reject: false,
    });
    assert.ok(stdout.startsWith("{"), stderr);
    return JSON.parse(stdout);
  }

  async function proofs(): Promise<string[]> {
    const { items } = await lab.clients.core.listNamespace();
    const names = items.map(({ metadata }) => metadata?.name ?? "");
    return names.filter((name) => name.startsWith("talos-cilium-proof-"));
  }

  async function nothingIsLeft(): Promise<void> {
    assert.deepEqual(await proofs(), []);
  }

  /** Settings for one node's agent alone, which starts anew with them. */
  function nodeConfig(defaults: Record<string, string>): Change {
    const object = {
      apiVersion: "cilium.io/v2",
      kind: "CiliumNodeConfig",
      metadata: { name: "one-node", namespace: "kube-system" },
      spec: { nodeSelector: { matchLabels: { "kubernetes.io/hostname": NODE } }, defaults },
    };
    return {
      break: async () => {
        await lab.create(object);
        await lab.replaceAgent(NODE);
      },
      mend: async () => {
        await lab.delete(object);
        await lab.replaceAgent(NODE);
      },
    };
  }

  /** A second device on the node, like the one through which Omni reaches a machine. */
  function withSiderolink(change: Change): Change {
    const ip = (...args: string[]) => lab.on(NODE, "ip", ...args);
    return {
      break: async () => {
        await ip("link", "add", "siderolink", "type", "veth", "peer", "name", "omni");
        await ip("link", "set", "omni", "up");
        await ip("address", "add", "10.99.0.2/24", "dev", "siderolink");
        await ip("link", "set", "siderolink", "up");
        await change.break();
      },
      mend: async () => {
        await change.mend();
        await ip("link", "delete", "siderolink");
      },
    };
  }

  /** Takes from the agents the right to write a kind of object, and makes a pod that they want to write of. */
  function withoutRights(resource: string): Change {
    let role: V1ClusterRole;
    const object = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "cilium", namespace: "" },
    };
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "new", namespace: "default" },
      spec: {
        nodeName: NODE,
        terminationGracePeriodSeconds: 1,
        containers: [{ name: "pause", image: AGNHOST, args: ["pause"] }],
      },
    };
    return {
      break: async () => {
        role = (await lab.clients.anything.read(object)) as V1ClusterRole;
        const rules = (role.rules ?? []).flatMap((rule) => {
          if (!rule.resources?.some((name) => name.startsWith(resource))) return [rule];
          const verbs = rule.verbs.filter((verb) => ["get", "list", "watch"].includes(verb));
          return verbs.length === 0 ? [] : [{ ...rule, verbs }];
        });
        await lab.change({ ...object, rules });
        await lab.create(pod);
      },
      mend: async () => {
        await lab.change({ ...object, rules: role.rules });
        await lab.delete(pod);
      },
    };
  }

  /** Drops what others send to the node's pods. */
  function droppedOnTheWay(): Change {
    const rule = ["FORWARD", "-i", "eth0", "-j", "DROP"];
    return {
      break: () => lab.on(NODE, "iptables", "-I", ...rule),
      mend: () => lab.on(NODE, "iptables", "-D", ...rule),
    };
  }

  /** The stack's policy, in the cluster and as it is asked for. */
  function policyChanged(change: object): Pick<Scenario, "settings" | "break" | "mend"> {
    return {
      ...changing(lab, policy(), { spec: change }),
      settings: ({ loadBalancing, ...asked }) => {
        const policies = loadBalancing.policies.map((each) => ({ ...each, ...change }));
        return { ...asked, loadBalancing: { ...loadBalancing, policies } };
      },
    };
  }

  /** The lease of the address, held by somebody for a long time. */
  function leaseOf(holderIdentity: string): Change {
    const lease = {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: "cilium-l2announce-default-web", namespace: "kube-system" },
    };
    const renewTime = new Date().toISOString().replace("Z", "000Z");
    return {
      break: () =>
        lab.change({ ...lease, spec: { holderIdentity, renewTime, leaseDurationSeconds: 86_400 } }),
      mend: () => lab.delete(lease),
    };
  }
});

/** Has agents probe each other as often as they can: every 24 s here. */
function withFrequentProbes(config: StackConfig): StackConfig {
  const values = { connectivityProbeFrequencyRatio: 0 };
  return deepmerge(config, { "talos-cilium:cilium": { values } });
}

/** Asserts that one check of a report failed, and what it saw. */
function assertFailed({ passed, checks: reported }: Report, name: string, seen: RegExp): void {
  const failed = reported.filter(({ outcome }) => outcome === "failed");
  assert.deepEqual(
    failed.map((check) => check.name),
    [name],
    JSON.stringify(failed),
  );
  assert.equal(passed, false);
  assert.match(failed[0]?.findings[0]?.seen ?? "", seen);
  assert.notEqual(failed[0]?.findings[0]?.next, "");
}

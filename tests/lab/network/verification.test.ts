import assert from "node:assert/strict";
import deepmerge from "deepmerge";
import { execa } from "execa";
import type { Settings } from "../../../config";
import { type StackConfig, settingsOf } from "../../../config/stackFile";
import { hardwareAddress } from "../../../lab/lan/arp";
import { verification } from "../../../lab/verification";
import type { Report } from "../../../verify/report";
import { verify } from "../../../verify/verify";
import { eventually } from "../../support/labForTests";
import { NETWORK_TIMEOUT, NetworkLab } from "../../support/networkLab";
import { networkScenarios } from "../../support/networkScenarios";
import { agentChecks, testScenario } from "../../support/scenarios";

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

  it("passes every check that applies", async () => {
    const outcomes = await eventually("every path between nodes is probed", async () => {
      const results = await verify(lab.clients.config, {
        settings,
        waitSeconds: WAIT,
      });
      const others = results.filter(({ verdict }) => verdict.outcome !== "passed");
      const names = others.map(({ check, verdict }) => `${check.name}: ${verdict.outcome}`);
      return names.includes("cluster-health: unknown") ? undefined : names;
    });
    assert.deepEqual(outcomes, ["kubeprism: not-applicable"]);
  });

  it("tests connectivity from the LAN: an address, one answer to ARP, TCP, a Gateway's address", async () => {
    const { passed, checks: reported } = await testConnectivity();
    const connectivity = reported.filter(({ name }) => name.startsWith("connectivity-"));
    assert.ok(passed, JSON.stringify(reported.filter(({ outcome }) => outcome === "failed")));
    assert.deepEqual(
      connectivity.map(({ name, outcome }) => `${name}: ${outcome}`),
      [
        "connectivity-address: passed",
        "connectivity-tcp: passed",
        "connectivity-arp: passed",
        "connectivity-gateway-address: passed",
        "connectivity-gateway-http: skipped",
      ],
    );
    const detail = (name: string) =>
      connectivity.find((check) => check.name === name)?.detail ?? "";
    assert.match(detail("connectivity-tcp"), /^echo-\S+ answered \d+\.\d s after the request$/);
    const macs = await Promise.all(
      (await lab.nodes()).map((node) => hardwareAddress(lab.folder, node)),
    );
    const [, mac = ""] = / is at (\S+)$/.exec(detail("connectivity-arp")) ?? [];
    assert.ok(macs.includes(mac), detail("connectivity-arp"));
    await nothingIsLeft();
  });

  const scenarios = networkScenarios(lab);
  for (const scenario of scenarios) testScenario(lab, () => settings, scenario);

  it("has a scenario for every check that needs agents", () => {
    assert.deepEqual(new Set(scenarios.map(({ check }) => check)), agentChecks);
  });

  describe("its connectivity test", () => {
    it("finds a Gateway that nothing answers for", async () => {
      assertFailed(
        await testConnectivity({ skip: [] }, "--timeout", "10"),
        "connectivity-gateway-http",
        /^http:\/\/192\.168\.10\.\d+\/hostname: no answer within 10 s \(.*\)$/,
      );
    });

    it("finds a workload that does not run", async () => {
      assertFailed(
        await testConnectivity({}, "--timeout", "10", "--image", "registry.invalid/none:1"),
        "connectivity-tcp",
        /^http:\/\/192\.168\.10\.\d+\/hostname: no answer within 10 s \(.*\)$/,
      );
    });

    it("finds another machine with the address", async () => {
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
          await testConnectivity(),
          "connectivity-arp",
          /^192\.168\.10\.51: [\da-f:]{17} and [\da-f:]{17} answer ARP$/,
        );
      } finally {
        stranger.kill();
        await lab.on("lan", "ip", "address", "delete", "192.168.10.51/32", "dev", "lan");
      }
    });

    it("finds a Gateway and a Service without an address", async () => {
      for (const [stop, check, seen] of [
        [
          "192.168.10.51",
          "connectivity-gateway-address",
          /^Gateway .*\/echo: no address within 5 s$/,
        ],
        ["192.168.10.50", "connectivity-address", /^Service .*\/echo: no address within 5 s$/],
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
        const changed = settingsOf(await lab.config("lab", change));
        assertFailed(await testConnectivity({ compared: changed }, "--timeout", "5"), check, seen);
      }
      await lab.reconfigure(withFrequentProbes);
    });

    it("leaves nothing when it is interrupted", async () => {
      const { command, env } = verification(lab, settings);
      const [program = "", ...args] = command;
      const test = execa(program, [...args, "--connectivity-test"], { env, reject: false });
      await eventually("the test has begun", async () =>
        (await testNamespaces()).length > 0 ? true : undefined,
      );
      test.kill("SIGINT");
      const { exitCode, stderr } = await test;
      assert.equal(exitCode, 1);
      assert.match(stderr, /interrupted/);
      await nothingIsLeft();
    });
  });

  it("does not fail because an API server dies meanwhile", async () => {
    const looks = Array.from({ length: 5 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, 500 * index));
      return verify(lab.clients.config, { settings });
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

  /** Runs the command with its connectivity test, on the client. */
  async function testConnectivity(
    { compared = settings, skip }: { compared?: Settings; skip?: string[] } = {},
    ...more: string[]
  ): Promise<Report> {
    const { command, env } = verification(lab, compared, skip);
    const [program = "", ...args] = command;
    const options = ["--json", "--connectivity-test", ...more];
    const { stdout, stderr } = await execa(program, [...args, ...options], { env, reject: false });
    assert.ok(stdout.startsWith("{"), stderr);
    return JSON.parse(stdout);
  }

  async function testNamespaces(): Promise<string[]> {
    const { items } = await lab.clients.core.listNamespace();
    const names = items.map(({ metadata }) => metadata?.name ?? "");
    return names.filter((name) => name.startsWith("talos-cilium-test-"));
  }

  async function nothingIsLeft(): Promise<void> {
    assert.deepEqual(await testNamespaces(), []);
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

import assert from "node:assert/strict";
import { execa } from "execa";
import type { Settings } from "../../config";
import { type StackConfig, settingsOf } from "../../config/stackFile";
import { verification } from "../../lab/verification";
import { checks } from "../../verify/checks";
import { verify } from "../../verify/verify";
import { controlPlaneScenarios } from "../support/controlPlaneScenarios";
import { ENGINE_TIMEOUT, LabForTests, withToolchain } from "../support/labForTests";
import { loadBalancer, pool } from "../support/objects";
import { agentChecks, testScenario } from "../support/scenarios";

describe("the verification, where nodes are simulated", function () {
  this.timeout(ENGINE_TIMEOUT);
  const lab = new LabForTests();
  let settings: Settings;

  before(async function () {
    await withToolchain.call(this);
    await lab.startCluster();
    settings = settingsOf(await lab.config());
    await (await lab.stack()).up();
  });
  after(() => lab.remove());

  it("passes what can be checked, and reports the rest as unknown", async () => {
    await lab.create(loadBalancer("web"));
    const results = await verify(lab.clients.config, { settings, waitSeconds: 60 });
    const named = (outcome: string) =>
      results.flatMap(({ check, verdict }) => (verdict.outcome === outcome ? [check.name] : []));
    assert.deepEqual(named("failed"), []);
    assert.deepEqual(named("skipped"), []);
    assert.deepEqual(named("not-applicable"), ["kubeprism"]);
    assert.deepEqual(named("unknown"), [
      ...["agents-answer", "kube-proxy-replacement", "routing", "direct-routing-device"],
      ...["masquerading", "host-routing", "devices", "mtu", "agent-config", "controllers"],
      ...["cluster-health", "service-leases", "service-holders", "service-announcements"],
    ]);
    await lab.delete(loadBalancer("web"));
  });

  const scenarios = controlPlaneScenarios(lab, () => settings);
  for (const scenario of scenarios) testScenario(lab, () => settings, scenario);

  it("has a scenario for every check that needs no agent", () => {
    const names = checks.map(({ name }) => name).filter((name) => !agentChecks.has(name));
    assert.deepEqual(new Set(scenarios.map(({ check }) => check)), new Set(names));
  });

  describe("as a command", () => {
    const run = async (...args: string[]) => {
      const { command, env } = verification(lab, settings);
      const [program = "", ...first] = command;
      return execa(program, [...first, ...args], { env, reject: false });
    };

    it("reports in JSON, and ends with 0 when nothing failed", async () => {
      const { stdout, exitCode } = await run("--json", "--connectivity-test", "--wait", "60");
      const report = JSON.parse(stdout);
      assert.equal(exitCode, 0, stdout);
      assert.equal(report.passed, true);
      assert.equal(report.stack, "talos-lab");
      const connectivity = report.checks.filter(({ name }: { name: string }) =>
        name.startsWith("connectivity-"),
      );
      assert.deepEqual(
        connectivity.map(({ outcome }: { outcome: string }) => outcome),
        Array(5).fill("unknown"),
      );
    });

    it("ends with 1 when a check failed, and shows which in every form", async () => {
      const vip = pool("vip-pool", { cidr: "192.168.10.40/32" });
      await lab.create(vip);
      for (const [form, pattern] of [
        [[], /│ no-virtual-address\s+│ ✘ failed\s+│ CiliumLoadBalancerIPPool vip-pool/],
        [
          ["--markdown"],
          /^\| no-virtual-address \| ✘ failed \| CiliumLoadBalancerIPPool vip-pool/m,
        ],
        [["--junit"], /<failure message="CiliumLoadBalancerIPPool vip-pool exists; /],
      ] as const) {
        const { stdout, exitCode } = await run(...form);
        assert.match(stdout, pattern);
        assert.equal(exitCode, 1);
      }
      await lab.delete(vip);
    });

    it("ends with 2, and says how it is called, when it is called wrongly", async () => {
      for (const [args, pattern] of [
        [["--wait", "soon"], /^error: option '--wait <seconds>' argument 'soon' is invalid\. /],
        [["--skip", "mtu"], /^error: option '--skip .+' argument 'mtu' is invalid\. Write CHECK=/],
        [["--skip", "mut=x"], /^error: option '--skip .+' argument 'mut=x' is invalid\. Write /],
        [["--json", "--junit"], /^error: option '--json' cannot be used with option '--junit'/],
        [["--stack", "lab"], /^error: option '--settings <file>' cannot be used with option '--st/],
        [["--fast"], /^error: unknown option '--fast'/],
      ] as const) {
        const { stderr, exitCode } = await run(...args);
        assert.match(stderr, pattern);
        assert.match(stderr, /^Usage: npm run -s verify -- /m);
        assert.equal(exitCode, 2);
      }
    });

    it("ends with 1 and one sentence when the cluster cannot be reached", async () => {
      const { stderr, exitCode } = await run("--context", "elsewhere");
      assert.equal(stderr, "context: not in the kubeconfig (elsewhere); use one of its own: lab");
      assert.equal(exitCode, 1);
    });
  });

  describe("at the end of an update", () => {
    const withMode = (mode: string) => (config: StackConfig) => ({
      ...config,
      "talos-cilium:verification": { mode, wait: 1 },
    });
    const vip = pool("vip-pool", { cidr: "192.168.10.40/32" });
    before(() => lab.create(vip));

    it("fails it with the check, what was seen and what to do", async () => {
      const stack = await lab.stack("lab", withMode("strict"));
      await assert.rejects(
        stack.up(),
        /no-virtual-address: CiliumLoadBalancerIPPool vip-pool exists; expected KubePrism only; next: kubectl delete ciliumloadbalancerippool vip-pool\n/,
      );
    });

    it("warns with the same, where only that is asked for", async () => {
      const stack = await lab.stack("lab", withMode("warn"));
      const { stdout } = await stack.up();
      assert.match(
        stdout,
        /warning: .*no-virtual-address: CiliumLoadBalancerIPPool vip-pool exists/s,
      );
    });

    it("is left out where it is off", async () => {
      const stack = await lab.stack("lab", withMode("off"));
      const { resourceChanges } = (await stack.up()).summary;
      assert.equal(resourceChanges?.delete, 1);
    });

    it("passes, once that is done", async () => {
      await lab.delete(vip);
      const { stdout } = await (await lab.stack("lab", withMode("strict"))).up();
      assert.doesNotMatch(stdout, /no-virtual-address/);
    });
  });

  it("does not fail because an API server dies meanwhile", async () => {
    const look = () => verify(lab.clients.config, { settings });
    const rounds = Array.from({ length: 20 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, 100 * index));
      return look();
    });
    process.kill(lab.apiServer("kube-apiserver-1").pid, "SIGKILL");
    for (const results of await Promise.all(rounds)) {
      assert.deepEqual(
        results.filter(({ verdict }) => verdict.outcome === "failed"),
        [],
      );
    }
    assert.ok(!lab.processes.some(({ name }) => name === "kube-apiserver-1"));
  });
});

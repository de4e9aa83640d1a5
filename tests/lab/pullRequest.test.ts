import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { PROJECT_FOLDER } from "../../lab/labFolder";
import { PullRequest, stackConfig } from "../support/pullRequest";

const AGENTS = "DaemonSet kube-system/cilium";

describe("what a pull request changes", function () {
  this.timeout(900_000);
  let pull: PullRequest;

  before(async () => {
    pull = await PullRequest.start();
  });
  beforeEach(() => pull.reset());
  afterEach("nothing is left behind", () => {
    assert.deepEqual(pull.leftovers(), []);
    assert.equal(pull.git("worktree", "list").trim().split("\n").length, 1);
  });
  after(() => pull.remove());

  it("is nothing where no object changes", async () => {
    pull.write("README.md", "Other words.\n");
    pull.commit("words");
    const { stdout, exitCode } = await pull.render("--against", "main");
    assert.equal(stdout, "no object changes");
    assert.equal(exitCode, 0);
  });

  it("names, for one value, the objects that change and who restarts, as a comment", async () => {
    pull.writeStack({ ...(await stackConfig()), routing: { devices: ["ens18"], mtu: 1400 } });
    pull.commit("mtu");
    const { stdout, stderr, exitCode } = await pull.render(
      ...["--against", "main", "--format", "markdown"],
    );
    assert.equal(exitCode, 0, stderr);
    assert.ok(stdout.startsWith("<!-- talos-cilium:render:site -->\n"), stdout);
    assert.match(
      stdout,
      /\*\*interrupts the data path\*\* \| `ConfigMap kube-system\/cilium-config`/,
    );
    assert.match(
      stdout,
      /\*\*restarts agents\*\* \| `DaemonSet kube-system\/cilium` \|.*1 at a time/,
    );
    assert.match(
      stdout,
      /\*\*restarts the operator\*\* \| `Deployment kube-system\/cilium-operator`/,
    );
    assert.match(stdout, /^\+ data\.mtu: "1400"$/m);
    assert.match(stdout, /0 objects added, 3 changed, 0 removed/);
    assert.doesNotMatch(stdout, /Uncommitted/);
  });

  it("is a version with the notes to read, and the way back is a rollback", async () => {
    pull.writeStack(await stackConfig("1.19.6", "v1.4.1"));
    pull.commit("update");
    const { stdout } = await pull.render("--against", "main", "--format", "json");
    const { effects, findings, onlyVersionLabels } = JSON.parse(stdout);
    const texts = findings.map(
      ({ object, what, source }: Record<string, string>) => `${object}: ${what} ${source}`,
    );
    assert.ok(effects.includes("moves versions"));
    assert.ok(
      texts.includes(
        "Cilium: 1.18.4 → 1.19.6, an upgrade: read the upgrade notes https://docs.cilium.io/en/v1.19/operations/upgrade/#upgrade-notes",
      ),
      texts.join("\n"),
    );
    assert.ok(texts.some((text: string) => text.startsWith("Gateway API: v1.3.0 → v1.4.1")));
    // What the charts of the known versions have is judged.
    assert.doesNotMatch(texts.join("\n"), /nobody has judged/);
    assert.ok(onlyVersionLabels.length > 0);
    pull.git("branch", "--force", "newer");
    pull.reset();
    const back = await pull.render("--against", "newer");
    assert.match(back.stdout, /^moves versions: Cilium: 1\.19\.6 → 1\.18\.4, a rollback: /m);
  });

  it("is a pool with the addresses that are gone, and ends with 1 where that is asked for", async () => {
    pull.writeStack({
      ...(await stackConfig()),
      loadBalancing: {
        pools: [{ start: "192.168.10.50", stop: "192.168.10.89" }],
        policies: [{ interfaces: ["^ens18$"] }],
      },
    });
    const { stdout, stderr, exitCode } = await pull.render(
      ...["--against", "main", "--fail-on", "shrinks addresses"],
    );
    assert.match(
      stdout,
      /^shrinks addresses: CiliumLoadBalancerIPPool services: no pool has 10 addresses \(192\.168\.10\.90 to 192\.168\.10\.99\)/m,
    );
    assert.match(stdout, /^Uncommitted changes are part of it: Pulumi\.site\.yaml\.$/m);
    assert.equal(stderr, "--fail-on: shrinks addresses: CiliumLoadBalancerIPPool services");
    assert.equal(exitCode, 1);
  });

  it("is a channel whose CRDs go, and ends with 1 where that is asked for", async () => {
    pull.writeStack(await stackConfig("1.18.4", "v1.3.0", "standard"));
    pull.commit("channel");
    const { stdout, stderr, exitCode } = await pull.render(
      ...["--against", "main", "--fail-on", "removes CRDs, immutable field"],
    );
    assert.match(
      stdout,
      /^removes CRDs: CustomResourceDefinition tcproutes\.gateway\.networking\.k8s\.io: it leaves the stack/m,
    );
    assert.match(stdout, /^moves versions: Gateway API: channel experimental → standard/m);
    assert.match(stderr, /^--fail-on: removes CRDs: CustomResourceDefinition /);
    assert.doesNotMatch(stderr, /immutable/);
    assert.equal(exitCode, 1);
  });

  it("is also what a change of the program makes", async () => {
    pull.edit(
      "components/loadBalancing.ts",
      "metadata: { name: ",
      'metadata: { labels: { team: "net" }, name: ',
    );
    pull.commit("label");
    const { stdout, exitCode } = await pull.render(
      ...["--against", "main", "--fail-on", "restarts agents,removes CRDs"],
    );
    assert.match(
      stdout,
      /^changed CiliumLoadBalancerIPPool services \(harmless\)\n {2}metadata\.labels\.team: nothing → "net"$/m,
    );
    assert.doesNotMatch(stdout, /^restarts/m);
    assert.equal(exitCode, 0);
  });

  it("is all of a stack that is new, and all of one that is gone", async () => {
    pull.git("rm", "--quiet", "Pulumi.site.yaml");
    pull.commit("gone");
    pull.git("branch", "--force", "without");
    const gone = await pull.render("--against", "main");
    assert.match(gone.stdout, /: 0 objects added, 0 changed, \d{2} removed\n/);
    assert.match(gone.stdout, /^The stack's file is gone: all of it is removed\.$/m);
    const nowhere = await pull.render("--against", "without");
    assert.match(nowhere.stderr, /^Pulumi\.site\.yaml: neither is it here nor in without/);
    assert.equal(nowhere.exitCode, 1);
    pull.reset();
    const added = await pull.render("--against", "without");
    assert.match(added.stdout, /: \d{2} objects added, 0 changed, 0 removed\n/);
    assert.match(added.stdout, /^without \(\w+\) has no such stack: all of it is added\.$/m);
    assert.match(added.stdout, new RegExp(`^added ${AGENTS} `, "m"));
  });

  it("cannot be told where the base is refused, which is said, and is an error here", async () => {
    const config = await stackConfig();
    pull.writeStack({ ...config, network: { podCidrs: ["10.14.3.0/16"] } });
    pull.commit("broken");
    pull.git("branch", "--force", "broken");
    const here = await pull.render("--against", "main");
    assert.equal(here.stdout, "");
    assert.match(here.stderr, /network\.podCidrs\.0: host bits are set/);
    assert.equal(here.exitCode, 1);
    pull.reset();
    const base = await pull.render("--against", "broken");
    assert.match(base.stdout, /not compared, as the base cannot be rendered; what is here can/);
    assert.match(base.stdout, /network\.podCidrs\.0: host bits are set/);
    assert.equal(base.exitCode, 0, base.stderr);
    const asked = await pull.render("--against", "broken", "--fail-on", "removes CRDs");
    assert.match(asked.stderr, /^--fail-on: nothing was compared, so it is not known/);
    assert.equal(asked.exitCode, 1);
  });

  it("is told with the base's own packages, where it asks for others", async () => {
    pull.edit("package-lock.json", '"lockfileVersion"', '"other": true,\n  "lockfileVersion"');
    pull.commit("packages");
    pull.program(
      "npm",
      `echo "$@" > ${join(pull.folder, ".git", "npm")}; ln -s ${join(PROJECT_FOLDER, "node_modules")} node_modules`,
    );
    const { stdout } = await pull.render("--against", "main");
    assert.equal(stdout, "no object changes");
    assert.match(readFileSync(join(pull.folder, ".git", "npm"), "utf8"), /^ci --ignore-scripts /);
  });

  it("is compared with a folder that render wrote", async () => {
    const folder = join(pull.folder, "written");
    await pull.render("--output", folder);
    const { stdout } = await pull.render("--against", folder);
    assert.equal(stdout, "no object changes");
    pull.reset();
  });

  it("leaves no checkout behind when it is interrupted, and no ref stays unknown", async () => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const running = pull.run(["--against", "main"]);
      // Until the base is checked out.
      while (!pull.git("worktree", "list").includes("talos-cilium-base-")) await setTimeout(20);
      running.kill(signal);
      assert.equal((await running).signal, signal);
      assert.deepEqual(pull.leftovers(), []);
    }
    const { stderr, exitCode } = await pull.render("--against", "--no-such-ref");
    assert.match(stderr, /^--against: --no-such-ref is no commit that git knows here/);
    assert.equal(exitCode, 1);
  });
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { parse, stringify } from "yaml";
import { PROJECT_FOLDER } from "../../lab/labFolder";
import { chartPath, gatewayApiPath } from "../../lab/toolchain/sources";
import { ForgeForTests } from "../support/forgeForTests";
import { LabForTests, withToolchain } from "../support/labForTests";
import { helmTemplate } from "../support/renderAll";
import { STACKS } from "../support/stacks";
import { actionlint, zizmor, zizmorProgram } from "../support/workflowLinters";
import {
  actionsOf,
  commandsOf,
  holds,
  type Job,
  type JobRun,
  readWorkflow,
  runJob,
  scriptsOf,
  type Workflow,
} from "../support/workflowRun";

const FOLDER = join(PROJECT_FOLDER, ".github", "workflows");
const FILES = readdirSync(FOLDER).map((name) => join(FOLDER, name));

/** How a workflow writes the stack of a job. */
const STACK = ["$", "{{ matrix.stack }}"].join("");

/** What must not be in anything that is printed, posted or kept. */
const SECRETS = {
  "github.token": "seeded-github-token",
  "secrets.OMNI_SERVICE_ACCOUNT_KEY": "seeded-omni-key",
  "secrets.PULUMI_ACCESS_TOKEN": "seeded-pulumi-token",
  "secrets.PULUMI_CONFIG_PASSPHRASE": "seeded-passphrase",
};

describe("the lint of the workflows", function () {
  this.timeout(600_000);

  it("by actionlint finds nothing, and a mistake where there is one", async () => {
    assert.equal(await actionlint(...FILES), "");
    const planted = plant((text) => text.replace("needs: environments", "needs: nothing"));
    assert.match(await actionlint(planted), /needs job "nothing" which does not exist/);
  });

  it("by zizmor finds nothing, and a mistake where there is one", async function () {
    const program = await zizmorProgram();
    if (program === undefined) {
      console.log("zizmor is skipped: there is no python3 on PATH");
      this.skip();
    }
    assert.match(await zizmor(program, ...FILES), /^(No findings to report.*)?$/);
    const planted = plant((text) =>
      text.replace("run: npm ci", "run: echo $".concat("{{ github.event.pull_request.title }}")),
    );
    assert.match(await zizmor(program, planted), /template-injection/);
  });

  it("by this project's own rules: least rights, pinned actions, no credentials kept, no foreign text in commands", () => {
    for (const file of FILES) {
      const workflow = readWorkflow(file);
      assert.deepEqual(workflow.permissions, {}, file);
      assert.ok(!("pull_request_target" in workflow.on), file);
      for (const uses of actionsOf(workflow)) assert.match(uses, /^actions\/[\w-]+@[0-9a-f]{40}$/);
      for (const run of commandsOf(workflow)) assert.doesNotMatch(run, /\$\{\{/, run);
      const text = readFileSync(file, "utf8");
      const versions = text.match(/uses: \S+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/gm) ?? [];
      assert.equal(versions.length, actionsOf(workflow).length, file);
      const checkouts = actionsOf(workflow).filter((uses) => uses.startsWith("actions/checkout@"));
      assert.equal(text.match(/persist-credentials: false/g)?.length, checkouts.length, file);
    }
  });

  it("knows every npm script that they call", () => {
    const { scripts } = JSON.parse(readFileSync(join(PROJECT_FOLDER, "package.json"), "utf8"));
    const called = FILES.flatMap((file) => commandsOf(readWorkflow(file)).flatMap(scriptsOf));
    assert.ok(called.length > 10);
    assert.deepEqual(
      called.filter((name) => scripts[name] === undefined),
      [],
    );
  });

  function plant(change: (text: string) => string): string {
    const folder = mkdtempSync(join(tmpdir(), "talos-cilium-lint-"));
    after(() => rmSync(folder, { recursive: true }));
    const text = readFileSync(join(FOLDER, "preview.yml"), "utf8");
    const planted = join(folder, "planted.yml");
    writeFileSync(planted, change(text));
    return planted;
  }
});

/** Each workflow's jobs, run as GitHub's runner does, in a clone with a base and a head. */
describe("the workflows", function () {
  this.timeout(900_000);
  const folder = mkdtempSync(join(tmpdir(), "talos-cilium-workflows-"));
  const clone = join(folder, "clone");
  let forge: ForgeForTests;
  let releases: Server;
  let runs = 0;
  const lab = new LabForTests();

  before(async function () {
    await withToolchain.call(this);
    await lab.startCluster();
    forge = await ForgeForTests.start();
    releases = createServer((request, response) => {
      response.end(readFileSync(join(folder, "releases", String(request.url))));
    }).listen(0, "127.0.0.1");
    await once(releases, "listening");
    await makeReleases();
    await makeClone();
  });
  after(async () => {
    await lab.remove();
    forge.stop();
    releases.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("list the stacks that name a context as environments, and no others", async () => {
    const { output, failed } = await run(jobOf("preview", "environments"));
    assert.deepEqual([failed, output], [false, 'stacks=["site"]\n']);
  });

  it("give a fork's pull request the report in the job's summary, without a secret, a cluster or a comment", async () => {
    const jobs = readWorkflow(join(FOLDER, "preview.yml")).jobs;
    const context = { "github.event.pull_request.head.repo.full_name": "somebody/net" };
    assert.equal(isDue(jobs.fork, context), true);
    assert.equal(isDue(jobs.preview, context), false);
    assert.deepEqual(jobs.fork?.permissions, { contents: "read" });
    assert.equal(jobs.fork?.environment, undefined);
    assert.doesNotMatch(JSON.stringify(jobs.fork), /secrets\.|github\.token/);
    const { failed, summary, printed } = await run(jobOf("preview", "fork"), { secrets: {} });
    assert.equal(failed, false, printed);
    assert.match(summary, /CiliumLoadBalancerIPPool/);
    assert.doesNotMatch(summary, /[Uu]ncommitted/);
    assert.deepEqual(forge.asked, []);
  });

  it("comment once, with the engine's preview of the lab's cluster, and replace it at the second push", async () => {
    const context = { "github.event.pull_request.head.repo.full_name": "me/net" };
    assert.equal(isDue(jobOf("preview", "preview"), context), true);
    writeFileSync(join(folder, "engine"), "");
    const first = await run(jobOf("preview", "preview"));
    rmSync(join(folder, "engine"));
    assert.equal(first.failed, false, first.printed);
    const [comment] = forge.comments;
    assert.match(comment?.body ?? "", /^<!-- talos-cilium: preview site -->\n/);
    assert.match(comment?.body ?? "", /CiliumLoadBalancerIPPool/);
    assert.match(
      comment?.body ?? "",
      /pulumi was called: preview --diff --non-interactive --stack site/,
    );
    assert.match(comment?.body ?? "", /kubernetes:helm\.sh\/v3:Release cilium-release create/);
    await push((stack) => {
      (stack.config["talos-cilium:cilium"] as Record<string, unknown>).values = {
        debug: { enabled: true },
      };
    });
    await run(jobOf("preview", "preview"));
    assert.equal(forge.comments.length, 1);
    assert.match(forge.comments[0]?.body ?? "", /cilium-config/);
  });

  it("show a preview that fails, and fail with it", async () => {
    writeFileSync(join(folder, "fails"), "");
    const { failed, printed } = await run(jobOf("preview", "preview"));
    rmSync(join(folder, "fails"));
    assert.equal(failed, true, printed);
    assert.match(forge.comments[0]?.body ?? "", /pulumi was called: preview .*\nit fails/);
  });

  it("update one environment at a time, never cut short, with a kubeconfig of the stack's context", async () => {
    const { concurrency, environment } = jobOf("up", "up");
    assert.deepEqual(
      [environment, concurrency?.group, concurrency?.["cancel-in-progress"]],
      [STACK, `up-${STACK}`, false],
    );
    const { failed, printed } = await run(jobOf("up", "up"));
    assert.equal(failed, false, printed);
    assert.match(printed, /pulumi was called: up --yes --non-interactive --stack site/);
    assert.match(
      printed,
      /omnictl was called: kubeconfig \S+ --service-account --merge=false --force --cluster=talos-lab --user=talos-cilium-ci --ttl=3h --force-context-name=omni-site/,
    );
  });

  it("keep one issue about drift: opened, replaced, closed", async () => {
    const states: (string | undefined)[] = [];
    for (const fails of [false, true, true, false]) {
      if (fails) writeFileSync(join(folder, "fails"), "");
      const { failed, printed } = await run(jobOf("drift", "drift"), { verified: !fails });
      rmSync(join(folder, "fails"), { force: true });
      assert.equal(failed, false, printed);
      assert.ok(forge.issues.length <= 1);
      states.push(forge.issues[0]?.state);
    }
    assert.deepEqual(states, [undefined, "open", "open", "closed"]);
  });

  it("take no tool that is not what is pinned, or not pinned at all", async () => {
    const list = join(folder, "tools.json");
    const known = JSON.parse(readFileSync(join(clone, "ci-tools.json"), "utf8"));
    const fetched = async (sha256: string | null) => {
      writeFileSync(list, JSON.stringify({ helm: { ...known.helm, sha256 } }));
      return execa(
        "npm",
        ["run", "-s", "ci-tools", "--", "--list", list, "--folder", join(folder, "x")],
        {
          cwd: clone,
          reject: false,
        },
      );
    };
    assert.match(
      (await fetched("0".repeat(64))).stderr,
      /^helm \S+: not what is pinned \(SHA-256 /,
    );
    assert.match(
      (await fetched(null)).stderr,
      /^helm: its digest is not pinned; run npm run -s ci-tools/,
    );
    assert.equal((await fetched(known.helm.sha256)).exitCode, 0);
  });

  function jobOf(workflow: string, job: string): Job {
    const found = readWorkflow(join(FOLDER, `${workflow}.yml`)).jobs[job];
    if (found === undefined) throw new Error(`${workflow}.yml has no job ${job}`);
    return found;
  }

  function isDue(job: Workflow["jobs"][string] | undefined, context: Record<string, string>) {
    return holds(job?.if ?? "", {
      ...context,
      "github.repository": "me/net",
      "needs.environments.outputs.stacks": '["site"]',
    });
  }

  /** Runs a job, and looks that no secret is in what it leaves behind. */
  async function run(
    job: Job,
    {
      secrets = SECRETS,
      verified = true,
    }: { secrets?: Record<string, string>; verified?: boolean } = {},
  ): Promise<JobRun> {
    const temp = join(folder, `temp-${runs++}`);
    mkdirSync(temp);
    const event = join(temp, "event.json");
    writeFileSync(event, JSON.stringify({ pull_request: { number: 7 } }));
    const result = await runJob(withoutCluster(job, verified), {
      folder: clone,
      temp,
      context: { ...secrets, "matrix.stack": "site", "github.workspace": clone },
      env: {
        PATH: process.env.PATH ?? "",
        HOME: folder,
        ...(process.env.XDG_CACHE_HOME && { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME }),
        GITHUB_API_URL: forge.url,
        GITHUB_REPOSITORY: "me/net",
        GITHUB_EVENT_PATH: event,
      },
    });
    const left = [
      result.printed,
      result.summary,
      ...[...forge.comments, ...forge.issues].map(({ body }) => body),
    ];
    for (const secret of Object.values(SECRETS))
      assert.ok(!left.join("\n").includes(secret), secret);
    return result;
  }

  /** There is no cluster here that `verify` could look at; the lab's own tests run it. */
  function withoutCluster(job: Job, verified: boolean): Job {
    const steps = job.steps.map((step) =>
      step.id === "verify"
        ? { ...step, run: `echo verified > "$RUNNER_TEMP/verify.md"; ${verified}` }
        : step,
    );
    return { ...job, steps };
  }

  /**
   * Archives of programs that tell how they were called. Helm is the lab's, and so is Pulumi where there is a file "engine":
   * its CLI alone cannot run a program in the lab, which has no language host.
   */
  async function makeReleases(): Promise<void> {
    const programs = {
      pulumi: [
        'echo "pulumi was called: $*"',
        `[ ! -e ${folder}/fails ] || { echo "it fails"; exit 1; }`,
        // Without this program on PATH, which the lab would take for the engine.
        `[ ! -e ${folder}/engine ] || PATH="${process.env.PATH}" TALOS_CILIUM_LAB=${lab.folder.path} npm run -s lab -- preview --stack site`,
      ].join("\n"),
      helm: `exec ${await helmTemplate()} "$@"`,
      omnictl: 'echo "omnictl was called: $*"; echo "{}" > "$2"',
    };
    mkdirSync(join(folder, "releases"));
    for (const [name, script] of Object.entries(programs)) {
      const inside = join(folder, "made", name);
      mkdirSync(inside, { recursive: true });
      writeFileSync(join(inside, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(inside, name), 0o755);
      const file = join(folder, "releases", name);
      if (name === "omnictl") cpSync(join(inside, name), file);
      else await execa("tar", ["-czf", file, "-C", join(folder, "made"), name]);
    }
  }

  /** A repository whose HEAD is a merge of a pull request, as GitHub checks it out. */
  async function makeClone(): Promise<void> {
    // What is not committed yet, too: the test is of the working tree.
    const listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    const { stdout } = await execa("git", listed, { cwd: PROJECT_FOLDER });
    const isLeftOut = (path: string) => /^(|node_modules|Pulumi\..+\.yaml)$/.test(path);
    for (const path of stdout.split("\0").filter((path) => !isLeftOut(path))) {
      cpSync(join(PROJECT_FOLDER, path), join(clone, path));
    }
    symlinkSync(join(PROJECT_FOLDER, "node_modules"), join(clone, "node_modules"));
    const { port } = releases.address() as AddressInfo;
    const tools = Object.fromEntries(
      ["pulumi", "helm", "omnictl"].map((name) => [
        name,
        {
          version: "1.0.0",
          url: `http://127.0.0.1:${port}/${name}`,
          folder: name === "omnictl" ? null : name,
          sha256: createHash("sha256")
            .update(readFileSync(join(folder, "releases", name)))
            .digest("hex"),
        },
      ]),
    );
    writeFileSync(join(clone, "ci-tools.json"), JSON.stringify(tools));
    const config = parse(readFileSync(join(STACKS, "Pulumi.lab.yaml"), "utf8")).config;
    writeFileSync(join(clone, "Pulumi.lab.yaml"), stringify({ config }));
    const site = structuredClone(config);
    site["talos-cilium:cluster"] = { ...site["talos-cilium:cluster"], context: "omni-site" };
    site["talos-cilium:cilium"].chart = await chartPath("1.20.2");
    site["talos-cilium:gatewayApi"].source = await gatewayApiPath("v1.6.1", "experimental");
    writeFileSync(join(clone, "Pulumi.site.yaml"), stringify({ config: site }));
    await git("init", "--initial-branch=main");
    writeFileSync(join(clone, ".git", "info", "exclude"), "node_modules\n");
    await git("add", "--all");
    await git("commit", "--quiet", "--message=base");
    await git("checkout", "--quiet", "-b", "head");
    await push(({ config }) => {
      const { pools } = config["talos-cilium:loadBalancing"] as { pools: { stop: string }[] };
      if (pools[0]) pools[0].stop = "192.168.10.89";
    });
  }

  /** A change on the branch, and HEAD as its merge into main. */
  async function push(change: (stack: { config: Record<string, unknown> }) => void): Promise<void> {
    await git("checkout", "--quiet", "head");
    const file = join(clone, "Pulumi.site.yaml");
    const stack = parse(readFileSync(file, "utf8"));
    change(stack);
    writeFileSync(file, stringify(stack));
    await git("commit", "--quiet", "--all", "--message=change");
    await git("checkout", "--quiet", "--detach", "main");
    await git("merge", "--quiet", "--no-ff", "--message=merge", "head");
  }

  async function git(...args: readonly string[]): Promise<void> {
    const identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
    await execa("git", [...identity, ...args], { cwd: clone });
  }
});

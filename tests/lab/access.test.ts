import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, relative } from "node:path";
import { execa } from "execa";
import { parse } from "yaml";
import { type Settings, settingsOf } from "../../config";
import type { ClusterEntry, Kubeconfig, UserEntry } from "../../kubernetes/kubeconfig";
import { PROJECT_FOLDER } from "../../lab/labFolder";
import { verification } from "../../lab/verification";
import {
  API_HOST,
  ProxyForTests,
  pluginCalls,
  printToken,
  writePlugin,
} from "../support/apiForTests";
import { withKeys } from "../support/everyKey";
import { ENGINE_TIMEOUT, LabForTests, withToolchain } from "../support/labForTests";

/** Seconds within which a command ends that cannot succeed; its own start is most of them. What it waits for has 300. */
const AT_ONCE = 30;

describe("commands with the credentials and proxies that people have", function () {
  this.timeout(ENGINE_TIMEOUT);
  const lab = new LabForTests();
  let settings: Settings;

  before(async function () {
    await withToolchain.call(this);
    await lab.startCluster();
    settings = settingsOf(await lab.config());
    for (const name of ["deployer", "nobody"]) {
      await lab.create({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name } });
    }
    const apiGroup = "rbac.authorization.k8s.io";
    await lab.create({
      apiVersion: `${apiGroup}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: "deployer" },
      roleRef: { apiGroup, kind: "ClusterRole", name: "cluster-admin" },
      subjects: [{ kind: "ServiceAccount", namespace: "default", name: "deployer" }],
    });
  });
  after(() => lab.remove());

  it("~ means the same to the Release and to the steps", async () => {
    const kubeconfig = `~/${relative(homedir(), lab.folder.kubeconfig)}`;
    const stack = await lab.stack("lab", (config) => withKeys(config, { cluster: { kubeconfig } }));
    const { outputs } = await stack.up();
    assert.match(JSON.stringify(outputs.verification?.value), /[1-9]\d* passed, 0 failed/);
  });

  it("a plugin is asked once in a whole verification", async () => {
    const { folder, kubeconfig } = withPlugin(printToken(await tokenOf("deployer")));
    await assertPasses(kubeconfig);
    assert.equal(pluginCalls(folder).length, 1);
  });

  it("a credential that the API server refuses is renewed once, and the verification goes on", async () => {
    const token = await tokenOf("deployer");
    const { folder, kubeconfig } = withPlugin(
      `if [ "$n" = 1 ]; then ${printToken("expired")}; else ${printToken(token)}; fi`,
    );
    await assertPasses(kubeconfig);
    assert.equal(pluginCalls(folder).length, 2);
  });

  it("a plugin that fails ends a verification and the wait for the CRDs at once", async () => {
    const { folder, kubeconfig } = withPlugin("echo 'no browser here' >&2; exit 1");
    const cause =
      /^user test: the credential plugin \S+\/plugin gives no credential \(exit code 1: no browser here\); log in with it/m;
    await assertEnds(verify(kubeconfig), cause);
    await assertEnds(waitForCrds(kubeconfig), cause);
    assert.equal(pluginCalls(folder).length, 2);
  });

  it("a plugin that is not there ends the wait at once", async () => {
    const { kubeconfig } = write({ exec: { command: "kubectl-no_such_plugin" } });
    await assertEnds(waitForCrds(kubeconfig), /\(no such program\); install it/);
  });

  it("a token that may do nothing ends a verification and the wait at once, with the right that it lacks", async () => {
    const { kubeconfig } = write({ token: await tokenOf("nobody") });
    const cause =
      /^HTTP 403: .*"system:serviceaccount:default:nobody" cannot \w+ resource .*; grant this right, or use credentials that have it$/m;
    await assertEnds(verify(kubeconfig), cause);
    await assertEnds(waitForCrds(kubeconfig), cause);
  });

  it("a token that the API server does not know ends the wait at once", async () => {
    const { kubeconfig } = write({ token: "of-yesterday" });
    await assertEnds(
      waitForCrds(kubeconfig),
      /^user test: the API server does not accept the credentials \(https:\S+: HTTP 401\); log in again/m,
    );
  });

  it("a kubeconfig and a context that are not there end the wait at once", async () => {
    const missing = /^kubeconfig: no such file \(\S+\/no\/such\); name one/m;
    await assertEnds(waitForCrds("~/no/such"), missing);
    const { kubeconfig } = write({ token: "x" });
    await assertEnds(
      waitForCrds(kubeconfig, { KUBE_CONTEXT: "elsewhere" }),
      /^context: not in the kubeconfig \(elsewhere\); use one of its own: test$/m,
    );
  });

  it("every request of a verification goes by the proxy of the kubeconfig or of the environment, or past it by NO_PROXY", async () => {
    const proxy = await ProxyForTests.start(Number(new URL(labCluster().server ?? "").port));
    try {
      const user = { token: await tokenOf("deployer") };
      await assertPasses(write(user, { "proxy-url": proxy.url }).kubeconfig);
      const asked = proxy.asked.length;
      assert.ok(asked >= 12, `${asked} requests`);

      // No DNS knows this name, so what does not go by the proxy fails.
      const elsewhere = { server: `https://${API_HOST}`, "tls-server-name": "localhost" };
      const env = { HTTPS_PROXY: proxy.url, NO_PROXY: "10.0.0.0/8" };
      await assertPasses(write(user, elsewhere).kubeconfig, env);
      const byEnvironment = proxy.asked.slice(asked);
      assert.deepEqual(new Set(byEnvironment), new Set([`${API_HOST}:443`]));
      assert.ok(byEnvironment.length >= 12, `${byEnvironment.length} requests`);
    } finally {
      await proxy.stop();
    }
    // Nothing listens there, so what does not go past it fails.
    const env = { HTTPS_PROXY: "http://127.0.0.1:1", NO_PROXY: "localhost" };
    await assertPasses(write({ token: await tokenOf("deployer") }).kubeconfig, env);
  });

  it("an API that is gone ends a verification, and the wait, after half a minute", async () => {
    const { kubeconfig } = write({ token: "x" });
    for (const number of [1, 2, 3]) {
      process.kill(lab.apiServer(`kube-apiserver-${number}`).pid, "SIGKILL");
    }
    for (const run of [verify, waitForCrds]) {
      await assertEnds(run(kubeconfig), /https:\S+ failed, reason: .*(ECONN|socket)/, 30 + AT_ONCE);
    }
  });

  function verify(kubeconfig: string, env: Record<string, string> = {}) {
    const { command, env: own } = verification(lab, settings);
    const [program = "", ...args] = command;
    const access = ["--kubeconfig", kubeconfig, "--context", "test"];
    return execa(program, [...args, ...access, "--json", "--wait", "60"], {
      env: { ...own, ...env },
      reject: false,
    });
  }

  function waitForCrds(kubeconfig: string, env: Record<string, string> = {}) {
    const program = ["--require", "ts-node/register/transpile-only"];
    return execa(process.execPath, [...program, "commands/steps/waitForCiliumCrds.ts"], {
      cwd: PROJECT_FOLDER,
      env: {
        KUBECONFIG: kubeconfig,
        TALOS_CILIUM_CRDS: "ciliumloadbalancerippools.cilium.io",
        TALOS_CILIUM_TIMEOUT_SECONDS: "300",
        ...env,
      },
      reject: false,
    });
  }

  async function assertPasses(kubeconfig: string, env?: Record<string, string>): Promise<void> {
    const { stdout, stderr, exitCode } = await verify(kubeconfig, env);
    assert.equal(exitCode, 0, `${stdout}${stderr}`);
  }

  async function assertEnds(
    run: ReturnType<typeof verify> | ReturnType<typeof waitForCrds>,
    cause: RegExp,
    limit = AT_ONCE,
  ): Promise<void> {
    const began = performance.now();
    const { stderr, exitCode } = await run;
    const seconds = (performance.now() - began) / 1000;
    assert.match(stderr, cause);
    assert.equal(exitCode, 1);
    assert.ok(seconds < limit, `${seconds} s`);
  }

  /** Writes a kubeconfig for the lab's cluster with another user. */
  function write(user: UserEntry, cluster: ClusterEntry = {}) {
    const folder = mkdtempSync(join(lab.folder.path, "access-"));
    const kubeconfig = join(folder, "kubeconfig");
    const name = "test";
    const content: Omit<Kubeconfig, "files"> = {
      "current-context": name,
      clusters: [{ name, cluster: { ...labCluster(), ...cluster } }],
      users: [{ name, user }],
      contexts: [{ name, context: { cluster: name, user: name } }],
    };
    writeFileSync(kubeconfig, JSON.stringify(content));
    return { folder, kubeconfig };
  }

  function withPlugin(script: string) {
    const written = write({ exec: { command: "./plugin", interactiveMode: "Never" } });
    writePlugin(written.folder, script);
    return written;
  }

  function labCluster(): ClusterEntry {
    const { clusters }: Kubeconfig = parse(readFileSync(lab.folder.kubeconfig, "utf8"));
    const [first] = clusters;
    if (first?.cluster === undefined) throw new Error("the lab's kubeconfig has no cluster");
    return first.cluster;
  }

  async function tokenOf(name: string): Promise<string> {
    const { status } = await lab.clients.core.createNamespacedServiceAccountToken({
      namespace: "default",
      name,
      body: { spec: { audiences: [], expirationSeconds: 3600 } },
    });
    return status?.token ?? "";
  }
});

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCluster } from "../../../kubernetes/client";
import { readKubeconfig } from "../../../kubernetes/kubeconfig";
import { withEnvironment } from "../../support/apiForTests";

/** A kubeconfig whose one context, cluster and user have a name; the port tells the files apart. */
function text(name: string, port: number, more: object = {}): string {
  return JSON.stringify({
    clusters: [
      { name, cluster: { server: `https://host:${port}`, "certificate-authority": "ca.crt" } },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
    users: [{ name, user: {} }],
    ...more,
  });
}

describe("a kubeconfig", () => {
  let folder: string;
  let restore: () => void;
  const write = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
    restore = withEnvironment({
      HOME: folder,
      KUBECONFIG: undefined,
      KUBERNETES_SERVICE_HOST: undefined,
    });
  });
  afterEach(() => {
    restore();
    rmSync(folder, { recursive: true });
  });

  it("is found below ~, in the argument and in KUBECONFIG, and at kubectl's place without either", () => {
    mkdirSync(join(folder, ".kube"));
    write(".kube/prod", text("prod", 1));
    write(".kube/config", text("default", 2));
    const contexts = (path?: string) => readKubeconfig(path).contexts.map(({ name }) => name);
    assert.deepEqual(contexts("~/.kube/prod"), ["prod"]);
    assert.deepEqual(contexts(), ["default"]);
    process.env.KUBECONFIG = "~/.kube/prod";
    assert.deepEqual(contexts(), ["prod"]);
  });

  it("is merged from a list as kubectl does: what comes first wins, and files that are missing do not count", () => {
    const first = write("first", text("both", 1, { "current-context": "" }));
    const second = write("second", text("both", 2, { "current-context": "both" }));
    const third = write("third", text("other", 3, { "current-context": "other" }));
    process.env.KUBECONFIG = [first, join(folder, "missing"), second, third, first].join(":");
    const cluster = loadCluster();
    assert.equal(cluster.getCurrentContext(), "both");
    assert.equal(cluster.getCurrentCluster()?.server, "https://host:1");
    assert.equal(loadCluster({ context: "other" }).getCurrentCluster()?.server, "https://host:3");
  });

  it("has paths that are relative to its folder", () => {
    mkdirSync(join(folder, "site"));
    const user = {
      "client-key": "tls.key",
      tokenFile: "/run/token",
      exec: { command: "bin/plugin", args: ["x"] },
    };
    write("site/config", text("site", 1, { users: [{ name: "site", user }] }));
    const { clusters, users } = readKubeconfig("~/site/config");
    assert.equal(clusters[0]?.cluster?.["certificate-authority"], join(folder, "site/ca.crt"));
    assert.deepEqual(users[0]?.user, {
      "client-key": join(folder, "site/tls.key"),
      tokenFile: "/run/token",
      exec: { command: join(folder, "site/bin/plugin"), args: ["x"] },
    });
  });

  const refused: [what: string, load: () => unknown, message: RegExp][] = [
    [
      "a file that is not there",
      () => loadCluster({ kubeconfig: "~/nowhere" }),
      /^Error: kubeconfig: no such file \(\S+\/nowhere\); name one with cluster\.kubeconfig, --kubeconfig or KUBECONFIG$/,
    ],
    [
      "a list of which no file is there",
      () => loadCluster({ kubeconfig: "/nowhere:/neither" }),
      /no such file \(\/nowhere, \/neither\)/,
    ],
    ["nothing at all", () => loadCluster(), /no such file \(\S+\/\.kube\/config\)/],
    [
      "contents in place of a path, which it does not repeat",
      () => loadCluster({ kubeconfig: "apiVersion: v1\nusers: [{token: secret}]" }),
      /^Error: kubeconfig: it is a kubeconfig's contents, not a path; write them to a file, and name that$/,
    ],
    [
      "what is no YAML, which it does not repeat",
      () => loadCluster({ kubeconfig: write("bad", "token: secret\n  a: [") }),
      /^Error: kubeconfig: cannot be read \(\S+\/bad: (?!.*secret)[^\n]+\); name one/,
    ],
    [
      "what is no kubeconfig",
      () => loadCluster({ kubeconfig: write("bad", "text") }),
      /not a kubeconfig \(\S+\/bad\)/,
    ],
    [
      "one without a current context",
      () => loadCluster({ kubeconfig: write("none", text("prod", 1)) }),
      /^Error: context: none is chosen \(\S+\/none has no current-context\); choose one of its own: prod$/,
    ],
    [
      "a context whose cluster is missing",
      () =>
        loadCluster({ kubeconfig: write("c", text("prod", 1, { clusters: [] })), context: "prod" }),
      /^Error: context prod: its cluster is not in the kubeconfig, or has no server \(prod\); mend \S+\/c, or use another context: prod$/,
    ],
    [
      "a context whose user is missing",
      () =>
        loadCluster({ kubeconfig: write("u", text("prod", 1, { users: [] })), context: "prod" }),
      /^Error: context prod: its user is not in the kubeconfig \(prod\)/,
    ],
  ];
  for (const [what, load, message] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(load, message);
    });
  }
});

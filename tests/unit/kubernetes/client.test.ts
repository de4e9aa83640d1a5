import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiException } from "@kubernetes/client-node";
import { ignoreNotFound, loadCluster } from "../../../kubernetes/client";

function kubeconfig(currentContext: string): string {
  const names = ["prod", "lab"];
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": currentContext,
    clusters: names.map((name) => ({ name, cluster: { server: `https://${name}` } })),
    contexts: names.map((name) => ({ name, context: { cluster: name, user: name } })),
    users: names.map((name) => ({ name, user: {} })),
  });
}

describe("loadCluster", () => {
  const { KUBECONFIG } = process.env;
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
    path = join(folder, "argument");
    writeFileSync(path, kubeconfig("prod"));
    process.env.KUBECONFIG = join(folder, "environment");
    writeFileSync(process.env.KUBECONFIG, kubeconfig("lab"));
  });
  afterEach(() => {
    if (KUBECONFIG === undefined) delete process.env.KUBECONFIG;
    else process.env.KUBECONFIG = KUBECONFIG;
    rmSync(folder, { recursive: true });
  });

  const server = (config: ReturnType<typeof loadCluster>) => config.getCurrentCluster()?.server;

  it("takes KUBECONFIG and its current context when nothing else is said", () => {
    assert.equal(server(loadCluster()), "https://lab");
  });

  it("takes the path and the context that it is given", () => {
    assert.equal(server(loadCluster({ kubeconfig: path })), "https://prod");
    assert.equal(server(loadCluster({ kubeconfig: path, context: "lab" })), "https://lab");
  });

  it("refuses a context that the kubeconfig does not have, and names those that it has", () => {
    assert.throws(
      () => loadCluster({ kubeconfig: path, context: "elsewhere" }),
      /^Error: context: not in the kubeconfig \(elsewhere\); use one of its own: prod, lab$/,
    );
  });
});

describe("ignoreNotFound", () => {
  const failWith = (code: number) => () => Promise.reject(new ApiException(code, "", "", {}));

  it("returns what the work returns", async () => {
    assert.equal(await ignoreNotFound(async () => "there"), "there");
  });

  it("returns undefined for 404, and throws every other answer", async () => {
    assert.equal(await ignoreNotFound(failWith(404)), undefined);
    await assert.rejects(ignoreNotFound(failWith(403)), { code: 403 });
  });
});

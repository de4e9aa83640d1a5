import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";
import { setImmediate } from "node:timers/promises";
import { ApiException } from "@kubernetes/client-node";
import { ignoreNotFound, loadCluster, retryTransient } from "../../../kubernetes/client";

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

describe("retryTransient", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  /** How often work is done that fails like this, with retries within retries. */
  async function attempts(error: Error): Promise<number> {
    let count = 0;
    const work = async () => {
      count++;
      throw error;
    };
    let done = false;
    const ended = assert
      .rejects(
        ignoreNotFound(() => retryTransient(() => retryTransient(work))),
        error,
      )
      .finally(() => {
        done = true;
      });
    while (!done) {
      mock.timers.tick(1000);
      await setImmediate();
    }
    await ended;
    return count;
  }

  it("repeats what may pass, and does not multiply when it is nested", async () => {
    assert.equal(await attempts(Object.assign(new Error("gone"), { code: "ECONNREFUSED" })), 6);
    assert.equal(await attempts(new ApiException(503, "", "", {})), 6);
  });

  it("repeats nothing that is final", async () => {
    assert.equal(await attempts(new ApiException(403, "", "", {})), 1);
    assert.equal(await attempts(new Error("no credential")), 1);
  });
});

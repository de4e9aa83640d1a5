import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LabFolder } from "../../../../lab/labFolder";
import { labProcesses } from "../../../../lab/process/labProcesses";
import { ManagedProcess } from "../../../../lab/process/managedProcess";

describe("a process of the lab", () => {
  let labFolder: LabFolder;
  beforeEach(() => {
    labFolder = new LabFolder(mkdtempSync(join(tmpdir(), "talos-cilium-process-")));
    labFolder.make();
  });
  afterEach(() => rmSync(labFolder.path, { recursive: true }));

  function start(script: string, stopSeconds?: number): ManagedProcess {
    return new ManagedProcess(labFolder, {
      name: "shell",
      program: "/bin/sh",
      args: ["-c", script],
      stopSeconds,
    });
  }

  const unhealthy = () => Promise.reject(new Error("connection refused"));

  it("that ends early is told from one that takes too long, each with the end of its log", async () => {
    await assert.rejects(
      start("echo no such file; exit 3").healthy(unhealthy, 10),
      /^Error: shell ended early \(exit code 3\); its log .*shell\.log ends with:\nno such file$/,
    );
    const slow = start("echo still starting; exec sleep 60");
    await assert.rejects(
      slow.healthy(unhealthy, 1),
      /^Error: shell did not become healthy within 1 s \(connection refused\); its log .* ends with:\n(.*\n)*still starting$/,
    );
    await slow.stop();
  });

  it("that is no program at all has ended early, too", async () => {
    const none = new ManagedProcess(labFolder, { name: "none", program: "/no/such", args: [] });
    await assert.rejects(
      none.healthy(unhealthy, 10),
      /^Error: none ended early \(spawn \/no\/such ENOENT\)/,
    );
  });

  it("is known by its mark, children included, until it is stopped", async () => {
    const process = start("sleep 60 & exec sleep 60");
    const names = () => labProcesses(labFolder).map(({ name }) => name);
    await process.healthy(async () => assert.deepEqual(names(), ["shell", "shell"]), 30);
    await process.stop();
    assert.equal(process.running, false);
    for (const { pid } of labProcesses(labFolder)) globalThis.process.kill(pid, "SIGKILL");
  });

  it("is killed when it does not end by itself", async () => {
    const stubborn = start("trap '' TERM; echo ready; while :; do sleep 0.1; done", 0.3);
    const isReady = () => assert.match(readFileSync(labFolder.log("shell"), "utf8"), /ready/);
    await stubborn.healthy(async () => isReady(), 30);
    await stubborn.stop();
    assert.deepEqual(await stubborn.ended, { code: null, signal: "SIGKILL" });
  });
});

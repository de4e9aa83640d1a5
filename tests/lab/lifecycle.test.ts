import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LabFolder, PROJECT_FOLDER } from "../../lab/labFolder";
import { labProcesses } from "../../lab/process/labProcesses";
import { freePort } from "../../lab/process/ports";
import { ENGINE_TIMEOUT, eventually, LabForTests, withToolchain } from "../support/labForTests";

describe("the lab's life", function () {
  this.timeout(ENGINE_TIMEOUT);
  before(withToolchain);
  const lab = new LabForTests();
  afterEach(() => lab.stopCluster());
  after(() => lab.remove());

  it("starts after a crash, ending what that left", async () => {
    await lab.startCluster();
    const supervisor = lab.processes.find(({ name }) => name === "supervisor");
    assert.ok(supervisor);
    process.kill(supervisor.pid, "SIGKILL");
    await eventually("the supervisor is gone", async () => (lab.running ? undefined : true));
    assert.ok(lab.processes.some(({ name }) => name === "etcd"));

    assert.equal(await lab.startCluster(), true);
    assert.match(lab.lines.join("\n"), /ended leftover processes of a crashed lab: .*etcd/);
    assert.equal(lab.processes.filter(({ name }) => name === "etcd").length, 1);
    assert.equal((await lab.clients.core.listNode()).items.length, 5);
  });

  it("starts once, and stops without a process left", async () => {
    assert.equal(await lab.startCluster(), true);
    assert.equal(await lab.startCluster(), false);
    assert.ok((await lab.stopCluster()).length > 5);
    assert.deepEqual(lab.processes, []);
    assert.deepEqual(await lab.stopCluster(), []);
  });

  it("says which port is taken and how to choose another, and takes that", async () => {
    const [taken, free] = [await freePort(), await freePort()];
    const other = createServer().listen(taken, "127.0.0.1");
    await once(other, "listening");
    try {
      await assert.rejects(lab.startCluster(taken), (error: Error) => {
        assert.ok(
          error.message.startsWith(`port ${taken}: something else listens on it already (`),
        );
        assert.match(error.message, /\(127\.0\.0\.1\); .* npm start -- --port 17445/);
        return true;
      });
      assert.deepEqual(lab.processes, []);
      await lab.startCluster(free);
      assert.equal(lab.clients.config.getCurrentCluster()?.server, `https://localhost:${free}`);
      assert.equal((await lab.clients.core.listNode()).items.length, 5);
    } finally {
      other.close();
    }
  });

  it("names the process that fails at its start, with its log, and stops the others", async () => {
    const tools = await lab.tools();
    const broken = new LabForTests();
    broken.tools = async () => ({ ...tools, "kube-apiserver": "/bin/false" });
    try {
      await assert.rejects(
        broken.startCluster(),
        /^Error: kube-apiserver-\d ended early \(exit code 1\); its log .*kube-apiserver-\d\.log ends with:/,
      );
      assert.deepEqual(broken.processes, []);
    } finally {
      await broken.remove();
    }
  });

  for (const [moment, marker] of [
    ["while the cluster starts", /toolchain: \d+ programs ready/],
    ["while the stack is applied", /created CustomResourceDefinition/],
  ] as const) {
    it(`leaves no process when Ctrl-C ends npm start ${moment}`, async () => {
      const folder = new LabFolder(mkdtempSync(join(tmpdir(), "talos-cilium-lab-")));
      const npm = npmStart(folder, await freePort());
      await waitForOutput(npm, marker);
      assert.ok(npm.pid !== undefined);
      // A terminal sends SIGINT to the whole foreground group.
      process.kill(-npm.pid, "SIGINT");
      const [code] = (await once(npm, "exit")) as [number | null];
      assert.notEqual(code, 0);
      const group = -npm.pid;
      await eventually("every process of the lab and of the command has ended", async () =>
        labProcesses(folder).length === 0 && !isAlive(group) ? true : undefined,
      );
      rmSync(folder.path, { recursive: true });
    });
  }
});

function npmStart(folder: LabFolder, port: number): ChildProcess {
  return spawn("npm", ["start", "--", "--port", String(port)], {
    cwd: PROJECT_FOLDER,
    env: {
      ...process.env,
      TALOS_CILIUM_LAB: folder.path,
      TALOS_CILIUM_LAB_DEPTH: "control-plane",
    },
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** Whether a process runs, or any process of a group (its negative id). */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Waits for a line of a process's output. */
function waitForOutput(child: ChildProcess, marker: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (chunk) => {
      text += chunk;
      if (marker.test(text)) resolve();
    });
    child.once("exit", () => reject(new Error(`it ended without printing ${marker}:\n${text}`)));
  });
}

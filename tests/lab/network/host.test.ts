import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { bpfObjects, type Host, host, rootCgroupPrograms } from "../../support/host";
import { eventually } from "../../support/labForTests";
import { NETWORK_TIMEOUT, NetworkLab } from "../../support/networkLab";

/** Limit of a lab's memory, in GiB. */
const MEMORY_LIMIT = 6;

describe("the host of a lab at network depth", function () {
  this.timeout(NETWORK_TIMEOUT);
  const lab = new NetworkLab();
  let untouched: Host;
  let objectsBefore: Record<string, number>;
  let rootPrograms: string;

  before(async function () {
    untouched = await host();
    objectsBefore = await bpfObjects();
    rootPrograms = await rootCgroupPrograms();
    await lab.begin(this);
  });
  after(() => lab.remove());

  it("has the same links, routes, firewall, mounts and sysctls while the lab runs", async () => {
    const { cgroups, ...during } = await host();
    const { cgroups: cgroupsBefore, ...same } = untouched;
    assert.deepEqual(during, same);
    // Only cgroups of labs were added.
    const added = cgroups.filter((path) => !cgroupsBefore.includes(path));
    assert.ok(added.length > 0);
    assert.deepEqual(
      added.filter((path) => !path.startsWith("/mnt/talos-cilium-lab")),
      [],
    );
    const { programs = 0 } = await bpfObjects();
    assert.ok(programs > (objectsBefore.programs ?? 0), "the agents loaded programs");
  });

  it("has no BPF program on the cgroup that everybody is in", async () => {
    assert.deepEqual(await rootCgroupPrograms(), rootPrograms);
  });

  it("gives the lab less than 6 GiB", async () => {
    const kibibytes = lab.processes.map(({ pid }) => proportionalMemory(pid));
    const total = kibibytes.reduce((sum, size) => sum + size, 0) / 1024 / 1024;
    assert.ok(total > 1, `${total} GiB were found`);
    assert.ok(total < MEMORY_LIMIT, `${total} GiB`);
  });

  it("is as it was when the lab has ended: no process, namespace, mount, link, cgroup or BPF object", async () => {
    await lab.stopCluster();
    assert.deepEqual(lab.processes, []);
    assert.deepEqual(await host(), untouched);
    // The kernel frees them some time after the end of the last process that held them.
    const left = await eventually("BPF objects are gone", async () => {
      const objects = await bpfObjects();
      return Object.entries(objects).every(([kind, count]) => count <= (objectsBefore[kind] ?? 0))
        ? objects
        : undefined;
    });
    assert.deepEqual(left, objectsBefore);
  });

  it("is as it was when the supervisor was killed and the next command cleaned up", async () => {
    await lab.startCluster();
    const supervisor = lab.processes.find(({ name }) => name === "supervisor");
    assert.ok(supervisor);
    process.kill(supervisor.pid, "SIGKILL");
    await eventually("the supervisor is gone", async () => (lab.running ? undefined : true));
    await lab.stopCluster();
    assert.deepEqual(lab.processes, []);
    assert.deepEqual(await host(), untouched);
  });
});

/** Memory of a process in KiB; pages that several processes share count in part (Pss). */
function proportionalMemory(pid: number): number {
  try {
    const [, kibibytes = "0"] =
      /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8")) ?? [];
    return Number(kibibytes);
  } catch {
    // The process has just ended.
    return 0;
  }
}

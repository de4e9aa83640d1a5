import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { arpAnswers, hardwareAddress } from "../../../lab/lan/arp";
import { configured } from "../../support/announcedByWorkers";
import { eventually } from "../../support/labForTests";
import { NETWORK_TIMEOUT, NetworkLab } from "../../support/networkLab";

/** Lease timings of the test, in seconds: short ones, as it waits for them. */
const LEASE = { leaseDuration: 5, leaseRenewDeadline: 3, leaseRetryPeriod: 1 };

describe("failover", function () {
  this.timeout(NETWORK_TIMEOUT);
  const lab = new NetworkLab();
  let address: string;

  before(async function () {
    await lab.begin(this, configured(LEASE));
    await lab.serveOnEveryNode("web", { "kubernetes.io/hostname": "talos-c7r-dgh" });
    address = await lab.expose("web", "web");
    await lab.answer(address);
  });
  after(() => lab.remove());

  it("moves an address to another node when its announcer dies, within what the lease promises", async () => {
    const first = await lab.announcer("web");
    const died = performance.now();
    await lab.cable(first, "down");
    await lab.killAgent(first);
    await assert.rejects(lab.ask(address), "the fault did not fire");

    await lab.answer(address, 60);
    const seconds = (performance.now() - died) / 1000;
    const second = await lab.announcer("web");
    assert.notEqual(second, first);
    assert.deepEqual(await arpAnswers(lab.folder, address), [
      await hardwareAddress(lab.folder, second),
    ]);
    assert.ok(seconds >= LEASE.leaseDuration - 2.2 * LEASE.leaseRetryPeriod, `${seconds} s`);
    // Twice a retry, which client-go stretches up to 2.2 times: one to see the last renewal, one to see it expired.
    assert.ok(seconds <= LEASE.leaseDuration + 4.4 * LEASE.leaseRetryPeriod + 2, `${seconds} s`);

    await lab.bringBack(first);
  });

  it("keeps connections while the agents on their way are killed, and opens new ones", async () => {
    const announcer = await lab.announcer("web");
    const shared = lab.traffic(address, 1500, 50, "shared");
    const fresh = lab.traffic(address, 1500, 50, "fresh");
    await sleep(2000);
    for (const node of [announcer, "talos-c7r-dgh"]) {
      const before = await lab.agentPid(node);
      await lab.killAgent(node);
      await eventually(`another agent on ${node}`, async () => {
        const now = await lab.agentPid(node).catch(() => before);
        return now === before ? undefined : now;
      });
    }
    assert.deepEqual(await shared, { requests: 1500, connections: 1, failures: [] });
    assert.deepEqual((await fresh).failures, []);
    await lab.agentsReady();
  });

  it("rolls every agent on a change of values, and loses next to no request", async () => {
    const generation = async () =>
      (await lab.clients.apps.readNamespacedDaemonSet({ namespace: "kube-system", name: "cilium" }))
        .metadata?.generation;
    const before = await generation();
    let rolled = false;
    const counts = { requests: 0, failures: [] as string[] };
    const traffic = (async () => {
      while (!rolled) {
        const { requests, failures } = await lab.traffic(address, 500, 100, "fresh");
        counts.requests += requests;
        counts.failures.push(...failures);
      }
    })();
    await lab.reconfigure((config) => ({
      ...configured(LEASE)(config),
      "talos-cilium:cilium": {
        ...(config["talos-cilium:cilium"] as object),
        values: { bpf: { monitorAggregation: "maximum" } },
      },
    }));
    await lab.agentsReady();
    rolled = true;
    await traffic;
    assert.notEqual(await generation(), before);
    assert.ok(counts.requests >= 1000, `${counts.requests} requests`);
    // Seen: none, or one connection reset.
    const lost = `${counts.failures.length} of ${counts.requests}: ${counts.failures}`;
    assert.ok(counts.failures.length <= counts.requests / 500, lost);
  });

  it("loses none of 10,000 requests while one, then two of three API servers die, and makes new Services", async () => {
    const traffic = lab.traffic(address, 10_000, 250, "fresh");
    await sleep(3000);
    for (const name of ["kube-apiserver-1", "kube-apiserver-2"]) {
      process.kill(lab.apiServer(name).pid, "SIGKILL");
      await sleep(8000);
      for (const node of await lab.nodes()) {
        const status = JSON.parse(await lab.on(node, "cilium-dbg", "status", "-o", "json"));
        assert.equal(status.kubernetes.state, "Ok", `${node} without ${name}`);
      }
    }
    const running = lab.processes.filter(({ name }) => name.startsWith("kube-apiserver"));
    assert.deepEqual(
      running.map(({ name }) => name),
      ["kube-apiserver-3"],
    );
    const another = await lab.expose("another", "web");
    assert.match(await lab.answer(another, 60), /^web-/);
    const { requests, failures } = await traffic;
    assert.equal(requests, 10_000);
    assert.deepEqual(failures, []);
  });
});

import assert from "node:assert/strict";
import { availableParallelism, loadavg } from "node:os";
import { arpAnswers, hardwareAddress } from "../../../lab/lan/arp";
import { configured } from "../../support/announcedByWorkers";
import { lostUpstreams } from "../../support/kubePrismLog";
import { eventually } from "../../support/labForTests";
import { NETWORK_TIMEOUT, NetworkLab } from "../../support/networkLab";

/** Lease timings in seconds: short ones for the test that waits for them. */
const SHORT_LEASE = { leaseDuration: 5, leaseRenewDeadline: 3, leaseRetryPeriod: 1 };

/** Longer than any restart of an agent, so that no address moves, not even on a busy machine. */
const LONG_LEASE = { leaseDuration: 300, leaseRenewDeadline: 200, leaseRetryPeriod: 2 };

/** The nodes that announce. */
const WORKERS = ["talos-hj2-95w", "talos-tz7-uk1"];

/** The only node with a pod that answers: a control plane, which announces nothing. */
const SERVER = "talos-c7r-dgh";

describe("failover", function () {
  this.timeout(NETWORK_TIMEOUT);
  const lab = new NetworkLab();
  let address: string;

  before(async function () {
    await lab.begin(this, configured(SHORT_LEASE));
    await lab.serveOnEveryNode("web", { "kubernetes.io/hostname": SERVER });
    address = await lab.expose("web", "web");
    await lab.answer(address);
  });
  afterEach(() => lab.restore());
  after(() => lab.remove());

  it("moves an address to another node when its announcer dies, within what the lease promises", async () => {
    const first = await lab.announcer("web");
    const died = performance.now();
    await lab.cable(first, "down");
    await assert.rejects(lab.ask(address), "the fault did not fire");
    await lab.killAgent(first);

    await lab.answer(address);
    const seconds = (performance.now() - died) / 1000;
    const second = await lab.announcer("web");
    assert.notEqual(second, first);
    assert.deepEqual(await arpAnswers(lab.folder, address), [
      await hardwareAddress(lab.folder, second),
    ]);
    const { leaseDuration, leaseRetryPeriod } = SHORT_LEASE;
    assert.ok(seconds >= leaseDuration - 2.2 * leaseRetryPeriod, `${seconds} s`);
    // Twice a retry, which client-go stretches up to 2.2 times: one to see the last renewal, one to see it expired.
    const promised = leaseDuration + 4.4 * leaseRetryPeriod + 2;
    // A machine with more work than CPUs is slower by that factor.
    const [load = 0] = loadavg();
    const slowness = Math.max(1, load / availableParallelism());
    assert.ok(seconds <= promised * slowness, `${seconds} s at a load factor of ${slowness}`);
  });

  it("moves an address from one policy's node to the other's, where two policies select its Service", async () => {
    // Each worker has a policy of its own: two holders, if Cilium had a lease for each policy.
    await lab.reconfigure((config) => ({
      ...config,
      "talos-cilium:loadBalancing": {
        ...(config["talos-cilium:loadBalancing"] as object),
        ...SHORT_LEASE,
        policies: WORKERS.map((node) => ({
          name: node,
          interfaces: ["^eth0$"],
          nodeSelector: { matchLabels: { "kubernetes.io/hostname": node } },
        })),
      },
    }));
    await lab.answer(address);
    const first = await lab.announcer("web");
    const macs = async () => arpAnswers(lab.folder, address);
    assert.deepEqual(await macs(), [await hardwareAddress(lab.folder, first)]);
    await lab.cable(first, "down");
    await assert.rejects(lab.ask(address), "the fault did not fire");
    await lab.killAgent(first);
    await lab.answer(address);
    const second = await lab.announcer("web");
    assert.deepEqual([first, second].sort(), WORKERS);
    assert.deepEqual(await macs(), [await hardwareAddress(lab.folder, second)]);
  });

  describe("of agents and API servers", () => {
    before(async () => {
      await lab.reconfigure(configured(LONG_LEASE));
      await lab.agentsReady();
    });

    it("keeps connections while the agents on their way are killed, and opens new ones", async () => {
      const announcer = await lab.announcer("web");
      const shared = await lab.startTraffic(address, { kind: "shared", minimum: 1500, rate: 50 });
      const fresh = await lab.startTraffic(address, { kind: "fresh", minimum: 1500, rate: 50 });
      for (const node of [announcer, SERVER]) {
        const killed = await lab.killAgent(node);
        await eventually(`another agent on ${node}`, async () => {
          const pid = await lab.agentPid(node);
          return pid === killed ? undefined : pid;
        });
      }
      await lab.agentsReady();
      const { connections, failures, requests } = await shared.stop();
      assert.ok(requests >= 1500, `${requests} requests`);
      assert.deepEqual({ connections, failures }, { connections: 1, failures: [] });
      assert.deepEqual((await fresh.stop()).failures, []);
    });

    it("rolls every agent on a change of values, and loses next to no request", async () => {
      const generation = async () =>
        (
          await lab.clients.apps.readNamespacedDaemonSet({
            namespace: "kube-system",
            name: "cilium",
          })
        ).metadata?.generation;
      const before = await generation();
      const traffic = await lab.startTraffic(address, { kind: "fresh", minimum: 1000, rate: 100 });
      await lab.reconfigure((config) => ({
        ...configured(LONG_LEASE)(config),
        "talos-cilium:cilium": {
          ...(config["talos-cilium:cilium"] as object),
          values: { bpf: { monitorAggregation: "maximum" } },
        },
      }));
      await lab.agentsReady();
      const { requests, failures } = await traffic.stop();
      assert.notEqual(await generation(), before);
      assert.ok(requests >= 1000, `${requests} requests`);
      // Usually none is lost, or one by a reset connection.
      const lost = `${failures.length} of ${requests}: ${failures}`;
      assert.ok(failures.length <= requests / 500, lost);
    });

    it("loses none of 10,000 requests while one, then two of three API servers die, and makes new Services", async () => {
      const traffic = await lab.startTraffic(address, {
        kind: "fresh",
        minimum: 10_000,
        rate: 250,
      });
      const nodes = await lab.nodes();
      for (const name of ["kube-apiserver-1", "kube-apiserver-2"]) {
        const lost = await lab.killApiServer(name);
        for (const node of nodes) {
          await eventually(`KubePrism on ${node} has noticed that ${name} is gone`, async () =>
            lostUpstreams(lab.folder.log(`${node}-kubeprism`)).includes(lost) ? true : undefined,
          );
          await eventually(`${node} reaches the API without ${name}`, async () => {
            const { kubernetes } = await lab.agentStatus(node);
            return kubernetes?.state === "Ok" ? true : undefined;
          });
        }
      }
      const running = lab.processes.filter(({ name }) => name.startsWith("kube-apiserver"));
      assert.deepEqual(
        running.map(({ name }) => name),
        ["kube-apiserver-3"],
      );
      const another = await lab.expose("another", "web");
      assert.match(await lab.answer(another), /^web-/);
      const { requests, failures } = await traffic.stop();
      assert.ok(requests >= 10_000, `${requests} requests`);
      assert.deepEqual(failures, []);
    });
  });
});

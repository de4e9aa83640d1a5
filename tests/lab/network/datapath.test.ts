import assert from "node:assert/strict";
import { execa } from "execa";
import { ignoreNotFound } from "../../../kubernetes/client";
import { PROJECT_FOLDER } from "../../../lab/labFolder";
import { arpAnswers, hardwareAddress } from "../../../lab/lan/arp";
import { everyPair, foreignPackets } from "../../support/everyPair";
import { eventually } from "../../support/labForTests";
import {
  type AgentStatus,
  NETWORK_TIMEOUT,
  NetworkLab,
  type TestPod,
} from "../../support/networkLab";

describe("the data path", function () {
  this.timeout(NETWORK_TIMEOUT);
  const lab = new NetworkLab();
  let pods: TestPod[];

  before(async function () {
    await lab.begin(this);
    pods = await lab.serveOnEveryNode("web");
  });
  after(() => lab.remove());

  it("is on every node what the stack asked for", async () => {
    for (const node of await lab.nodes()) {
      // A controller that has failed once is retried.
      const status = await eventually(`the agent on ${node} works`, async () => {
        const current = await lab.agentStatus(node);
        return isWorking(current) ? current : undefined;
      });
      assert.match(status.cilium?.msg ?? "", /^1\.20\.2 /, node);
      assert.equal(status["kube-proxy-replacement"]?.mode, "True", node);
      assert.equal(status["kube-proxy-replacement"]?.directRoutingDevice, "eth0", node);
      assert.equal(status.routing?.["inter-host-routing-mode"], "Native", node);
      assert.equal(status.masquerading?.mode, "BPF", node);
      assert.equal(status.masquerading?.["snat-exclusion-cidr-v4"], "10.14.0.0/16", node);
    }
  });

  it("runs a command in every place: npm run lab -- exec", async () => {
    const exec = (place: string) =>
      execa(
        "npm",
        ["run", "-s", "lab", "--", "exec", place, "--", "sh", "-c", "ip -brief address; exit 3"],
        {
          cwd: PROJECT_FOLDER,
          env: { TALOS_CILIUM_LAB: lab.folder.path },
          reject: false,
        },
      );
    for (const [place, address] of [
      ["client", "192.168.10.254/24"],
      ["lan", "192.168.10.1/24"],
      ["talos-c7r-dgh", "192.168.10.100/24"],
    ] as const) {
      const { stdout, exitCode } = await exec(place);
      assert.ok(stdout.includes(address), stdout);
      assert.equal(exitCode, 3);
    }
    const { stderr, exitCode } = await exec("nowhere");
    assert.match(
      stderr,
      /nowhere: no such place in the lab; there are client, lan, talos-8vk-2mz,/,
    );
    assert.equal(exitCode, 1);
  });

  it("has every agent talk to KubePrism on its own node, and to no API server", async () => {
    for (const node of await lab.nodes()) {
      const sockets = await lab.on(node, "ss", "-Htnp", "state", "established");
      const peers = sockets
        .split("\n")
        .filter((line) => line.includes('"cilium-agent"'))
        .map((line) => line.trim().split(/\s+/)[3]);
      assert.ok(peers.includes(`127.0.0.1:${lab.port}`), `${node}: ${peers}`);
      assert.ok(!peers.some((peer) => peer?.endsWith(":6443")), `${node}: ${peers}`);
    }
  });

  it("brings every pod to every other one, as itself and without a tunnel", async () => {
    const { failures, packets } = await everyPair(lab, pods);
    assert.deepEqual(failures, []);
    assert.deepEqual(foreignPackets(packets, pods), []);
  });

  it("reaches Services by name, from pods", async () => {
    await lab.create({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
      spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] },
    });
    for (const pod of pods) {
      const answer = await eventually(`web answers ${pod.name}`, () =>
        lab
          .on(
            pod.node,
            ...lab.inPod(pod),
            "curl",
            "-sS",
            "-m",
            "5",
            "http://web.default.svc.cluster.local/hostname",
          )
          .catch(() => undefined),
      );
      assert.match(answer, /^web-/);
    }
  });

  it("announces an address from exactly one node, which has its lease, and answers there", async () => {
    const address = await lab.expose("one", "web");
    const announcer = await lab.announcer("one");
    assert.match(await lab.answer(address), /^web-/);
    assert.deepEqual(await arpAnswers(lab.folder, address), [
      await hardwareAddress(lab.folder, announcer),
    ]);
  });

  it("spreads 20 Services over the nodes, and all of them answer", async () => {
    const namespace = "default";
    const names = Array.from({ length: 20 }, (_, index) => `spread-${index}`);
    try {
      const addresses = await Promise.all(names.map((name) => lab.expose(name, "web")));
      assert.equal(new Set(addresses).size, 20);
      for (const address of addresses) assert.match(await lab.answer(address), /^web-/);
      const announcers = new Set(await Promise.all(names.map((name) => lab.announcer(name))));
      assert.ok(announcers.size > 1, `all announced by ${[...announcers]}`);
    } finally {
      // One by one, as Cilium's announcer stops for good when it loses more than 16 at once.
      for (const name of names) {
        await ignoreNotFound(() => lab.clients.core.deleteNamespacedService({ namespace, name }));
      }
    }
  });

  it("gives a Gateway an address, and announces it", async () => {
    await lab.create({
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "Gateway",
      metadata: { name: "web" },
      spec: {
        gatewayClassName: "cilium",
        listeners: [{ name: "http", protocol: "HTTP", port: 80 }],
      },
    });
    const address = await lab.addressOf("cilium-gateway-web");
    const announcer = await lab.announcer("cilium-gateway-web");
    const gateway = await eventually("the Gateway has an address", async () => {
      const { status } = (await lab.clients.objects.getNamespacedCustomObject({
        group: "gateway.networking.k8s.io",
        version: "v1",
        namespace: "default",
        plural: "gateways",
        name: "web",
      })) as { status?: { addresses?: { value: string }[] } };
      return status?.addresses?.[0]?.value;
    });
    assert.equal(gateway, address);
    // The lease comes first.
    const answers = await eventually(`${address} is announced`, async () => {
      const macs = await arpAnswers(lab.folder, address);
      return macs.length > 0 ? macs : undefined;
    });
    assert.deepEqual(answers, [await hardwareAddress(lab.folder, announcer)]);
  });

  it("does not answer for an address that no Service has", async () => {
    assert.deepEqual(await arpAnswers(lab.folder, "192.168.10.99"), []);
    assert.deepEqual(await arpAnswers(lab.folder, "192.168.10.49"), []);
  });

  describe("with a policy for some Services only", () => {
    const selects = { announced: "yes" };
    before(() =>
      lab.reconfigure((config) => ({
        ...config,
        // It would fail, as no policy matches the Services of these tests.
        "talos-cilium:verification": { mode: "off" },
        "talos-cilium:loadBalancing": {
          pools: [{ start: "192.168.10.50", stop: "192.168.10.99" }],
          policies: [{ interfaces: ["^eth0$"], serviceSelector: { matchLabels: selects } }],
        },
      })),
    );

    it("does not answer for an address that no policy announces", async () => {
      const silent = await lab.expose("silent", "web");
      const announced = await lab.expose("announced", "web", { labels: selects });
      assert.match(await lab.answer(announced), /^web-/);
      assert.deepEqual(await arpAnswers(lab.folder, silent), []);
      // The client may remember the address as another Service's.
      await lab.on("client", "ip", "neighbour", "flush", "all");
      await assert.rejects(lab.ask(silent));
    });

    it("does not answer for an address whose policy leaves out loadBalancerIPs", async () => {
      await lab.create({
        apiVersion: "cilium.io/v2alpha1",
        kind: "CiliumL2AnnouncementPolicy",
        metadata: { name: "mute", namespace: "" },
        spec: { interfaces: ["^eth0$"], serviceSelector: { matchLabels: { announced: "mute" } } },
      });
      const address = await lab.expose("mute", "web", { labels: { announced: "mute" } });
      // Announced after it; when this one answers, the other one would, too.
      const later = await lab.expose("later", "web", { labels: selects });
      assert.match(await lab.answer(later), /^web-/);
      assert.deepEqual(await arpAnswers(lab.folder, address), []);
      await lab.clients.objects.patchClusterCustomObject({
        group: "cilium.io",
        version: "v2alpha1",
        plural: "ciliuml2announcementpolicies",
        name: "mute",
        body: [{ op: "add", path: "/spec/loadBalancerIPs", value: true }],
      });
      assert.match(await lab.answer(address), /^web-/);
    });
  });
});

/** Whether an agent reaches the API, is well, and none of its controllers fails. */
function isWorking({ kubernetes, cilium, controllers }: AgentStatus): boolean {
  return (
    kubernetes?.state === "Ok" &&
    cilium?.state === "Ok" &&
    (controllers ?? []).every(({ status }) => (status["consecutive-failure-count"] ?? 0) === 0)
  );
}

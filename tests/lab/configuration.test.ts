import assert from "node:assert/strict";
import { stackNames } from "../../config/stackFile";
import { withKeys } from "../support/everyKey";
import { ENGINE_TIMEOUT, LabForTests, recorder, withToolchain } from "../support/labForTests";
import { programWithoutPool } from "./programs/parts";

describe("stack configurations and the engine", function () {
  this.timeout(ENGINE_TIMEOUT);
  const lab = new LabForTests();

  before(async function () {
    await withToolchain.call(this);
    await lab.startCluster();
  });
  after(() => lab.remove());

  it("three mistakes are all shown by a preview, before any resource is registered", async () => {
    const stack = await lab.stack("prod", (config) => ({
      ...config,
      "talos-cilium:network": { podCidrs: ["10.14.3.0/16"] },
      "talos-cilium:routing": { devices: ["ens*"] },
      "talos-cilium:hubble": { ui: true },
    }));
    const { events, onEvent } = recorder();
    const printed: string[] = [];
    await assert.rejects(stack.preview({ onEvent, onOutput: (text) => printed.push(text) }));
    for (const sentence of [
      "network.podCidrs.0: host bits are set (10.14.3.0/16); did you mean 10.14.0.0/16?",
      "routing.devices.0: a device is a name or a prefix with a trailing +, not a regular expression (ens*); write ens18, or ens+ for all names that begin with ens",
      "hubble.ui: the page shows the flows of the relay, which is off (true, with hubble.relay false); set hubble.relay: true",
    ]) {
      assert.ok(printed.join("").includes(sentence), sentence);
    }
    assert.deepEqual(registered(events), ["pulumi:pulumi:Stack"]);
  });

  it("a key that holds a secret is refused, and not shown", async () => {
    const stack = await lab.stack("prod");
    await stack.setConfig("talos-cilium:cluster.name", { value: "hush-hush", secret: true }, true);
    const printed: string[] = [];
    await assert.rejects(stack.preview({ onOutput: (text) => printed.push(text) }));
    assert.match(
      printed.join(""),
      /cluster: holds a secret, .*; write the key in plain text, and name a Kubernetes Secret/,
    );
    assert.doesNotMatch(printed.join(""), /hush-hush/);
  });

  it("a misspelt value of the chart is shown by a preview", async () => {
    const stack = await lab.stack("prod", (config) =>
      withKeys(config, { cilium: { values: { socketlb: {} } } }),
    );
    await assert.rejects(stack.preview(), /cilium\.values\.socketlb: the chart has no such value/);
  });

  for (const name of stackNames()) {
    it(`${name} previews`, async () => {
      // The lab's nodes have the pod CIDRs of the lab.
      const stack = await lab.stack(name, (config) =>
        withKeys(config, { cilium: { allowChanges: ["network.podCidrs"] } }),
      );
      const { changeSummary } = await stack.preview();
      assert.deepEqual(Object.keys(changeSummary), ["create"]);
    });
  }

  it("prod's chart, rendered by Helm and taken by the API server, has what Talos needs", async () => {
    // The lab's operator is of another version and would never be ready to serve pools: the objects are looked at.
    await (await lab.stack("prod", (config) => config, programWithoutPool)).up();
    const { apps, core } = lab.clients;
    const daemonSet = await apps.readNamespacedDaemonSet({
      namespace: "kube-system",
      name: "cilium",
    });
    const agent = daemonSet.spec?.template.spec?.containers.find(
      ({ name }) => name === "cilium-agent",
    );
    assert.match(agent?.image ?? "", /^quay\.io\/cilium\/cilium:v1\.18\.4/);
    const environment = Object.fromEntries(
      (agent?.env ?? []).map(({ name, value }) => [name, value]),
    );
    assert.equal(environment.KUBERNETES_SERVICE_HOST, "localhost");
    assert.equal(environment.KUBERNETES_SERVICE_PORT, "7445");
    const { add, drop } = agent?.securityContext?.capabilities ?? {};
    assert.deepEqual(add, [
      "CHOWN",
      "KILL",
      "NET_ADMIN",
      "NET_RAW",
      "IPC_LOCK",
      "SYS_ADMIN",
      "SYS_RESOURCE",
      "DAC_OVERRIDE",
      "FOWNER",
      "SETGID",
      "SETUID",
    ]);
    assert.deepEqual(drop, ["ALL"]);
    const { data } = await core.readNamespacedConfigMap({
      namespace: "kube-system",
      name: "cilium-config",
    });
    const expected = {
      "cluster-name": "talos-proxmox-prod",
      "cluster-id": "1",
      "routing-mode": "native",
      "ipv4-native-routing-cidr": "10.14.0.0/16",
      "auto-direct-node-routes": "true",
      "kube-proxy-replacement": "true",
      "enable-l2-announcements": "true",
      "enable-gateway-api": "true",
      "enable-bpf-masquerade": "true",
      "enable-host-legacy-routing": "true",
      "cgroup-root": "/sys/fs/cgroup",
      devices: "ens18",
      "k8s-client-qps": "20",
      "k8s-client-burst": "40",
      ipam: "kubernetes",
    };
    for (const [key, value] of Object.entries(expected)) assert.equal(data?.[key], value, key);
  });
});

/** Types of the resources that an operation looked at. */
function registered(events: ReturnType<typeof recorder>["events"]): string[] {
  return events.flatMap(({ resourcePreEvent }) =>
    resourcePreEvent === undefined ? [] : [resourcePreEvent.metadata.type],
  );
}

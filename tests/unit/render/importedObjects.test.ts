import assert from "node:assert/strict";
import type { Tree } from "../../../importer/tree";
import { compareObjects } from "../../../render/compareObjects";
import { type DifferenceLine, differenceLines } from "../../../render/differenceLines";
import { withoutSecrets } from "../../../render/withoutSecrets";
import type { RenderedObject } from "../../../sources/helm";

/** Lines of the comparison of two renderings, with their effects. */
function lines(before: readonly Tree[], after: readonly Tree[]): string[] {
  return differences(before, after).map(({ effect, line }) => `${effect}: ${line}`);
}

function differences(before: readonly Tree[], after: readonly Tree[]): DifferenceLine[] {
  const [old, now] = [before, after].map((objects) =>
    withoutSecrets(objects as unknown as RenderedObject[]),
  );
  return differenceLines(compareObjects(old ?? [], now ?? []));
}

function object(kind: string, name: string, fields: Tree, namespace?: string): Tree {
  const isOfApps = ["DaemonSet", "Deployment", "StatefulSet"].includes(kind);
  return {
    apiVersion: isOfApps ? "apps/v1" : "v1",
    kind,
    metadata: { name, ...(namespace !== undefined && { namespace }) },
    ...fields,
  };
}

function config(data: Tree): Tree {
  return object("ConfigMap", "cilium-config", { data }, "kube-system");
}

function agent(template: Tree, fields: Tree = {}): Tree {
  return object("DaemonSet", "cilium", { spec: { template, ...fields } }, "kube-system");
}

describe("the differences of rendered objects", () => {
  it("are none where only the order of objects and keys differs", () => {
    const a = config({ mtu: "1400", ipam: "kubernetes" });
    const b = config({ ipam: "kubernetes", mtu: "1400" });
    const role = object("ClusterRole", "cilium", { rules: [{ verbs: ["get"] }] });
    assert.deepEqual(lines([a, role], [role, b]), []);
  });

  it("come by what they do, then by object and path, whatever the order of the objects", () => {
    const before = [
      config({ debug: "false", mtu: "0" }),
      agent({ metadata: { labels: { "example.org/a": "b" } } }, { updateStrategy: { max: 2 } }),
      object("Deployment", "hubble-ui", { spec: { template: { replicas: 1 } } }, "kube-system"),
    ];
    const after = [
      object("Deployment", "hubble-ui", { spec: { template: { replicas: 2 } } }, "kube-system"),
      agent({ metadata: { labels: {} } }, { updateStrategy: { max: 1 } }),
      config({ debug: "true", mtu: "1400" }),
    ];
    const expected = [
      'interrupts the data path: ConfigMap kube-system/cilium-config, data.mtu: "0" → "1400"',
      "restarts agents: DaemonSet kube-system/cilium, spec.template.metadata.labels: nothing → {}",
      'restarts agents: DaemonSet kube-system/cilium, spec.template.metadata.labels."example.org/a": "b" → nothing',
      "restarts other pods: Deployment kube-system/hubble-ui, spec.template.replicas: 1 → 2",
      'harmless: ConfigMap kube-system/cilium-config, data.debug: "false" → "true"',
      "harmless: DaemonSet kube-system/cilium, spec.updateStrategy.max: 2 → 1",
    ];
    assert.deepEqual(lines(before, after), expected);
    assert.deepEqual(lines(before.toReversed(), after.toReversed()), expected);
  });

  it("are of the data path for an entry that nobody has judged, and not for what the agent does anyway", () => {
    const added = {
      "brand-new": "x",
      "bpf-lb-mode": "snat",
      "bpf-lb-algorithm": "maglev",
      "hubble-metrics": "dns",
      "cgroup-root": "/sys/fs/cgroup",
    };
    const effects = differences([config({ a: "b" })], [config({ a: "b", ...added })]);
    assert.deepEqual(
      effects.map(({ effect, line }) => `${/data\.[^:]+/.exec(line)}: ${effect}`),
      [
        "data.bpf-lb-algorithm: interrupts the data path",
        "data.brand-new: interrupts the data path",
        "data.bpf-lb-mode: harmless",
        "data.cgroup-root: harmless",
        "data.hubble-metrics: harmless",
      ],
    );
    const back = lines([config({ "bpf-lb-mode": "dsr" })], [config({ "bpf-lb-mode": "snat" })]);
    assert.match(back[0] ?? "", /^interrupts the data path/);
  });

  it("are one line for an object, or for an element of a list, that came or went", () => {
    const container = (name: string) => ({ name, image: "a", env: [{ name: "A", value: "b" }] });
    const pods = (...names: string[]) => agent({ containers: names.map(container) });
    assert.deepEqual(
      lines(
        [pods("cilium-agent", "mount"), object("ServiceAccount", "hubble-ui", {}, "kube-system")],
        [pods("cilium-agent"), object("DaemonSet", "cilium-envoy", {}, "kube-system")],
      ),
      [
        "restarts agents: DaemonSet kube-system/cilium, spec.template.containers[mount]: there → nothing",
        "restarts other pods: DaemonSet kube-system/cilium-envoy: nothing → there",
        "harmless: ServiceAccount kube-system/hubble-ui: there → nothing",
      ],
    );
  });

  it("name the elements in which lists differ", () => {
    const adds = (...add: string[]) => agent({ capabilities: { add } });
    assert.deepEqual(lines([adds("A", "SYS_MODULE", "B")], [adds("A", "B", "C")]), [
      'restarts agents: DaemonSet kube-system/cilium, spec.template.capabilities.add (elements): ["SYS_MODULE"] → ["C"]',
    ]);
  });

  it("show nothing of Secrets and certificates, and do not count what each rendering makes anew", () => {
    const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;
    const rendering = (text: string, more: Tree = {}) => [
      object("Secret", "cilium-ca", { data: { "ca.crt": text, "ca.key": text, ...more } }),
      object("ConfigMap", "root-ca", { data: { "ca.crt": pem(text) } }),
      object("ConfigMap", "base64", { data: { ca: Buffer.from(pem(text)).toString("base64") } }),
      object("ValidatingWebhookConfiguration", "hook", {
        webhooks: [{ caBundle: Buffer.from(pem(text)).toString("base64") }],
      }),
    ];
    assert.deepEqual(lines(rendering("one"), rendering("two")), []);
    const [line, ...others] = lines(rendering("one"), rendering("one", { more: "hunter2" }));
    assert.equal(line, "harmless: Secret cilium-ca, data.more: nothing → (not shown)");
    assert.deepEqual(others, []);
  });

  it("are none between a duration in one unit and in another", () => {
    const lease = (duration: string) => config({ lease: duration });
    assert.deepEqual(lines([lease("1m")], [lease("60s")]), []);
    assert.deepEqual(lines([lease("1m30s")], [lease("90000ms")]), []);
    assert.equal(lines([lease("1m")], [lease("61s")]).length, 1);
  });

  it("are none between an amount as a number and as text", () => {
    const amount = (cpu: unknown) => agent({ resources: { requests: { cpu } } });
    assert.deepEqual(lines([amount(100)], [amount("100")]), []);
    assert.equal(lines([amount(100)], [amount("200")]).length, 1);
  });

  it("cut what is long", () => {
    const [line] = lines([config({ a: "x\ny" })], [config({ a: "z".repeat(200) })]);
    assert.match(line ?? "", /data\.a: x… \(3 characters\) → z{100}… \(200 characters\)$/);
  });
});

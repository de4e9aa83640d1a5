import assert from "node:assert/strict";
import { compareStacks, effectsOf, isEmpty } from "../../../render/compareStacks";
import type { RenderedStack, StackObject } from "../../../render/renderedStack";
import { agent, ciliumConfig, crd, made, pool, stackOf } from "../../support/stackObjects";

/** A change, and all that the comparison says it does: `effect: object: what happens`. */
interface Case {
  readonly name: string;
  readonly before: readonly StackObject[];
  readonly after: readonly StackObject[];
  readonly finds: readonly string[];
}

const AGENTS = "DaemonSet kube-system/cilium";
const deployment = (name: string, template: object, spec: object = {}) =>
  made("apps/v1", "Deployment", `kube-system/${name}`, { spec: { template, ...spec } });
const image = (tag: string) => ({ spec: { containers: [{ name: "a", image: `a:${tag}` }] } });
const checksum = (sum: string) => ({
  metadata: { annotations: { "cilium.io/cilium-configmap-checksum": sum } },
});
const readsConfig = {
  spec: { volumes: [{ name: "config", configMap: { name: "cilium-config" } }] },
};
const policy = (spec: object) =>
  made("cilium.io/v2alpha1", "CiliumL2AnnouncementPolicy", "services", { spec });
const immutable = (spec: object, rest: object = {}) => ({ spec, ...rest });

const CASES: readonly Case[] = [
  {
    name: "a template of the agents restarts them, at the pace of the DaemonSet",
    before: [agent(image("1"), { updateStrategy: { rollingUpdate: { maxUnavailable: 1 } } })],
    after: [agent(image("2"), { updateStrategy: { rollingUpdate: { maxUnavailable: 1 } } })],
    finds: [`restarts agents: ${AGENTS}: its template changes: every agent restarts, 1 at a time`],
  },
  {
    name: "a checksum in the template restarts the agents",
    before: [agent(checksum("a"))],
    after: [agent(checksum("b"))],
    finds: [`restarts agents: ${AGENTS}: its ConfigMap changes: every agent restarts`],
  },
  {
    name: "with OnDelete nothing restarts before somebody deletes pods",
    before: [agent(image("1"), { updateStrategy: { type: "OnDelete" } })],
    after: [agent(image("2"), { updateStrategy: { type: "OnDelete" } })],
    finds: [
      `restarts agents: ${AGENTS}: its template changes: nothing restarts until somebody deletes the agents (updateStrategy OnDelete)`,
    ],
  },
  {
    name: "a DaemonSet of agents that comes starts them",
    before: [],
    after: [agent(image("1"))],
    finds: [`restarts agents: ${AGENTS}: it starts its agents`],
  },
  {
    name: "a DaemonSet of agents that goes ends them",
    before: [agent(image("1"))],
    after: [],
    finds: [`restarts agents: ${AGENTS}: its agents end`],
  },
  {
    name: "the template of the operator restarts the operator",
    before: [deployment("cilium-operator", image("1"))],
    after: [deployment("cilium-operator", image("2"))],
    finds: [
      "restarts the operator: Deployment kube-system/cilium-operator: its template changes: every pod restarts",
    ],
  },
  {
    name: "Envoy's restart breaks the connections through it",
    before: [made("apps/v1", "DaemonSet", "kube-system/cilium-envoy", { spec: { template: {} } })],
    after: [
      made("apps/v1", "DaemonSet", "kube-system/cilium-envoy", { spec: { template: image("2") } }),
    ],
    finds: [
      "restarts other pods: DaemonSet kube-system/cilium-envoy: its template changes: every pod restarts; connections through Envoy (Gateways, Ingresses, L7 policies) break on each node while it restarts there",
    ],
  },
  {
    name: "replicas restart nothing",
    before: [deployment("cilium-operator", image("1"), { replicas: 1 })],
    after: [deployment("cilium-operator", image("1"), { replicas: 2 })],
    finds: [],
  },
  {
    name: "the template of a CronJob waits for its next run",
    before: [
      made("batch/v1", "CronJob", "kube-system/hubble-generate-certs", {
        spec: { jobTemplate: { spec: { template: image("1") } } },
      }),
    ],
    after: [
      made("batch/v1", "CronJob", "kube-system/hubble-generate-certs", {
        spec: { jobTemplate: { spec: { template: image("2") } } },
      }),
    ],
    finds: [
      "harmless: CronJob kube-system/hubble-generate-certs: its next run has the new template",
    ],
  },
  {
    name: "without a checksum agents read cilium-config at their next restart",
    before: [ciliumConfig({ debug: "false" }), agent(readsConfig)],
    after: [ciliumConfig({ debug: "true" }), agent(readsConfig)],
    finds: [
      `harmless: ConfigMap kube-system/cilium-config: read at the next restart by the agents (${AGENTS}): no checksum in the template restarts them now`,
    ],
  },
  {
    name: "with a checksum they read it now",
    before: [ciliumConfig({ debug: "false" }), agent({ ...readsConfig, ...checksum("a") })],
    after: [ciliumConfig({ debug: "true" }), agent({ ...readsConfig, ...checksum("b") })],
    finds: [`restarts agents: ${AGENTS}: its ConfigMap changes: every agent restarts`],
  },
  {
    name: "an entry of cilium-config that packets feel interrupts the data path",
    before: [ciliumConfig({ "tunnel-protocol": "vxlan", "routing-mode": "tunnel" })],
    after: [ciliumConfig({ "tunnel-protocol": "geneve", "routing-mode": "native" })],
    finds: [
      "interrupts the data path: ConfigMap kube-system/cilium-config: routing-mode, tunnel-protocol: nodes send packets to each other another way, so pods on different nodes are cut off until every agent has restarted",
    ],
  },
  {
    name: "an entry that nobody has judged is said to be one",
    before: [ciliumConfig({})],
    after: [ciliumConfig({ "brand-new": "1" })],
    finds: [
      "interrupts the data path: ConfigMap kube-system/cilium-config: brand-new: nobody has judged what such an entry does; look it up",
    ],
  },
  {
    name: "a policy that changes moves addresses",
    before: [policy({ interfaces: ["^eth0$"] })],
    after: [policy({ interfaces: ["^eth1$"] })],
    finds: [
      "interrupts the data path: CiliumL2AnnouncementPolicy services: other nodes or none answer for addresses: they move, and clients reach them once they have learnt the new node",
    ],
  },
  {
    name: "the selector of a workload is immutable, and Helm's upgrade fails on it",
    before: [deployment("a", {}, { selector: { matchLabels: { a: "b" } } })],
    after: [deployment("a", {}, { selector: { matchLabels: { a: "c" } } })],
    finds: [
      "immutable field: Deployment kube-system/a: spec.selector.matchLabels.a: the API server refuses to change it, so Helm's upgrade fails; delete the object first, or keep the field",
    ],
  },
  {
    name: "of a StatefulSet all is immutable but some fields",
    before: [made("apps/v1", "StatefulSet", "a/b", immutable({ replicas: 1, serviceName: "a" }))],
    after: [made("apps/v1", "StatefulSet", "a/b", immutable({ replicas: 2, serviceName: "b" }))],
    finds: [
      "immutable field: StatefulSet a/b: spec.serviceName: the API server refuses to change it, so Helm's upgrade fails; delete the object first, or keep the field",
    ],
  },
  {
    name: "a Job that is a hook is made anew, so its template may change",
    before: [
      made("batch/v1", "Job", "a/b", immutable({ template: 1 }), { hooks: ["post-install"] }),
    ],
    after: [
      made("batch/v1", "Job", "a/b", immutable({ template: 2 }), { hooks: ["post-install"] }),
    ],
    finds: [],
  },
  {
    name: "an address of a Service cannot be set on one that has an address",
    before: [made("v1", "Service", "a/b", immutable({}))],
    after: [made("v1", "Service", "a/b", immutable({ clusterIP: "None" }))],
    finds: [
      "immutable field: Service a/b: spec.clusterIP: the API server refuses to change it, so Helm's upgrade fails; delete the object first, or keep the field",
    ],
  },
  {
    name: "a Secret that says so is immutable, and Pulumi makes it anew",
    before: [
      made("v1", "Secret", "a/b", { immutable: true, data: { a: "x" } }, { madeBy: "Pulumi" }),
    ],
    after: [
      made("v1", "Secret", "a/b", { immutable: true, data: { a: "y" } }, { madeBy: "Pulumi" }),
    ],
    finds: [
      "immutable field: Secret a/b: data.a: the API server refuses to change it, so the object can only be deleted and made anew",
    ],
  },
  {
    name: "a CRD that goes takes its objects with it",
    before: [crd("tcproutes.gateway.networking.k8s.io", "v1alpha2 (stored)")],
    after: [],
    finds: [
      "removes CRDs: CustomResourceDefinition tcproutes.gateway.networking.k8s.io: it leaves the stack; once it is deleted, all of its objects are gone",
    ],
  },
  {
    name: "a version of a CRD that is no longer served breaks who names it",
    before: [crd("a.example.org", "v1 (stored)", "v1beta1", "v1alpha1 (not served)")],
    after: [crd("a.example.org", "v1 (stored)", "v1beta1 (not served)")],
    finds: [
      "removes CRDs: CustomResourceDefinition a.example.org: version v1beta1 is no longer served: clients and manifests that name it fail",
    ],
  },
  {
    name: "another version that a CRD's objects are stored as",
    before: [crd("a.example.org", "v1", "v1beta1 (stored)")],
    after: [crd("a.example.org", "v1 (stored)", "v1beta1")],
    finds: [
      "removes CRDs: CustomResourceDefinition a.example.org: objects are stored as v1, no longer as v1beta1: those that exist have to be written again before v1beta1 can go",
    ],
  },
  {
    name: "a pool that shrinks is named with the addresses that no pool has",
    before: [pool("services", { start: "192.168.10.50", stop: "192.168.10.99" })],
    after: [
      pool("services", { start: "192.168.10.60", stop: "192.168.10.99" }),
      pool("more", { cidr: "192.168.10.50/31" }),
    ],
    finds: [
      "shrinks addresses: CiliumLoadBalancerIPPool services: no pool has 8 addresses (192.168.10.52 to 192.168.10.59) any more: Services there lose their address",
    ],
  },
  {
    name: "a pool that goes, of IPv6",
    before: [pool("six", { cidr: "fd00::/64" })],
    after: [],
    finds: [
      "shrinks addresses: CiliumLoadBalancerIPPool six: no pool has 18,446,744,073,709,551,616 addresses (fd00:: to fd00::ffff:ffff:ffff:ffff) any more: Services there lose their address",
    ],
  },
  {
    name: "a pool whose addresses another one takes over loses none",
    before: [pool("a", { start: "10.0.0.1" })],
    after: [pool("b", { cidr: "10.0.0.0/30" })],
    finds: [],
  },
];

describe("what a change of a stack's objects does", () => {
  for (const { name, before, after, finds } of CASES) {
    it(`${name}`, () => {
      const { findings, changes } = compareStacks("prod", stackOf(before), stackOf(after));
      assert.deepEqual(
        findings.map(({ effect, object, what }) => `${effect}: ${object}: ${what}`),
        finds,
      );
      assert.ok(changes.length > 0);
      for (const { effect, source } of findings) {
        if (effect.startsWith("restarts") || effect === "harmless") continue;
        assert.match(source ?? "", /^https:\/\//);
      }
    });
  }

  it("pod CIDRs that shrink are named, and interrupt the data path", () => {
    const { findings } = compareStacks(
      "prod",
      stackOf([ciliumConfig({ "ipv4-native-routing-cidr": "10.14.0.0/16" })]),
      stackOf([ciliumConfig({ "ipv4-native-routing-cidr": "10.14.0.0/17" })]),
    );
    assert.deepEqual(
      findings.map(({ effect, what }) => `${effect}: ${what}`),
      [
        "shrinks addresses: ipv4-native-routing-cidr has 32,768 addresses (10.14.128.0 to 10.14.255.255) no longer: pods there are no longer taken for pods",
        "interrupts the data path: ipv4-native-routing-cidr: other addresses count as pods', which packets reach without masquerading",
      ],
    );
  });

  it("versions that move are linked to what to read first, and a rollback is called one", () => {
    const moves = (
      before: Partial<RenderedStack["versions"]>,
      after: Partial<RenderedStack["versions"]>,
    ) =>
      compareStacks("prod", stackOf([], before), stackOf([], after)).findings.map(
        ({ object, what, source }) => `${object}: ${what} ${source ?? ""}`,
      );
    assert.deepEqual(moves({}, {}), []);
    assert.deepEqual(moves({}, { cilium: "1.19.6" }), [
      "Cilium: 1.18.4 → 1.19.6, an upgrade: read the upgrade notes https://docs.cilium.io/en/v1.19/operations/upgrade/#upgrade-notes",
    ]);
    assert.deepEqual(moves({ cilium: "1.20.2" }, {}), [
      "Cilium: 1.20.2 → 1.18.4, a rollback over 2 minor versions, where Cilium tests upgrades and rollbacks over one: read the upgrade notes https://docs.cilium.io/en/v1.20/operations/upgrade/#upgrade-notes",
    ]);
    assert.deepEqual(moves({}, { gatewayApi: "v1.4.1", channel: "standard" }), [
      "Gateway API: channel experimental → standard https://gateway-api.sigs.k8s.io/concepts/versioning/",
      "Gateway API: v1.3.0 → v1.4.1, an upgrade: read the release notes https://github.com/kubernetes-sigs/gateway-api/releases/tag/v1.4.1",
    ]);
    assert.deepEqual(moves({}, { gatewayApi: undefined, channel: undefined }), [
      "Gateway API: v1.3.0 → off: read the release notes https://github.com/kubernetes-sigs/gateway-api/releases/tag/v1.3.0",
    ]);
    assert.deepEqual(moves({}, { kubernetes: "1.34.0" }), [
      "Kubernetes: 1.33.0 → 1.34.0: the chart is rendered for it; the stack does not update the cluster ",
    ]);
  });

  it("objects in which only labels change that name a version are one line", () => {
    const account = (version: string, more: object = {}) =>
      made("v1", "ServiceAccount", "kube-system/cilium", {
        metadata: { labels: { "helm.sh/chart": `cilium-${version}`, ...more } },
      });
    const only = compareStacks("prod", stackOf([account("1")]), stackOf([account("2")]));
    assert.deepEqual(only.changes, []);
    assert.deepEqual(only.onlyVersionLabels, ["ServiceAccount kube-system/cilium"]);
    assert.ok(!isEmpty(only));
    const more = compareStacks(
      "prod",
      stackOf([account("1")]),
      stackOf([account("2", { a: "b" })]),
    );
    assert.deepEqual(more.onlyVersionLabels, []);
    assert.equal(more.changes.length, 1);
  });

  it("nothing is nothing, whatever is generated anew", () => {
    const secret = (text: string) =>
      made("v1", "Secret", "a/b", { data: { a: text, b: "c" } }, { generated: ["data.a"] });
    const comparison = compareStacks("prod", stackOf([secret("x")]), stackOf([secret("y")]));
    assert.ok(isEmpty(comparison));
    assert.deepEqual(effectsOf(comparison), []);
  });

  it("a field that is null is none", () => {
    const account = (metadata: object) => made("v1", "ServiceAccount", "a/b", { metadata });
    const [absent, empty] = [account({}), account({ annotations: null })];
    assert.ok(isEmpty(compareStacks("prod", stackOf([absent]), stackOf([empty]))));
  });

  it("a secret that changed is seen by its mark, and is not in the comparison", () => {
    const secret = (mark: string) =>
      made("v1", "Secret", "a/b", { data: { a: "(not shown)" } }, { hidden: { "data.a": mark } });
    const { changes } = compareStacks("prod", stackOf([secret("x")]), stackOf([secret("y")]));
    assert.deepEqual(
      changes.flatMap(({ fields }) => fields.map(({ path, isHidden }) => [path, isHidden])),
      [["data.a", true]],
    );
    assert.ok(isEmpty(compareStacks("prod", stackOf([secret("x")]), stackOf([secret("x")]))));
  });

  it("a stack that was not there adds all of it, and one that is gone removes all of it", () => {
    const objects = [agent({}), pool("a", { cidr: "10.0.0.0/30" })];
    const came = compareStacks("prod", undefined, stackOf(objects));
    assert.deepEqual([...new Set(came.changes.map(({ change }) => change))], ["added"]);
    const went = compareStacks("prod", stackOf(objects), undefined);
    assert.deepEqual(effectsOf(went), ["shrinks addresses", "restarts agents"]);
  });

  it("a new version of an object's API is a change of the object", () => {
    const [old, now] = ["cilium.io/v2alpha1", "cilium.io/v2"].map((version) =>
      made(version, "CiliumLoadBalancerIPPool", "a", { spec: { blocks: [] } }),
    ) as [StackObject, StackObject];
    const { changes } = compareStacks("prod", stackOf([old]), stackOf([now]));
    assert.deepEqual(
      changes.map(({ change, fields }) => [change, fields.map(({ path }) => path)]),
      [["changed", ["apiVersion"]]],
    );
  });
});

import assert from "node:assert/strict";
import type { KubernetesObject } from "@kubernetes/client-node";
import type { EngineEvent, Stack } from "@pulumi/pulumi/automation";
import deepmerge from "deepmerge";
import type { StackConfig } from "../../config";
import { gatewayApiPath } from "../../lab/toolchain/sources";
import {
  ENGINE_TIMEOUT,
  eventually,
  LabForTests,
  type Manifest,
  recorder,
  withToolchain,
} from "../support/labForTests";

const GATEWAY: Manifest = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name: "mine", namespace: "default" },
  spec: { gatewayClassName: "nobody", listeners: [{ name: "tcp", port: 9000, protocol: "TCP" }] },
};
const TCP_ROUTE: Manifest = {
  apiVersion: "gateway.networking.k8s.io/v1alpha2",
  kind: "TCPRoute",
  metadata: { name: "mine", namespace: "default" },
  spec: { parentRefs: [{ name: "mine" }], rules: [{ backendRefs: [{ name: "web", port: 80 }] }] },
};

/** Everything that a live cluster holds, and an update must not take away or make anew. */
describe("an update of a live cluster", function () {
  this.timeout(2 * ENGINE_TIMEOUT);
  const lab = new LabForTests();
  let uids: Record<string, string>;

  before(async function () {
    await withToolchain.call(this);
    await lab.startCluster();
    await (await stack()).up();
    await lab.create(GATEWAY, TCP_ROUTE);
    uids = await allUids();
    assert.ok(Object.keys(uids).length > 30, `${Object.keys(uids).length} objects`);
  });
  after(() => lab.remove());

  it("has protected and retained CRDs, as the Release is", async () => {
    const { deployment } = await (await stack()).exportStack();
    const kinds = /CustomResourceDefinition$|helm.sh\/v3:Release$/;
    const resources = (deployment.resources as StateResource[]).filter(({ type }) =>
      kinds.test(type),
    );
    assert.ok(resources.length > 10);
    for (const { urn, protect, retainOnDelete } of resources) {
      assert.deepEqual([protect, retainOnDelete], [true, true], urn);
    }
  });

  it("renames the cluster and back, protect off and on, and everything lives", async () => {
    for (const change of [
      { cluster: { name: "renamed" } },
      {},
      { cilium: { protect: false } },
      { cluster: { name: "renamed" }, cilium: { protect: false } },
      {},
    ]) {
      const { events, onEvent } = recorder();
      await (await stack(change)).up({ onEvent });
      assert.deepEqual(harmful(events), [], JSON.stringify(change));
      assert.deepEqual(await allUids(), uids);
    }
  });

  it("goes back after an update that failed half-way, and everything lives", async () => {
    const broken = {
      cluster: { name: "renamed" },
      cilium: { values: { operator: { replicas: 2, image: { tag: 7 } } } },
    };
    await assert.rejects((await stack(broken)).up(), /failed/);
    await (await stack()).up();
    assert.deepEqual(await allUids(), uids);
  });

  it("refuses a channel without the kind of an object, named, and changes nothing", async () => {
    const source = await gatewayApiPath("v1.6.1", "standard");
    const standard = { gatewayApi: { channel: "standard", source } };
    const before = await allVersions();
    for (const attempt of [
      await stack(standard),
      await stack({ ...standard, cilium: { protect: false } }),
    ]) {
      await assert.rejects(attempt.preview(), /TCPRoute default\/mine/);
      await assert.rejects(attempt.up(), /TCPRoute default\/mine/);
    }
    assert.deepEqual(await allVersions(), before);
  });

  it("removes the kinds of a channel once they hold nothing and the key names them", async () => {
    await lab.delete(TCP_ROUTE);
    const source = await gatewayApiPath("v1.6.1", "standard");
    const gatewayApi = { channel: "standard", source };
    const refusal = await (await stack({ gatewayApi })).up().then(
      () => "",
      (error) => String(error),
    );
    const removeCrds = JSON.parse(
      /set gatewayApi\.removeCrds: (\[.*?\])/.exec(refusal)?.[1] ?? "[]",
    );
    assert.ok(removeCrds.includes("tcproutes.gateway.networking.k8s.io"), refusal);
    await (await stack({ gatewayApi: { ...gatewayApi, removeCrds } })).up();
    const { items } = await lab.clients.crds.listCustomResourceDefinition();
    const names = items.map(({ metadata }) => metadata?.name ?? "");
    assert.deepEqual(
      names.filter((name) => removeCrds.includes(name)),
      [],
    );
    assert.ok(names.includes("gateways.gateway.networking.k8s.io"));
    // The state forgets them, and then all is as it should be.
    await (await stack({ gatewayApi })).up();
    const { resourceChanges } = (await (await stack({ gatewayApi })).up()).summary;
    assert.deepEqual(Object.keys(resourceChanges ?? {}), ["same"]);
    const gone = Object.keys(uids).filter((key) => /TCPRoute|UDPRoute/.test(key));
    assert.ok(gone.length > 0);
    assert.equal((await allUids())["Gateway default/mine"], uids["Gateway default/mine"]);
    await (await stack()).up();
  });

  it("has the same resources when it is reached by another path", async () => {});

  /** The stack, protected as prod is, with a change. */
  async function stack(change: object = {}): Promise<Stack> {
    const keyed = Object.fromEntries(
      Object.entries(change).map(([key, value]) => [`talos-cilium:${key}`, value]),
    );
    return lab.stack("lab", (config) =>
      deepmerge.all<StackConfig>([
        config,
        { "talos-cilium:cilium": { protect: true }, "talos-cilium:verification": { mode: "off" } },
        keyed,
      ]),
    );
  }

  async function objects(): Promise<[string, KubernetesObject][]> {
    const { crds, objects: api } = lab.clients;
    const { items } = await crds.listCustomResourceDefinition();
    const own = items.filter(({ spec }) => /cilium\.io$|gateway\.networking/.test(spec.group));
    const lists = await Promise.all(
      own.map(async ({ spec }) => {
        const version = spec.versions.find(({ storage }) => storage)?.name ?? "";
        const list = await api.listCustomObjectForAllNamespaces({
          group: spec.group,
          version,
          plural: spec.names.plural,
        });
        return (list as { items: KubernetesObject[] }).items.map(
          (object): [string, KubernetesObject] => {
            const { namespace, name } = object.metadata ?? {};
            return [`${spec.names.kind} ${[namespace, name].filter(Boolean).join("/")}`, object];
          },
        );
      }),
    );
    return [
      ...own.map((crd): [string, KubernetesObject] => [`CRD ${crd.metadata?.name}`, crd]),
      ...lists.flat(),
    ];
  }

  /** UIDs of all CRDs of Cilium and the Gateway API, and of all their objects but those of nodes. */
  async function allUids(): Promise<Record<string, string>> {
    const found = (await objects()).filter(([key]) => !/^Cilium(Node|Endpoint|Identity)/.test(key));
    return Object.fromEntries(
      found.map(([key, { metadata }]) => [key, metadata?.uid ?? ""]).sort(),
    );
  }

  async function allVersions(): Promise<string[]> {
    const crds = (await objects()).filter(([key]) => !/^Cilium(Node|Endpoint|Identity)/.test(key));
    const { items } = await lab.clients.core.listSecretForAllNamespaces();
    return [
      ...crds.map(([key, { metadata }]) => `${key} ${metadata?.resourceVersion}`),
      ...items.map(({ metadata }) => `Secret ${metadata?.name} ${metadata?.resourceVersion}`),
    ].sort();
  }
});

interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
}

/** Steps that replace or delete a Kubernetes resource, or the provider. */
function harmful(events: readonly EngineEvent[]): string[] {
  return events.flatMap(({ resourcePreEvent }) => {
    const { op = "", type = "", urn = "" } = resourcePreEvent?.metadata ?? {};
    const matters = /^kubernetes:|^pulumi:providers:kubernetes/.test(type);
    return matters && /replace|delete/.test(op) ? [`${op} ${urn.split("::").at(-1)}`] : [];
  });
}
void eventually;

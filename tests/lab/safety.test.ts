import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AdmissionregistrationV1Api, type KubernetesObject } from "@kubernetes/client-node";
import type { EngineEvent, Stack } from "@pulumi/pulumi/automation";
import { parse, stringify } from "yaml";
import { chartPath, gatewayApiPath } from "../../lab/toolchain/sources";
import { changesOfEveryKey, RUNNING, withKeys } from "../support/everyKey";
import {
  ENGINE_TIMEOUT,
  LabForTests,
  type Manifest,
  recorder,
  withToolchain,
} from "../support/labForTests";

type Keys = Readonly<Record<string, object>>;

const LISTENER_SET: Manifest = {
  apiVersion: "gateway.networking.x-k8s.io/v1alpha1",
  kind: "XListenerSet",
  metadata: { name: "mine", namespace: "default" },
  spec: { parentRef: { name: "mine" }, listeners: [{ name: "tcp", port: 9001, protocol: "TCP" }] },
};
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

/** Of a kind that the channel standard does not have. */
const TRAFFIC_POLICY: Manifest = {
  apiVersion: "gateway.networking.x-k8s.io/v1alpha1",
  kind: "XBackendTrafficPolicy",
  metadata: { name: "mine", namespace: "default" },
  spec: { targetRefs: [{ group: "", kind: "Service", name: "web" }] },
};

/** Kinds whose objects come and go with nodes and pods. */
const OF_NODES = /^Cilium(Node|Endpoint|Identity)/;

/** What a live cluster holds, and an update must not take away or make anew. One cluster, in this order. */
describe("an update of a live cluster", function () {
  this.timeout(2 * ENGINE_TIMEOUT);
  const lab = new LabForTests();
  let uids: Readonly<Record<string, string>>;

  before(async function () {
    await withToolchain.call(this);
    await lab.startCluster();
    await (await stack(await v1_4_1(), { cilium: { version: "1.17.9" } })).up();
    await lab.create(GATEWAY, LISTENER_SET);
  });
  after(() => lab.remove());

  it("changes the apiVersion of Cilium's kinds from 1.17 to 1.18 on, and all of them live", async () => {
    uids = await allUids();
    for (const kind of ["CiliumLoadBalancerIPPool services", "CiliumBGPClusterConfig nodes"]) {
      assert.ok(uids[kind], kind);
    }
    const { events, onEvent } = recorder();
    await (await stack(await v1_4_1())).up({ onEvent });
    assert.deepEqual(harmful(events), []);
    assert.ok(steps(events).includes("update load-balancing-pool-services"), String(steps(events)));
    assert.deepEqual(await allUids(), uids);
  });

  it("refuses a release without the kind of an object, and names the object", async () => {
    await refused({}, /XListenerSet default\/mine/);
  });

  it("removes that kind once it holds nothing and the key names it", async () => {
    await lab.delete(LISTENER_SET);
    const dropped = await removeAsTold({});
    assert.ok(dropped.includes("xlistenersets.gateway.networking.x-k8s.io"), String(dropped));
    uids = await allUids();
    assert.ok(uids["Gateway default/mine"]);
  });

  it("has CRDs that are protected and retained, as the Release is", async () => {
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

  it("plans no replacement and no deletion, whatever key is changed, but those with a reason", async () => {
    const before = await allVersions();
    const surprises: string[] = [];
    for (const { what, keys, harm = [], refused } of changesOfEveryKey(await sources())) {
      const { events, onEvent } = recorder();
      const changed = await stack(keys as Keys);
      const refusal = await changed.preview({ onEvent }).then(
        () => "",
        (error) => String(error),
      );
      if (refused ? !refused.test(refusal) : refusal !== "") surprises.push(`${what}: ${refusal}`);
      if (!refused && String(harmful(events).sort()) !== String([...harm].sort())) {
        surprises.push(`${what}: ${harmful(events)}`);
      }
    }
    assert.deepEqual(surprises, []);
    assert.deepEqual(await allVersions(), before);
  });

  it("refuses what must not change by accident, with the cluster and without, until the key allows it", async () => {
    const ipam = { mode: "cluster-pool" };
    const version = { version: "1.18.4", chart: await chartPath("1.18.4"), allowUntested: true };
    const changes: readonly [name: string, change: Keys, refusal: RegExp][] = [
      [
        "cluster.name",
        { cluster: { name: "renamed" } },
        /cluster\.name: it would change in a live/,
      ],
      ["cluster.id", { cluster: { id: 9 } }, /cluster\.id: it would change in a live cluster/],
      [
        "network.podCidrs",
        { network: { podCidrs: ["10.14.0.0/17"] } },
        /network\.podCidrs: .*\(10\.14\.0\.0\/16 is installed, 10\.14\.0\.0\/17 in the stack\)/,
      ],
      [
        "ipam.mode",
        { cilium: { values: { ipam } } },
        /ipam\.mode: .*\(kubernetes is installed, cluster-pool in the stack\)/,
      ],
      ["cilium.version", { cilium: version }, /cilium\.version: .*; go to 1\.19 first/],
    ];
    for (const [name, change, refusal] of changes) {
      await refused(change, refusal);
      const offline = { cluster: { kubeconfig: "/no/such" } };
      await assert.rejects((await stack(change, offline)).preview(), refusal);
      const allowed = { cilium: { allowChanges: [name] } };
      const { events, onEvent } = recorder();
      await (await stack(change, allowed)).preview({ onEvent });
      assert.deepEqual(harmful(events), [], name);
    }
  });

  it("refuses to install beside a release with another name, until the key allows it", async () => {
    const owner = (name: string) => ({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "cilium", annotations: { "meta.helm.sh/release-name": name } },
    });
    await lab.change(owner("cilium-cni"));
    await refused({}, /release: .*\(kube-system\/cilium-cni is installed, kube-system\/cilium in/);
    await (await stack({ cilium: { allowChanges: ["release"] } })).preview();
    await lab.change(owner("cilium"));
  });

  it("adds a second pod CIDR", async () => {
    const network = {
      podCidrs: ["10.14.0.0/16", "fd00:14::/56"],
      serviceCidrs: ["10.15.0.0/16", "fd00:15::/112"],
    };
    await (await stack({ network })).preview();
  });

  it("renames the cluster, fails, goes back, protect off and on, and everything lives", async () => {
    await lab.create(TCP_ROUTE);
    uids = await allUids();
    assert.ok(uids["TCPRoute default/mine"]);
    const allowChanges = ["cluster.name"];
    const back = { cilium: { allowChanges } };
    const rename = { ...back, cluster: { name: "renamed" } };
    const values = { updateStrategy: { type: "Nonsense" } };
    for (const [change, failure] of [
      [rename],
      [{ ...rename, cilium: { allowChanges, values } }, /updateStrategy/],
      [back],
      [{ ...rename, cilium: { allowChanges, protect: false } }],
      [back],
    ] as const) {
      const { events, onEvent } = recorder();
      const update = (await stack(change)).up({ onEvent });
      if (failure) await assert.rejects(update, failure);
      else await update;
      assert.deepEqual(harmful(events), [], JSON.stringify(change));
      assert.deepEqual(await allUids(), uids, JSON.stringify(change));
    }
  });

  it("refuses a channel without the kind of an object, protected or not, and names the object", async () => {
    await lab.create(TRAFFIC_POLICY);
    const standard = await channelStandard();
    for (const protect of [true, false]) {
      await refused({ ...standard, cilium: { protect } }, /XBackendTrafficPolicy default\/mine/);
    }
  });

  it("removes the kinds of a channel once they hold nothing and the key names them", async () => {
    await lab.delete(TRAFFIC_POLICY);
    const standard = await channelStandard();
    const dropped = await removeAsTold(standard);
    assert.ok(dropped.includes("xmeshes.gateway.networking.x-k8s.io"), String(dropped));
    assert.equal((await allUids())["Gateway default/mine"], uids["Gateway default/mine"]);
  });

  it("removes the whole Gateway API with its policy once it holds nothing and the key names its CRDs", async () => {
    // The channel serves it as v1.
    const route = { ...TCP_ROUTE, apiVersion: "gateway.networking.k8s.io/v1" };
    for (const object of [GATEWAY, route]) await lab.delete(object);
    const dropped = await removeAsTold({ gatewayApi: { enabled: false } });
    assert.ok(dropped.includes("gateways.gateway.networking.k8s.io"), String(dropped));
    const admission = lab.clients.config.makeApiClient(AdmissionregistrationV1Api);
    const { items } = await admission.listValidatingAdmissionPolicy();
    assert.deepEqual(
      items.map(({ metadata }) => metadata?.name).filter((name) => /gateway/.test(name ?? "")),
      [],
    );
  });

  it("is not destroyed while it holds somebody's objects, though nothing is protected, but handed over", async () => {
    const open = await stack(await channelStandard(), { cilium: { protect: false } });
    await open.up();
    await lab.create(GATEWAY);
    uids = await allUids();
    await assert.rejects(
      open.destroy(),
      /nothing was removed: .*Gateway default\/mine.* with cilium\.retainOnDelete: true and pulumi up; then run pulumi destroy again/,
    );
    assert.deepEqual(await allUids(), uids);
    const kept = { cilium: { protect: false, retainOnDelete: true } };
    const handed = await stack(await channelStandard(), kept);
    await handed.up();
    await handed.destroy();
    assert.deepEqual(await allUids(), uids);
    const { resources } = (await handed.exportStack()).deployment;
    assert.deepEqual(resources ?? [], []);
  });

  /** The lab's stack, with one of every kind of object. */
  async function stack(...layers: Keys[]): Promise<Stack> {
    return lab.stack("lab", (config) => withKeys(config, RUNNING, ...layers));
  }

  async function v1_4_1(): Promise<Keys> {
    const source = await gatewayApiPath("v1.4.1", "experimental");
    return {
      gatewayApi: { version: "v1.4.1", source },
      cilium: { allowUntested: true },
    };
  }

  async function channelStandard(): Promise<Keys> {
    const source = await gatewayApiPath("v1.6.1", "standard");
    return { gatewayApi: { channel: "standard", source } };
  }

  /** A change that a preview and an update refuse, and that leaves everything as it was. */
  async function refused(change: Keys, reason: RegExp): Promise<void> {
    const before = await allVersions();
    const changed = await stack(change);
    await assert.rejects(changed.preview(), reason);
    await assert.rejects(changed.up(), reason);
    assert.deepEqual(await allVersions(), before);
  }

  /**
   * Applies a change that drops CRDs, with the key that its refusal tells, in one update that leaves nothing to do; returns
   * the names of these CRDs.
   */
  async function removeAsTold(change: Keys): Promise<string[]> {
    const refusal = await (await stack(change)).up().then(
      () => "",
      (error) => String(error),
    );
    const told = /gatewayApi\.removeCrds: (\[.*?\])/.exec(refusal)?.[1];
    assert.ok(told, refusal);
    const removeCrds: string[] = JSON.parse(told);
    const asked = await stack(change, { gatewayApi: { removeCrds } });
    await asked.up();
    const { events, onEvent } = recorder();
    await asked.preview({ onEvent });
    assert.deepEqual(madeOrGone(events), []);
    const { items } = await lab.clients.crds.listCustomResourceDefinition();
    const names = items.map(({ metadata }) => metadata?.name ?? "");
    assert.deepEqual(
      names.filter((name) => removeCrds.includes(name)),
      [],
    );
    return removeCrds;
  }

  async function sources() {
    const folder = await gatewayApiPath("v1.6.1", "experimental");
    const text = readdirSync(folder)
      .filter((name) => /\.ya?ml$/.test(name))
      .map((name) => readFileSync(join(folder, name), "utf8"))
      .join("\n---\n");
    const file = lab.folder.join("bundle.yaml");
    writeFileSync(file, text);
    const kubeconfig = lab.folder.join("other-kubeconfig");
    const config = parse(readFileSync(lab.folder.kubeconfig, "utf8"));
    config.contexts[0].name = "elsewhere";
    writeFileSync(kubeconfig, stringify({ ...config, "current-context": "elsewhere" }));
    return {
      file,
      sha256: createHash("sha256").update(text).digest("hex"),
      standard: await gatewayApiPath("v1.6.1", "standard"),
      older: await gatewayApiPath("v1.3.0", "experimental"),
      chart: await chartPath("1.18.4"),
      kubeconfig,
      context: "elsewhere",
      uid: await lab.uid(),
    };
  }

  /** All CRDs of Cilium and the Gateway API, and all their objects but those of nodes and pods. */
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
    ].filter(([key]) => !OF_NODES.test(key));
  }

  async function allUids(): Promise<Record<string, string>> {
    const found = (await objects()).map(([key, { metadata }]) => [key, metadata?.uid ?? ""]);
    return Object.fromEntries(found.sort());
  }

  /** Everything that the stack could write, with its generation or resourceVersion. */
  async function allVersions(): Promise<string[]> {
    const { items } = await lab.clients.core.listSecretForAllNamespaces();
    return [
      ...(await objects()).map(([key, { metadata }]) => `${key} ${metadata?.generation}`),
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

/** Steps of an operation on Kubernetes resources, the provider, and commands that delete: "operation name". */
function steps(events: readonly EngineEvent[]): string[] {
  return events.flatMap(({ resourcePreEvent }) => {
    const { op = "", type = "", urn = "" } = resourcePreEvent?.metadata ?? {};
    const name = urn.split("::").at(-1) ?? "";
    const matters =
      /^kubernetes:|^pulumi:providers:kubernetes/.test(type) ||
      /^(cilium-leftovers|destroy-guard-protected)$/.test(name);
    return matters ? [`${op} ${name}`] : [];
  });
}

/**
 * What an operation makes or takes away, each as "operation name". An update in place is neither: the provider may have
 * read a CRD from an API server that lags behind, and compares with that the next time.
 */
function madeOrGone(events: readonly EngineEvent[]): string[] {
  return events.flatMap(({ resourcePreEvent }) => {
    const { op = "same", urn = "" } = resourcePreEvent?.metadata ?? {};
    return /^(same|update)$/.test(op) ? [] : [`${op} ${urn.split("::").at(-1)}`];
  });
}

/** Those that replace or delete. */
function harmful(events: readonly EngineEvent[]): string[] {
  return steps(events).filter((step) => /replace|delete|discard/.test(step));
}

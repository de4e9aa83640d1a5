import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PatchStrategy } from "@kubernetes/client-node";
import type { EngineEvent, Stack } from "@pulumi/pulumi/automation";
import deepmerge from "deepmerge";
import { parse, stringify } from "yaml";
import { gatewayApiOf, type StackConfig, settingsOf } from "../../config";
import { type GatewayApiBundle, loadGatewayApiBundle } from "../../sources/gatewayApiBundle";
import {
  ENGINE_TIMEOUT,
  LabForTests,
  type Manifest,
  recorder,
  withToolchain,
} from "../support/labForTests";

/** One stack, and clusters that are, or are not, its own. */
describe("the look at the cluster", function () {
  this.timeout(3 * ENGINE_TIMEOUT);
  const lab = new LabForTests();

  before(async function () {
    await withToolchain.call(this);
    await lab.startCluster();
  });
  after(() => lab.remove());

  it("takes over the Gateway API that kubectl has applied, by the client and by the server", async () => {
    const gatewayApi = gatewayApiOf(settingsOf(await lab.config()));
    if (gatewayApi === undefined) throw new Error("the lab's stack has the Gateway API");
    const bundle = await loadGatewayApiBundle(gatewayApi);
    await applyWithKubectl(bundle);
    const protect = { cilium: { protect: true } };
    await assert.rejects((await stack(protect)).up(), /conflict with "kubectl/);
    await (await stack({ ...protect, gatewayApi: { adopt: true } })).up();
    await (await stack(protect)).up();
  });

  it("installs all of it again on a cluster made anew, in one update, gate and verification included", async () => {
    const change = { cilium: { protect: true }, verification: { mode: "warn" } };
    await (await stack(change)).up();
    const before = await lab.uid();
    await makeAnew();
    assert.notEqual(await lab.uid(), before);
    const { events, onEvent } = recorder();
    await (await stack(change)).up({ onEvent });
    for (const name of ["cilium-crds-wait", "verification-checks", "cilium-release"]) {
      assert.ok(made(events).includes(name), `${name} of ${made(events)}`);
    }
    assert.equal(await installed(), "talos-lab");
    assert.ok((await poolNames()).includes("services"));
    const again = await (await stack(change)).up();
    assert.deepEqual(Object.keys(again.summary.resourceChanges ?? {}), ["same"]);
    const { deployment } = await (await stack(change)).exportStack();
    const resources = deployment.resources as {
      urn: string;
      protect?: boolean;
      delete?: boolean;
    }[];
    assert.ok(resources.find(({ urn }) => urn.endsWith("::cilium-release"))?.protect);
    assert.deepEqual(
      resources.filter((resource) => resource.delete),
      [],
    );
  });

  it("says what to do where nothing is protected, and that works", async () => {
    await (await stack()).up();
    await makeAnew();
    await assert.rejects(
      (await stack()).destroy(),
      /nothing was removed: the kubeconfig leads to another cluster .* pulumi stack rm --force/,
    );
    await assert.rejects(
      (await stack()).up(),
      /has what the cluster has not \(the Release cilium, .*pulumi refresh, then pulumi up/,
    );
    await (await stack()).refresh();
    await (await stack()).up();
    assert.equal(await installed(), "talos-lab");
    assert.ok((await poolNames()).includes("services"));
  });

  it("refuses another site's cluster, writes nothing to it, and lets it through by its UID", async () => {
    const other = new LabForTests();
    try {
      await other.startCluster();
      const theirs = (config: StackConfig) =>
        deepmerge<StackConfig>(config, {
          "talos-cilium:cluster": { name: "site-b", id: 9 },
          "talos-cilium:verification": { mode: "off" },
        });
      await (await other.stack("lab", theirs)).up();
      const there = {
        cluster: { kubeconfig: other.folder.kubeconfig },
        kubePrism: { port: other.port },
      };
      const before = await versions(other);
      for (const attempt of ["preview", "up"] as const) {
        await assert.rejects(
          (await stack(there))[attempt](),
          /another cluster than the last update did, with Cilium \(cluster\.name site-b\).*installed there with another name \(site-b/s,
        );
      }
      assert.deepEqual(await versions(other), before);

      const named = deepmerge(there, { cluster: { uid: await other.uid() } });
      await assert.rejects(
        (await stack(named)).up(),
        /cluster\.name: it would change in a live cluster \(site-b is installed.*cluster\.id: it would/s,
      );
      assert.deepEqual(await versions(other), before);
      const allowChanges = ["cluster.name", "cluster.id"];
      await (await stack(deepmerge(named, { cilium: { allowChanges } }))).up();
      assert.equal(await installed(other), "talos-lab");
      assert.notDeepEqual(await versions(other), before);
      await assert.rejects(
        (await stack({ cluster: { uid: await other.uid() } })).preview(),
        /cluster\.uid: the kubeconfig leads to another cluster/,
      );
    } finally {
      await other.remove();
    }
  });

  it("is left out, with a warning, of a preview without a cluster; an update ends within 30 s", async () => {
    const offline = await stack();
    const kubeconfig = lab.folder.join("of-yesterday");
    const admin = parse(readFileSync(lab.folder.kubeconfig, "utf8"));
    const users = admin.users.map(({ name }: { name: string }) => ({ name, user: { token: "x" } }));
    writeFileSync(kubeconfig, stringify({ ...admin, users }));
    const printed = async (previewed: Stack) => {
      const lines: string[] = [];
      await previewed.preview({ onOutput: (text) => lines.push(text) });
      return lines.join("");
    };
    for (const [path, cause] of [
      ["/no/such", /could not be looked at: kubeconfig: no such file \(\/no\/such\)/],
      [kubeconfig, /could not be looked at: user \S+: the API server does not accept the cred/],
    ] as const) {
      assert.match(await printed(await stack({ cluster: { kubeconfig: path } })), cause);
    }
    await lab.stopCluster();
    assert.match(
      await printed(offline),
      /the cluster could not be looked at: https:.*an update would stop here/,
    );

    const { deployment: before } = await offline.exportStack();
    const began = performance.now();
    await assert.rejects(
      offline.up(),
      /could not be looked at: https:.*see that it runs, and cluster\.kubeconfig.*Nothing was changed\./,
    );
    const seconds = (performance.now() - began) / 1000;
    assert.ok(seconds < 60, `${seconds} s, of which the look takes 20 at most`);
    await assert.rejects(offline.refresh(), /unreachable/);
    const { deployment: after } = await offline.exportStack();
    assert.equal(after.resources.length, before.resources.length, "the state is as it was");

    // As a destroy says where the cluster is gone.
    await offline.workspace.removeStack("lab", { force: true });
    assert.deepEqual(await offline.workspace.listStacks(), []);
  });

  async function stack(change: object = {}): Promise<Stack> {
    const keyed = Object.fromEntries(
      Object.entries(change).map(([key, value]) => [`talos-cilium:${key}`, value]),
    );
    return lab.stack("lab", (config) =>
      deepmerge.all<StackConfig>([config, { "talos-cilium:verification": { mode: "off" } }, keyed]),
    );
  }

  /** As `kubectl apply` does for CRDs, and `kubectl apply --server-side` for policies. */
  async function applyWithKubectl({ crds, policies }: GatewayApiBundle): Promise<void> {
    const { anything } = lab.clients;
    for (const crd of crds) {
      await anything.create(crd as Manifest, undefined, undefined, "kubectl-client-side-apply");
    }
    const strategy = PatchStrategy.ServerSideApply;
    for (const policy of policies as readonly Manifest[]) {
      await anything.patch(policy, undefined, undefined, "kubectl", true, strategy);
    }
  }

  /** The lab's cluster, made anew; the stack's state is kept. */
  async function makeAnew(): Promise<void> {
    const kept = mkdtempSync(join(tmpdir(), "talos-cilium-state-"));
    const folders = ["backend", "stack"];
    for (const name of folders)
      cpSync(lab.folder.join(name), join(kept, name), { recursive: true });
    const { port } = lab;
    await lab.stopCluster();
    await lab.startCluster(port);
    for (const name of folders)
      cpSync(join(kept, name), lab.folder.join(name), { recursive: true });
    rmSync(kept, { recursive: true });
  }

  async function installed(where = lab): Promise<string | undefined> {
    const { data } = await where.clients.core.readNamespacedConfigMap({
      namespace: "kube-system",
      name: "cilium-config",
    });
    return data?.["cluster-name"];
  }

  async function poolNames(): Promise<(string | undefined)[]> {
    const pools = { group: "cilium.io", version: "v2", plural: "ciliumloadbalancerippools" };
    const { items } = (await lab.clients.objects.listClusterCustomObject(pools)) as {
      items: { metadata?: { name?: string } }[];
    };
    return items.map(({ metadata }) => metadata?.name);
  }

  /** Everything that the stack could write, with its resourceVersion. */
  async function versions({
    clients: { core, crds, apps, objects },
  }: LabForTests): Promise<string[]> {
    const pools = { group: "cilium.io", version: "v2", plural: "ciliumloadbalancerippools" };
    const { items } = (await objects.listClusterCustomObject(pools)) as {
      items: { metadata?: { name?: string; resourceVersion?: string } }[];
    };
    return [
      ...items,
      ...(await crds.listCustomResourceDefinition()).items,
      ...(await core.listSecretForAllNamespaces()).items,
      ...(await core.listConfigMapForAllNamespaces()).items,
      ...(await apps.listDaemonSetForAllNamespaces()).items.map(({ metadata, spec }) => ({
        metadata: { name: metadata?.name, resourceVersion: JSON.stringify(spec) },
      })),
    ]
      .map(({ metadata }) => `${metadata?.name}@${metadata?.resourceVersion}`)
      .sort();
  }
});

/** Names of the resources that an operation made. */
function made(events: readonly EngineEvent[]): string[] {
  return events.flatMap(({ resourcePreEvent }) => {
    const { op = "", urn = "" } = resourcePreEvent?.metadata ?? {};
    return /^create/.test(op) ? [urn.split("::").at(-1) ?? ""] : [];
  });
}

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { KubernetesObject, V1Service } from "@kubernetes/client-node";
import type { EngineEvent, OpMap, Stack } from "@pulumi/pulumi/automation";
import deepmerge from "deepmerge";
import { execa } from "execa";
import { parse } from "yaml";
import { readStackConfig, type StackConfig } from "../../config/stackFile";
import { chartPath, gatewayApiPath } from "../../lab/toolchain/sources";
import { ciliumObjects } from "../support/inventory";
import {
  ENGINE_TIMEOUT,
  eventually,
  LabForTests,
  type Manifest,
  recorder,
  withToolchain,
} from "../support/labForTests";
import { assertCreatedAfterTheirDefinitions } from "../support/order";

const POOL = "kubernetes:cilium.io/v2:CiliumLoadBalancerIPPool";
const POLICY = "kubernetes:cilium.io/v2alpha1:CiliumL2AnnouncementPolicy";
const RELEASE = "kubernetes:helm.sh/v3:Release";
const POOLS = { group: "cilium.io", version: "v2", plural: "ciliumloadbalancerippools" };
const POLICIES = {
  group: "cilium.io",
  version: "v2alpha1",
  plural: "ciliuml2announcementpolicies",
};

/** A CRD of Tetragon's, which is in Cilium's group and none of its own. */
const TRACING_POLICIES: Manifest = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "tracingpolicies.cilium.io" },
  spec: {
    group: "cilium.io",
    scope: "Cluster",
    names: { kind: "TracingPolicy", plural: "tracingpolicies", singular: "tracingpolicy" },
    versions: [
      {
        name: "v1alpha1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object" } },
      },
    ],
  },
};

describe("the stack on a real API server", function () {
  this.timeout(ENGINE_TIMEOUT);
  const lab = new LabForTests();
  let stack: Stack;

  before(async function () {
    await withToolchain.call(this);
    await lab.startCluster();
    stack = await lab.stack();
    // The controller-manager's own work on a new cluster: it must not be taken for the stack's.
    await eventually("every namespace has the cluster's CA", async () => {
      const { core } = lab.clients;
      const maps = (await core.listConfigMapForAllNamespaces()).items;
      const { length } = (await core.listNamespace()).items;
      const authorities = maps.filter(({ metadata }) => metadata?.name === "kube-root-ca.crt");
      return authorities.length === length ? true : undefined;
    });
  });
  after(() => lab.remove());

  it("previews on an empty cluster, pool and policy included", async () => {
    const { events, onEvent } = recorder();
    const { changeSummary } = await stack.preview({ onEvent });
    assert.deepEqual(Object.keys(changeSummary), ["create"]);
    const types = creations(events);
    for (const type of [POOL, POLICY, RELEASE]) assert.ok(types.includes(type), type);
  });

  it("previews prod, whose Release has the values of the source document, and changes nothing", async () => {
    const before = await revision();
    const { events, onEvent } = recorder();
    const { changeSummary } = await (await lab.stack("prod")).preview({ onEvent });
    assert.deepEqual(Object.keys(changeSummary), ["create"]);
    const release = events.find(
      ({ resourcePreEvent }) => resourcePreEvent?.metadata.type === RELEASE,
    )?.resourcePreEvent?.metadata.new?.inputs as Record<string, unknown>;
    const source = parse(
      readFileSync(join(__dirname, "../fixtures/source/values.yaml"), "utf8"),
    ) as Record<string, unknown>;
    assertContains(release.values, source, "values");
    assert.equal(release.version, "1.18.4");
    assert.equal(await revision(), before);
  });

  it("applies: nodes NotReady before, definitions after the Release, pool and policy after these", async () => {
    const ready = async () =>
      (await lab.clients.core.listNode()).items.filter(({ status }) =>
        status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"),
      ).length;
    assert.equal(await ready(), 0, "no node is Ready without a network");

    const { events, onEvent } = recorder();
    const { summary } = await stack.up({ onEvent });
    assert.equal(summary.result, "succeeded");
    await assertCreatedAfterTheirDefinitions(events, lab.clients);

    const secret = await lab.clients.core.readNamespacedSecret({
      namespace: "kube-system",
      name: "sh.helm.release.v1.cilium.v1",
    });
    const { items } = await lab.clients.crds.listCustomResourceDefinition();
    const definitions = items.filter(({ spec }) => spec.group === "cilium.io");
    assert.ok(definitions.length > 10);
    for (const { metadata } of definitions) {
      assert.ok(
        Number(metadata?.creationTimestamp) >= Number(secret.metadata?.creationTimestamp),
        `${metadata?.name} is younger than the Release`,
      );
    }
    await eventually("every node is Ready", async () => ((await ready()) === 5 ? true : undefined));
  });

  it("changes nothing the second time, in a preview neither", async () => {
    assert.deepEqual(onlySame((await stack.up()).summary.resourceChanges), true);
    assert.deepEqual(onlySame((await stack.preview()).changeSummary), true);
  });

  it("is imported from the cluster as what it is: a preview of that stack changes nothing", async () => {
    const file = readStackConfig("lab");
    // What a cluster does not tell: its LAN, whether Pulumi protects it, how long a verification waits, and the lab's files.
    const given = {
      "lan.name": "lab",
      "lan.cidr": "192.168.10.0/24",
      "cilium.protect": "false",
      "verification.wait": "300",
      "cilium.chart": await chartPath("1.20.2"),
      "gatewayApi.source": await gatewayApiPath("v1.6.1", "experimental"),
    };
    const { stdout, stderr } = await execa(
      "node",
      [
        ...["--require", "ts-node/register", "commands/importValues.ts"],
        ...["--from-cluster", "--context", "lab"],
        ...Object.entries(given).flatMap(([key, value]) => ["--set", `${key}=${value}`]),
      ],
      { cwd: join(__dirname, "../.."), env: { KUBECONFIG: lab.folder.kubeconfig } },
    );
    assert.doesNotMatch(stderr, /^by hand/m);
    const { config } = parse(stdout) as { config: Record<string, object> };
    assert.deepEqual(
      Object.keys(config).sort(),
      Object.keys(file).concat("talos-cilium:kubePrism").sort(),
    );
    const imported = await lab.stack("lab", (ours) => ({
      ...config,
      "talos-cilium:cluster": {
        ...config["talos-cilium:cluster"],
        kubeconfig: (ours["talos-cilium:cluster"] as { kubeconfig: string }).kubeconfig,
      },
    }));
    assert.ok(onlySame((await imported.preview()).changeSummary));
  });

  it("keeps in its state who belongs to whom, and no credential", async () => {
    const { deployment } = await stack.exportStack();
    const resources = deployment.resources as StateResource[];
    const kubernetes = resources.filter(({ type }) => type.startsWith("kubernetes:"));
    assert.equal(kubernetes.length, 18);
    for (const { urn, parent, provider } of kubernetes) {
      assert.match(parent ?? "", /talos-cilium:index:(GatewayApiCrds|Cilium|LoadBalancing)::/, urn);
      assert.match(provider ?? "", /pulumi:providers:kubernetes::cluster::/, urn);
    }
    const key = lab.clients.config.getCurrentUser()?.keyData;
    assert.ok(key !== undefined && !JSON.stringify(deployment).includes(key));
    assert.doesNotMatch(JSON.stringify(deployment), /PRIVATE KEY/);
  });

  it("reaches the cluster through KubePrism, and so does every agent", async () => {
    assert.equal(lab.clients.config.getCurrentCluster()?.server, `https://localhost:${lab.port}`);
    const daemonSet = await lab.clients.apps.readNamespacedDaemonSet({
      namespace: "kube-system",
      name: "cilium",
    });
    const environment = daemonSet.spec?.template.spec?.containers[0]?.env ?? [];
    const value = (name: string) => environment.find((variable) => variable.name === name)?.value;
    assert.equal(value("KUBERNETES_SERVICE_HOST"), "localhost");
    assert.equal(value("KUBERNETES_SERVICE_PORT"), String(lab.port));
    const capabilities = (daemonSet.spec?.template.spec?.containers[0]?.securityContext
      ?.capabilities?.add ?? []) as string[];
    assert.ok(capabilities.includes("NET_ADMIN") && !capabilities.includes("SYS_MODULE"));
  });

  it("has a GatewayClass that the operator accepts", async () => {
    await eventually("GatewayClass cilium is Accepted", async () => {
      const gatewayClass = (await lab.clients.objects.getClusterCustomObject({
        group: "gateway.networking.k8s.io",
        version: "v1",
        plural: "gatewayclasses",
        name: "cilium",
      })) as WithConditions;
      return condition(gatewayClass, "Accepted")?.status === "True" ? true : undefined;
    });
  });

  it("gives 50 Services an address of the pool, and says why the 51st has none", async () => {
    const { core } = lab.clients;
    const names = Array.from({ length: 50 }, (_, index) => `web-${index + 1}`);
    await Promise.all(names.map((name) => core.createNamespacedService(service(name))));
    const addresses = await eventually("50 Services have an address", async () => {
      const { items } = await core.listNamespacedService({ namespace: "default" });
      const found = items.flatMap(
        ({ status }) => status?.loadBalancer?.ingress?.map(({ ip }) => ip ?? "") ?? [],
      );
      return found.length === 50 ? found : undefined;
    });
    const expected = Array.from({ length: 50 }, (_, index) => `192.168.10.${50 + index}`);
    assert.deepEqual(new Set(addresses), new Set(expected));

    await core.createNamespacedService(service("one-too-many"));
    const refused = await eventually("the 51st Service is refused", async () => {
      const { status } = await core.readNamespacedService({
        namespace: "default",
        name: "one-too-many",
      });
      assert.equal(status?.loadBalancer?.ingress, undefined);
      return status?.conditions?.find(({ type }) => type === "cilium.io/IPAMRequestSatisfied");
    });
    assert.equal(refused.status, "False");
    assert.equal(refused.reason, "out_of_ips");
    await eventually("the pool says that nothing is left", async () => {
      const pool = (await lab.clients.objects.getClusterCustomObject({
        group: "cilium.io",
        version: "v2",
        plural: "ciliumloadbalancerippools",
        name: "services",
      })) as WithConditions;
      return condition(pool, "cilium.io/IPsAvailable")?.message === "0" ? true : undefined;
    });
    for (const name of [...names, "one-too-many"]) {
      await core.deleteNamespacedService({ namespace: "default", name });
    }
  });

  it("renames the pool and the policy that a Service uses, and takes a policy away, each in one update", async () => {
    const { core } = lab.clients;
    const addressOf = (name: string) =>
      eventually(`${name} has an address`, async () => {
        const { status } = await core.readNamespacedService({ namespace: "default", name });
        return status?.loadBalancer?.ingress?.[0]?.ip;
      });
    const own = async () => {
      const lists = await Promise.all(
        [POOLS, POLICIES].map((kind) => lab.clients.objects.listClusterCustomObject(kind)),
      );
      return lists
        .flatMap((list) => (list as { items: KubernetesObject[] }).items)
        .map(({ metadata }) => metadata?.name);
    };
    await core.createNamespacedService(service("renamed"));
    await addressOf("renamed");
    const balancing = (...policies: string[]) =>
      lab.stack("lab", (config) => ({
        ...config,
        "talos-cilium:loadBalancing": {
          pools: [{ name: "renamed", start: "192.168.10.50", stop: "192.168.10.99" }],
          policies: policies.map((name) => ({ name, interfaces: ["^eth0$"] })),
        },
      }));
    for (const policies of [["renamed", "another"], ["renamed"]]) {
      const changed = await balancing(...policies);
      assert.equal((await changed.up()).summary.result, "succeeded");
      assert.ok(onlySame((await changed.preview()).changeSummary));
      assert.deepEqual(await own(), ["renamed", ...policies.toSorted()]);
      await addressOf("renamed");
    }
    await (await lab.stack()).up();
    await core.deleteNamespacedService({ namespace: "default", name: "renamed" });
  });

  it("rolls the operator when a value changes, and the new one runs with it", async () => {
    const operators = () =>
      new Map(
        lab.processes
          .filter(({ name }) => name.startsWith("cilium-operator-"))
          .map(({ name, pid }) => [name, pid]),
      );
    const before = operators();
    assert.equal(before.size, 2);
    const changed = await lab.stack("lab", withCilium({ values: { debug: { enabled: true } } }));
    assert.equal((await changed.up()).summary.resourceChanges?.update, 1);
    await eventually("two other operators run", async () => {
      const now = operators();
      return now.size === 2 && [...now.keys()].every((name) => !before.has(name))
        ? true
        : undefined;
    });
    for (const name of operators().keys()) {
      await eventually(`${name} runs with debug on`, async () =>
        /level=debug/.test(readFileSync(lab.folder.log(name), "utf8")) ? true : undefined,
      );
    }
  });

  it("applies pools, policies and BGP that Cilium's own definitions accept", async () => {
    const changed = await lab.stack("lab", (config) => ({
      ...config,
      "talos-cilium:bgp": {
        localAsn: 64512,
        peers: [{ name: "router", address: "192.168.10.1", asn: 64513 }],
        advertise: ["LoadBalancerIP", "PodCIDR"],
      },
      "talos-cilium:loadBalancing": {
        pools: [
          {
            name: "web",
            cidr: "192.168.10.32/28",
            serviceSelector: { matchLabels: { tier: "web" } },
          },
          { name: "services", start: "192.168.10.50", stop: "192.168.10.59" },
        ],
        policies: [
          { name: "web", serviceSelector: { matchLabels: { tier: "web" } }, externalIPs: true },
          {
            name: "services",
            serviceSelector: { matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] },
          },
        ],
      },
    }));
    const { resourceChanges } = (await changed.up()).summary;
    // A pool and a policy, the component of BGP and its three objects.
    assert.equal(resourceChanges?.create, 6);
    const { items } = (await lab.clients.objects.listClusterCustomObject({
      group: "cilium.io",
      version: "v2",
      plural: "ciliumbgpclusterconfigs",
    })) as { items: KubernetesObject[] };
    assert.equal(items.length, 1);
  });

  it("keeps what is somebody's own: destroy refuses while a network policy would be lost", async () => {
    const policy = {
      group: "cilium.io",
      version: "v2",
      namespace: "default",
      plural: "ciliumnetworkpolicies",
    };
    await lab.clients.objects.createNamespacedCustomObject({
      ...policy,
      body: {
        apiVersion: "cilium.io/v2",
        kind: "CiliumNetworkPolicy",
        metadata: { name: "mine" },
        spec: { endpointSelector: {}, ingress: [{}] },
      },
    });
    await assert.rejects(
      stack.destroy(),
      /nothing was removed: objects would be lost with their CRDs \(CiliumNetworkPolicy default\/mine\)/,
    );
    const pools = (await lab.clients.objects.listClusterCustomObject(POOLS)) as {
      items: unknown[];
    };
    assert.equal(pools.items.length, 2, "the look came before the first deletion");
    await lab.clients.objects.deleteNamespacedCustomObject({ ...policy, name: "mine" });
  });

  it("destroys without leaving a Cilium or Gateway API object, and applies again", async () => {
    stack = await lab.stack();
    await lab.create(TRACING_POLICIES);
    await stack.destroy();
    const left = await ciliumObjects(lab.clients.config);
    // With its own APIService, which the API server makes.
    assert.deepEqual(left.map((path) => path.split("/").at(-1)).sort(), [
      "tracingpolicies.cilium.io",
      "v1alpha1.cilium.io",
    ]);
    await lab.delete(TRACING_POLICIES);
    assert.deepEqual(Object.keys((await stack.up()).summary.resourceChanges ?? {}), ["create"]);
    assert.notDeepEqual(await ciliumObjects(lab.clients.config), []);
  });

  it("is protected as prod is: destroy fails and takes nothing away, until an update turns that off", async () => {
    const pools = () => lab.clients.objects.listClusterCustomObject(POOLS);
    const protectedStack = await lab.stack("lab", withCilium({ protect: true }));
    await protectedStack.up();
    const before = await ciliumObjects(lab.clients.config);
    await assert.rejects(protectedStack.destroy(), /destroy-guard-protected.*protect/s);
    assert.deepEqual(await ciliumObjects(lab.clients.config), before);
    assert.equal(((await pools()) as { items: unknown[] }).items.length, 1);

    stack = await lab.stack();
    await stack.up();
    await stack.destroy();
    assert.deepEqual(await ciliumObjects(lab.clients.config), []);
  });

  /** Revision of the API server's store: it grows with every write of this cluster's definitions and releases. */
  async function revision(): Promise<string> {
    const { crds, core } = lab.clients;
    const names = [
      ...(await crds.listCustomResourceDefinition()).items,
      ...(await core.listSecretForAllNamespaces()).items,
      ...(await core.listConfigMapForAllNamespaces()).items,
    ].map(
      ({ metadata }) => `${metadata?.namespace}/${metadata?.name}@${metadata?.resourceVersion}`,
    );
    return names.sort().join("\n");
  }
});

/** A resource in an exported state, as far as it is read here. */
interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly parent?: string;
  readonly provider?: string;
}

/** An object with conditions. */
type WithConditions = KubernetesObject & {
  status?: { conditions?: { type: string; status: string; message: string }[] };
};

function condition(object: WithConditions, type: string) {
  return object.status?.conditions?.find((candidate) => candidate.type === type);
}

function service(name: string): { namespace: string; body: V1Service } {
  return {
    namespace: "default",
    body: {
      metadata: { name },
      spec: { type: "LoadBalancer", ports: [{ port: 80 }], selector: { app: name } },
    },
  };
}

/** Types of the resources that an operation created. */
function creations(events: readonly EngineEvent[]): string[] {
  return events.flatMap(({ resourcePreEvent }) =>
    resourcePreEvent?.metadata.op === "create" ? [resourcePreEvent.metadata.type] : [],
  );
}

function onlySame(changes: OpMap | undefined): boolean {
  assert.deepEqual(Object.keys(changes ?? {}), ["same"]);
  return true;
}

function withCilium(changes: Record<string, unknown>): (config: StackConfig) => StackConfig {
  return (config) => deepmerge(config, { "talos-cilium:cilium": changes });
}

/** Asserts that every key of one object is in another with the same value, at every depth. */
function assertContains(actual: unknown, expected: unknown, path: string): void {
  if (typeof expected !== "object" || expected === null) {
    assert.deepEqual(actual, expected, path);
    return;
  }
  for (const [key, value] of Object.entries(expected)) {
    assertContains((actual as Record<string, unknown> | undefined)?.[key], value, `${path}.${key}`);
  }
}

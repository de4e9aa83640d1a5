import assert from "node:assert/strict";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Bgp } from "../../../components/bgp";
import { Cilium } from "../../../components/cilium";
import { CiliumCrdGate } from "../../../components/ciliumCrdGate";
import { GatewayApiCrds } from "../../../components/gatewayApiCrds";
import { LoadBalancing, type LoadBalancingArgs } from "../../../components/loadBalancing";
import { Mocked, type Registered, urnOf, waitedFor } from "../../support/mocks";

const BGP = {
  localAsn: 64512,
  peers: [{ name: "router", address: "10.0.0.1", asn: 64513 }],
  nodeSelector: { matchLabels: { rack: "1" } },
  advertise: ["LoadBalancerIP", "PodCIDR"] as const,
  families: ["ipv4", "ipv6"] as const,
  gracefulRestart: true,
  holdTime: 9,
  keepAlive: 3,
};
const KEPT = { retainOnDelete: false, replacement: {} };
const RELEASE = "kubernetes:helm.sh/v3:Release";
const COMMAND = "command:local:Command";
const BUNDLE = {
  crds: [
    {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "gateways.example" },
      spec: {},
    },
  ],
  policies: [
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicy",
      metadata: { name: "safe-upgrades" },
    },
  ],
  digest: "0".repeat(64),
};

describe("components", () => {
  let mocked: Mocked;
  let provider: k8s.Provider;
  beforeEach(async () => {
    mocked = await Mocked.start();
    provider = new k8s.Provider("cluster");
  });

  function cilium({ chart }: { chart: string }): Cilium {
    return new Cilium(
      "cilium",
      {
        version: "1.18.4",
        chart,
        repository: "https://charts.example",
        timeout: 1200,
        values: {},
        protect: false,
        ...KEPT,
        retainRelease: false,
        location: {},
      },
      { providers: [provider] },
    );
  }

  function loadBalancing(
    args: Omit<LoadBalancingArgs, "earlierPools">,
    earlierPools: readonly string[] = [],
  ): LoadBalancing {
    return new LoadBalancing("lb", { ...args, earlierPools }, { providers: [provider] });
  }

  function bgp(): Bgp {
    return new Bgp(
      "bgp",
      { bgp: BGP, ...KEPT, retainOnDelete: true, apiVersion: "cilium.io/v2" },
      { providers: [provider] },
    );
  }

  it("have type tokens of the project", async () => {
    const gate = new CiliumCrdGate("gate", {
      version: "1.18.4",
      crds: [],
      clusterUid: undefined,
      location: {},
    });
    const balancing = loadBalancing({
      pools: [{ name: "p", start: "10.0.0.1", stop: "10.0.0.2" }],
      policies: [],
      ...KEPT,
      apiVersion: "cilium.io/v2",
      retainOnDelete: false,
    });
    const types = await Promise.all(
      [gate, balancing, bgp(), cilium({ chart: "cilium" })].map(
        async (component) => (await urnOf(component)).split("::")[2],
      ),
    );
    assert.deepEqual(types, [
      "talos-cilium:index:CiliumCrdGate",
      "talos-cilium:index:LoadBalancing",
      "talos-cilium:index:Bgp",
      "talos-cilium:index:Cilium",
    ]);
  });

  for (const [chart, repository] of [
    ["cilium", { repo: "https://charts.example" }],
    ["oci://registry.example/charts/cilium", undefined],
    ["./charts/cilium", undefined],
    ["/srv/charts/cilium-1.18.4.tgz", undefined],
    ["cilium-1.18.4.tgz", undefined],
  ] as const) {
    it(`take the chart ${chart} ${repository === undefined ? "as it is" : "from the repository"}`, async () => {
      await settled(cilium({ chart }));
      assert.deepEqual(mocked.one(RELEASE).inputs.repositoryOpts, repository);
      assert.equal(mocked.one(RELEASE).inputs.timeout, 1200);
    });
  }

  it("give their provider to each of their Kubernetes resources", async () => {
    await Promise.all([
      urnOf(bgp()),
      settled(cilium({ chart: "cilium" })),
      value(
        loadBalancing({
          pools: [{ name: "p", start: "10.0.0.1", stop: "10.0.0.2" }],
          policies: [{ name: "q", interfaces: [], nodeSelector: {}, externalIPs: false }],
          ...KEPT,
          apiVersion: "cilium.io/v2",
          retainOnDelete: true,
        }).generations,
      ),
      value(
        new GatewayApiCrds(
          "crds",
          {
            ...{ bundle: BUNDLE, adopt: true, protect: true, retainOnDelete: true },
            ...{ retainCrds: true, replacement: {} },
          },
          { providers: [provider] },
        ).digest,
      ),
    ]);
    await pulumi.runtime.disconnect();
    const kubernetes = mocked.resources.filter(({ type }) => type.startsWith("kubernetes:"));
    assert.deepEqual(kubernetes.map(({ name }) => name).sort(), [
      ...["bgp-advertisement", "bgp-cluster-config", "bgp-peer-config", "cilium-release"],
      ...["crds-gateways.example", "crds-policy-safe-upgrades", "lb-policy-q", "lb-pool-p"],
    ]);
    for (const { name } of kubernetes.filter(({ type }) => type !== RELEASE)) {
      assert.equal(mocked.options.get(name)?.retainOnDelete, true, name);
    }
    // Another apiVersion is another type, and without an alias another resource for one object.
    for (const [name, kind] of [
      ["lb-pool-p", "CiliumLoadBalancerIPPool"],
      ["bgp-advertisement", "CiliumBGPAdvertisement"],
      ["bgp-peer-config", "CiliumBGPPeerConfig"],
      ["bgp-cluster-config", "CiliumBGPClusterConfig"],
    ]) {
      assert.deepEqual(
        kubernetes.find((resource) => resource.name === name)?.aliases,
        ["v2", "v2alpha1"].map((version) => `kubernetes:cilium.io/${version}:${kind}`),
      );
    }
    assert.equal(mocked.options.get("crds-gateways.example")?.protect, true);
    for (const name of ["crds-gateways.example", "crds-policy-safe-upgrades"]) {
      const inputs = kubernetes.find((resource) => resource.name === name)?.inputs;
      assert.match(JSON.stringify(inputs?.metadata), /"pulumi\.com\/patchForce":"true"/, name);
    }
    const reference = `${await urnOf(provider)}::cluster-id`;
    for (const { name, provider } of kubernetes) assert.equal(provider, reference, name);
    for (const { name, provider } of mocked.resources.filter(({ type }) => type === COMMAND)) {
      assert.equal(provider, "", name);
    }
  });

  it("know the command that removes Cilium's leftovers by its old name, too", async () => {
    await settled(cilium({ chart: "cilium" }));
    assert.deepEqual(mocked.one(COMMAND, "cilium-leftovers").aliases, ["cilium-remains"]);
  });

  it("put a new pool in the place of one that leaves, and say so of no other", async () => {
    const pools = ["a", "new", "newer"].map((name) => ({ name, cidr: "10.0.1.0/24" }));
    const args = {
      pools,
      policies: [],
      ...KEPT,
      apiVersion: "cilium.io/v2",
      retainOnDelete: false,
    };
    await value(loadBalancing(args, ["old", "a"]).generations);
    const places = mocked.resources
      .filter(({ type }) => type.endsWith("Pool"))
      // Those that are not a name are the pool's other versions.
      .map(({ name, aliases }) => [name, new Set(aliases.filter((alias) => !/:/.test(alias)))]);
    assert.deepEqual(Object.fromEntries(places), {
      "lb-pool-a": new Set(),
      "lb-pool-new": new Set(["lb-pool-old"]),
      "lb-pool-newer": new Set(),
    });
  });

  it("make every pool and every policy, with their own selectors", async () => {
    const balancing = loadBalancing({
      pools: [
        { name: "web", cidr: "10.0.1.0/24", serviceSelector: { matchLabels: { tier: "web" } } },
        { name: "rest", start: "10.0.0.1", stop: "10.0.0.2" },
      ],
      policies: [
        {
          name: "wired",
          interfaces: ["^eth0$"],
          nodeSelector: { matchLabels: { wired: "yes" } },
          serviceSelector: { matchLabels: { tier: "web" } },
          externalIPs: true,
        },
        { name: "every-device", interfaces: [], nodeSelector: {}, externalIPs: false },
      ],
      ...KEPT,
      apiVersion: "cilium.io/v2alpha1",
      retainOnDelete: false,
    });
    assert.deepEqual(await value(balancing.pools), ["web", "rest"]);
    assert.deepEqual(Object.keys(await value(balancing.generations)), [
      ...["web", "rest", "wired", "every-device"],
    ]);
    const made = mocked.resources.filter(({ type }) => type.includes("cilium.io"));
    for (const { inputs } of made) assert.equal(inputs.apiVersion, "cilium.io/v2alpha1");
    assert.deepEqual(Object.fromEntries(made.map(({ name, inputs }) => [name, inputs.spec])), {
      "lb-pool-web": {
        blocks: [{ cidr: "10.0.1.0/24" }],
        serviceSelector: { matchLabels: { tier: "web" } },
      },
      "lb-pool-rest": { blocks: [{ start: "10.0.0.1", stop: "10.0.0.2" }] },
      "lb-policy-wired": {
        loadBalancerIPs: true,
        externalIPs: true,
        interfaces: ["^eth0$"],
        nodeSelector: { matchLabels: { wired: "yes" } },
        serviceSelector: { matchLabels: { tier: "web" } },
      },
      "lb-policy-every-device": { loadBalancerIPs: true, nodeSelector: {} },
    });
  });

  it("make BGP's objects in the order in which they refer to each other", async () => {
    await urnOf(bgp());
    await pulumi.runtime.disconnect();
    const kinds = ["CiliumBGPAdvertisement", "CiliumBGPPeerConfig", "CiliumBGPClusterConfig"];
    const [advertisement, peerConfig, clusterConfig] = kinds.map((kind) =>
      mocked.one(`kubernetes:cilium.io/v2:${kind}`),
    ) as [Registered, Registered, Registered];
    assert.ok(waitedFor(peerConfig, advertisement) && waitedFor(clusterConfig, peerConfig));
    assert.deepEqual(advertisement.inputs.spec, {
      advertisements: [
        {
          advertisementType: "Service",
          service: { addresses: ["LoadBalancerIP"] },
          selector: {
            matchExpressions: [{ key: "talos-cilium/never", operator: "DoesNotExist" }],
          },
        },
        { advertisementType: "PodCIDR" },
      ],
    });
    assert.deepEqual((peerConfig.inputs.spec as { timers: unknown }).timers, {
      holdTimeSeconds: 9,
      keepAliveTimeSeconds: 3,
    });
    assert.deepEqual(clusterConfig.inputs.spec, {
      nodeSelector: { matchLabels: { rack: "1" } },
      bgpInstances: [
        {
          name: "nodes",
          localASN: 64512,
          peers: [
            {
              name: "router",
              peerAddress: "10.0.0.1",
              peerASN: 64513,
              peerConfigRef: { name: "routers" },
            },
          ],
        },
      ],
    });
  });

  function value<T>(output: pulumi.Output<T>): Promise<T> {
    return new Promise((resolve) => output.apply(resolve as (value: T) => void));
  }

  async function settled(component: Cilium): Promise<void> {
    await new Promise((resolve) => component.status.apply(resolve));
  }
});

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";

import program = require("../../index");

import { readStackConfig } from "../../config/stackFile";
import { FAKE_UID, type FakeApi, startFakeApi } from "../support/fakeApi";
import { Mocked, type Registered, waitedFor } from "../support/mocks";
import { STACKS } from "../support/stacks";

const CRD = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition";
const VAP = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy";
const RELEASE = "kubernetes:helm.sh/v3:Release";
const COMMAND = "command:local:Command";
const POOL = "kubernetes:cilium.io/v2:CiliumLoadBalancerIPPool";
const POLICY = "kubernetes:cilium.io/v2alpha1:CiliumL2AnnouncementPolicy";

describe("index.ts", () => {
  const folder = mkdtempSync(join(tmpdir(), "talos-cilium-program-"));
  after(() => {
    api.close();
    rmSync(folder, { recursive: true });
  });
  let mocked: Mocked;
  let outputs: Record<string, unknown>;
  let api: FakeApi;

  before(async () => {
    api = await startFakeApi();
    const source = join(folder, "install.yaml");
    writeFileSync(source, BUNDLE);
    const prod = readStackConfig("prod", STACKS);
    mocked = await Mocked.start(
      {
        ...prod,
        "talos-cilium:gatewayApi": { version: "v1.3.0", source },
        "talos-cilium:cluster": {
          ...(prod["talos-cilium:cluster"] as object),
          kubeconfig: api.kubeconfig,
          context: "prod",
        },
      },
      { stdout: { "verification-checks": JSON.stringify(VERIFIED) } },
    );
    outputs = await program();
    await pulumi.runtime.disconnect();
  });

  it("registers these resources and no others", () => {
    assert.deepEqual(
      mocked.resources.map(({ type, name }) => `${type} ${name}`).sort(),
      [
        `${COMMAND} cilium-crds-wait`,
        `${COMMAND} cilium-leftovers`,
        `${COMMAND} destroy-guard-protected`,
        `${COMMAND} verification-checks`,
        `${VAP} gateway-api-policy-safe-upgrades.gateway.networking.k8s.io`,
        `${CRD} gateway-api-gateways.gateway.networking.k8s.io`,
        `${CRD} gateway-api-httproutes.gateway.networking.k8s.io`,
        `${POOL} load-balancing-pool-services`,
        `${POLICY} load-balancing-policy-services`,
        `${RELEASE} cilium-release`,
        "pulumi:providers:kubernetes cluster",
      ].sort(),
    );
  });

  it("gives every Kubernetes resource the one explicit provider", () => {
    const kubernetes = mocked.resources.filter(({ type }) => type.startsWith("kubernetes:"));
    assert.equal(kubernetes.length, 6);
    for (const { name, provider } of kubernetes) {
      assert.match(provider ?? "", /pulumi:providers:kubernetes::cluster::cluster-id$/, name);
    }
    assert.deepEqual(mocked.options.get("cluster")?.ignoreChanges, ["clusterIdentifier"]);
    for (const name of ["cilium-release", "gateway-api-gateways.gateway.networking.k8s.io"]) {
      const { protect, retainOnDelete } = mocked.options.get(name) ?? {};
      assert.deepEqual([protect, retainOnDelete], [true, true], name);
    }
    assert.deepEqual(mocked.one("pulumi:providers:kubernetes").inputs, {
      clusterIdentifier: "talos-proxmox-prod",
      context: "prod",
      kubeconfig: api.kubeconfig,
    });
  });

  it("retries every Kubernetes resource whose connection was lost", () => {
    for (const { type, name } of mocked.resources) {
      const hooks = mocked.onError.get(name);
      const [expected] = /^kubernetes:/.test(type)
        ? ["gateway-api", "cilium", "load-balancing"].filter((component) =>
            name.startsWith(component),
          )
        : [];
      assert.deepEqual(hooks, expected === undefined ? [] : [`${expected}-lost-connection`], name);
    }
  });

  it("makes each resource wait for those it needs: CRDs, Release, gate, then pool and policy", () => {
    const crds = mocked.resources.filter(({ type }) => type === CRD);
    const release = mocked.one(RELEASE);
    const gate = mocked.one(COMMAND, "cilium-crds-wait");
    const order: [Registered, Registered][] = [
      ...crds.map((crd): [Registered, Registered] => [mocked.one(VAP), crd]),
      ...crds.map((crd): [Registered, Registered] => [release, crd]),
      [release, mocked.one(VAP)],
      [release, mocked.one(COMMAND, "cilium-leftovers")],
      [gate, release],
      [mocked.one(POOL), gate],
      [mocked.one(POLICY), gate],
      [mocked.one(COMMAND, "verification-checks"), mocked.one(POOL)],
      [mocked.one(COMMAND, "verification-checks"), mocked.one(POLICY)],
      [mocked.one(COMMAND, "destroy-guard-protected"), mocked.one(POOL)],
      [mocked.one(COMMAND, "destroy-guard-protected"), mocked.one(POLICY)],
    ];
    for (const [later, earlier] of order) {
      assert.ok(waitedFor(later, earlier), `${later.name} waits for ${earlier.name}`);
    }
  });

  it("waits until each CRD is Established", () => {
    for (const { inputs } of mocked.resources.filter(({ type }) => type === CRD)) {
      const { annotations } = inputs.metadata as { annotations: Record<string, string> };
      assert.equal(annotations["pulumi.com/waitFor"], "condition=Established");
      assert.equal(annotations["gateway.networking.k8s.io/bundle-version"], "v1.3.0");
    }
  });

  it("pins the Release: name, namespace, chart, version, and never atomic", () => {
    const { values, ...inputs } = mocked.one(RELEASE).inputs;
    assert.deepEqual(
      { ...inputs, compat: undefined },
      {
        atomic: false,
        chart: "cilium",
        cleanupOnFail: false,
        compat: undefined,
        name: "cilium",
        namespace: "kube-system",
        repositoryOpts: { repo: "https://helm.cilium.io" },
        timeout: 900,
        version: "1.18.4",
      },
    );
    const { operator } = values as { operator: { podAnnotations: Record<string, string> } };
    assert.match(operator.podAnnotations["talos-cilium/gateway-api-crds"] ?? "", /^[0-9a-f]{64}$/);
  });

  it("runs its commands with Node alone, and finds the cluster by the environment", () => {
    const access = { KUBECONFIG: api.kubeconfig, KUBE_CONTEXT: "prod" };
    assert.deepEqual(mocked.one(COMMAND, "cilium-crds-wait").inputs, {
      create: "node --require ts-node/register/transpile-only commands/steps/waitForCiliumCrds.ts",
      environment: {
        ...access,
        TALOS_CILIUM_CRDS:
          "ciliumloadbalancerippools.cilium.io ciliuml2announcementpolicies.cilium.io",
        TALOS_CILIUM_TIMEOUT_SECONDS: "300",
      },
      triggers: [
        FAKE_UID,
        "1.18.4",
        "ciliumloadbalancerippools.cilium.io",
        "ciliuml2announcementpolicies.cilium.io",
      ],
    });
    assert.deepEqual(mocked.one(COMMAND, "cilium-leftovers").inputs, {
      delete:
        "node --require ts-node/register/transpile-only commands/steps/removeCiliumLeftovers.ts",
      environment: access,
    });
    const { environment, ...inputs } = mocked.one(COMMAND, "verification-checks").inputs as {
      environment: { TALOS_CILIUM_SETTINGS: string };
    };
    const { TALOS_CILIUM_SETTINGS, ...others } = environment;
    assert.deepEqual(others, access);
    assert.equal(JSON.parse(TALOS_CILIUM_SETTINGS).cluster.name, "talos-proxmox-prod");
    assert.doesNotMatch(TALOS_CILIUM_SETTINGS, /kubeconfig/);
    assert.deepEqual(inputs, {
      create: "node --require ts-node/register/transpile-only commands/steps/verifyUpdate.ts",
      triggers: [FAKE_UID, null, {}],
    });
  });

  it("makes the source document's pool and one policy that does announce", () => {
    assert.deepEqual(mocked.one(POOL).inputs, {
      apiVersion: "cilium.io/v2",
      kind: "CiliumLoadBalancerIPPool",
      metadata: { name: "services" },
      spec: { blocks: [{ start: "192.168.10.50", stop: "192.168.10.99" }] },
    });
    assert.deepEqual(mocked.one(POLICY).inputs, {
      apiVersion: "cilium.io/v2alpha1",
      kind: "CiliumL2AnnouncementPolicy",
      metadata: { name: "services" },
      spec: {
        interfaces: ["^ens18$"],
        loadBalancerIPs: true,
        nodeSelector: { matchLabels: { "kubernetes.io/os": "linux" } },
      },
    });
  });

  it("has these outputs", async () => {
    assert.deepEqual(Object.keys(outputs), [
      ...["clusterUid", "crds", "cilium", "pools", "talosPatch", "verification"],
    ]);
    const { verification } = outputs as { verification: pulumi.Output<string> };
    assert.equal(
      await new Promise((resolve) => verification.apply(resolve)),
      "gateway-class: unknown (no agent)\n30 passed, 0 failed, 1 unknown (2 s)",
    );
  });
});

describe("index.ts and CRDs that the stack no longer installs", () => {
  const folder = mkdtempSync(join(tmpdir(), "talos-cilium-program-"));
  after(() => rmSync(folder, { recursive: true }));
  const removeCrds = ["tcproutes.gateway.networking.k8s.io"];

  it("removes them before Cilium looks for the others", async () => {
    const source = join(folder, "install.yaml");
    writeFileSync(source, BUNDLE);
    const mocked = await run({ version: "v1.3.0", source, removeCrds });
    const step = mocked.one(COMMAND, "gateway-api-removal-step");
    assert.ok(waitedFor(mocked.one(RELEASE), step));
    for (const crd of mocked.resources.filter(({ type }) => type === CRD)) {
      assert.ok(waitedFor(step, crd), crd.name);
    }
  });

  it("removes all of them after Cilium has let go of them", async () => {
    const mocked = await run({ enabled: false, removeCrds });
    const step = mocked.one(COMMAND, "gateway-api-removal-step");
    assert.ok(waitedFor(step, mocked.one(RELEASE)));
    assert.equal(
      (step.inputs.environment as Record<string, string>).TALOS_CILIUM_CRDS,
      removeCrds[0],
    );
  });

  async function run(gatewayApi: object): Promise<Mocked> {
    const api = await startFakeApi();
    try {
      const mocked = await Mocked.start(
        {
          ...readStackConfig("prod", STACKS),
          "talos-cilium:gatewayApi": gatewayApi,
          "talos-cilium:cluster": { name: "c", id: 1, kubeconfig: api.kubeconfig },
        },
        { stdout: { "verification-checks": JSON.stringify(VERIFIED) } },
      );
      await program();
      await pulumi.runtime.disconnect();
      return mocked;
    } finally {
      api.close();
    }
  }
});

describe("index.ts and a cluster that is not the stack's", () => {
  const folder = mkdtempSync(join(tmpdir(), "talos-cilium-program-"));
  after(() => rmSync(folder, { recursive: true }));

  for (const [what, answers, expected] of [
    [
      "has other nodes",
      {
        "/api/v1/nodes": {
          items: [
            {
              metadata: { name: "theirs" },
              spec: {},
              status: { addresses: [{ type: "InternalIP", address: "10.99.0.1" }] },
            },
          ],
        },
      },
      /not applied to this cluster:\n {2}nodes: .*\(theirs: 10\.99\.0\.1; .* set cluster\.uid: 0f0f0f0f-/,
    ],
    [
      "has nodes that are known by external addresses alone",
      {
        "/api/v1/nodes": {
          items: [
            {
              metadata: { name: "theirs" },
              spec: {},
              status: { addresses: [{ type: "ExternalIP", address: "2001:db8::1" }] },
            },
          ],
        },
      },
      /nodes: .*\(theirs: 2001:db8::1; /,
    ],
    [
      "does not know the caller",
      { "/api/v1/namespaces/kube-system": 401 },
      /could not be looked at: user fake: .*HTTP 401\); log in again, .*\. Nothing was changed\.$/,
    ],
    [
      "refuses to list nodes",
      { "/api/v1/nodes": 403 },
      /the right to list nodes is missing: HTTP 403: .*; grant this right, .*\. Nothing was changed\.$/,
    ],
  ] as const) {
    it(`registers nothing when it ${what}, and writes nothing`, async () => {
      const api = await startFakeApi(answers);
      try {
        const source = join(folder, "install.yaml");
        writeFileSync(source, BUNDLE);
        const mocked = await Mocked.start({
          ...readStackConfig("prod", STACKS),
          "talos-cilium:gatewayApi": { version: "v1.3.0", source },
          "talos-cilium:cluster": { name: "c", id: 1, kubeconfig: api.kubeconfig },
        });
        await assert.rejects(program(), expected);
        assert.deepEqual(mocked.resources, []);
        assert.ok(api.requests.length > 0);
        assert.ok(api.requests.every((request) => request.startsWith("GET ")));
      } finally {
        api.close();
      }
    });
  }
});

describe("index.ts with a configuration that cannot work", () => {
  it("registers nothing and names every problem", async () => {
    const mocked = await Mocked.start({
      ...readStackConfig("prod", STACKS),
      "talos-cilium:network": { podCidrs: ["10.14.1.0/16"] },
      "talos-cilium:gatewayApi": { version: "v1.6.1" },
      "talos-cilium:loadBalancing": {
        pools: [{ start: "192.168.10.99", stop: "192.168.10.50" }],
        policies: [{}],
      },
    });
    await assert.rejects(program(), (error: Error) => {
      assert.ok(pulumi.RunError.isInstance(error));
      for (const path of ["network.podCidrs.0", "gatewayApi.version", "loadBalancing.pools.0"]) {
        assert.match(error.message, new RegExp(`^  ${path}: .+; .+$`, "m"));
      }
      return true;
    });
    assert.deepEqual(mocked.resources, []);
  });
});

const VERIFIED = {
  passed: true,
  summary: "30 passed, 0 failed, 1 unknown (2 s)",
  details: ["gateway-class: unknown (no agent)"],
};

const BUNDLE = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: gateways.gateway.networking.k8s.io
  annotations:
    gateway.networking.k8s.io/bundle-version: v1.3.0
    gateway.networking.k8s.io/channel: experimental
spec: { group: gateway.networking.k8s.io }
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: httproutes.gateway.networking.k8s.io
  annotations:
    gateway.networking.k8s.io/bundle-version: v1.3.0
    gateway.networking.k8s.io/channel: experimental
spec: { group: gateway.networking.k8s.io }
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: safe-upgrades.gateway.networking.k8s.io }
`;

import assert from "node:assert/strict";
import * as k8s from "@pulumi/kubernetes";
import { Cilium } from "../../../components/cilium";
import { CiliumCrdGate } from "../../../components/ciliumCrdGate";
import { LoadBalancing } from "../../../components/loadBalancing";
import { Mocked, urnOf } from "./mocks";

const RELEASE = "kubernetes:helm.sh/v3:Release";

describe("components", () => {
  let mocked: Mocked;
  let provider: k8s.Provider;
  beforeEach(async () => {
    mocked = await Mocked.start();
    provider = new k8s.Provider("cluster");
  });

  function cilium(args: { chart: string; protect?: boolean }): Cilium {
    return new Cilium("cilium", {
      version: "1.18.4",
      repository: "https://charts.example",
      timeout: 1200,
      values: {},
      protect: false,
      access: {},
      provider,
      ...args,
    });
  }

  it("have type tokens of the project", async () => {
    const gate = new CiliumCrdGate("gate", { ciliumVersion: "1.18.4", access: {} });
    const balancing = new LoadBalancing("lb", {
      pool: { start: "10.0.0.1", stop: "10.0.0.2" },
      poolApiVersion: "cilium.io/v2",
      interfaces: [],
      provider,
    });
    const types = await Promise.all(
      [gate, balancing, cilium({ chart: "cilium" })].map(
        async (component) => (await urnOf(component)).split("::")[2],
      ),
    );
    assert.deepEqual(types, [
      "talos-cilium:index:CiliumCrdGate",
      "talos-cilium:index:LoadBalancing",
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

  it("announce on every device when no interface is named", async () => {
    const balancing = new LoadBalancing("lb", {
      pool: { start: "10.0.0.1", stop: "10.0.0.2" },
      poolApiVersion: "cilium.io/v2",
      interfaces: [],
      provider,
    });
    await new Promise((resolve) => balancing.policy.apply(resolve));
    const { spec } = mocked.one("kubernetes:cilium.io/v2alpha1:CiliumL2AnnouncementPolicy").inputs;
    assert.ok(!("interfaces" in (spec as object)));
  });

  async function settled(component: Cilium): Promise<void> {
    await new Promise((resolve) => component.status.apply(resolve));
  }
});

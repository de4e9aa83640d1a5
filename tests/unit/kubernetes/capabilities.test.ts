import assert from "node:assert/strict";
import { readCapabilities } from "../../../kubernetes/capabilities";
import { loadCluster } from "../../../kubernetes/client";
import { type FakeApi, startFakeApi } from "../../support/fakeApi";

describe("what a cluster can do", () => {
  let api: FakeApi;
  after(() => api.close());

  it("is its version of Kubernetes and its APIs, of each group and version", async () => {
    const list = (...kinds: string[]) => ({ resources: kinds.map((kind) => ({ kind })) });
    api = await startFakeApi({
      "/version": { gitVersion: "v1.33.4" },
      "/apis": {
        groups: [
          { name: "apps", versions: [{ version: "v1" }] },
          { name: "cilium.io", versions: [{ version: "v2" }, { version: "v2alpha1" }] },
          { name: "metrics.k8s.io", versions: [{ version: "v1beta1" }] },
        ],
      },
      "/api/v1": list("Pod", "Pod", "Secret"),
      "/apis/apps/v1": list("DaemonSet"),
      "/apis/cilium.io/v2": list("CiliumNode"),
      "/apis/cilium.io/v2alpha1": list(),
      // Nothing serves it, as without a network.
      "/apis/metrics.k8s.io/v1beta1": 503,
    });
    const { kubernetes, apis } = await readCapabilities(
      loadCluster({ kubeconfig: api.kubeconfig, context: "prod" }),
    );
    assert.equal(kubernetes, "1.33.4");
    assert.deepEqual(apis, [
      "apps/v1",
      "apps/v1/DaemonSet",
      "cilium.io/v2",
      "cilium.io/v2/CiliumNode",
      "cilium.io/v2alpha1",
      "metrics.k8s.io/v1beta1",
      "v1",
      "v1/Pod",
      "v1/Secret",
    ]);
  });
});

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { V1Secret } from "@kubernetes/client-node";
import { readHelmRelease } from "../../../../verify/facts/helmRelease";

const MANIFEST = `---
# Source: cilium/templates/cilium-agent/serviceaccount.yaml
apiVersion: v1
kind: ServiceAccount
metadata:
  name: "cilium"
---
# Source: cilium/templates/cilium-configmap.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: cilium-config
  namespace: kube-system
data:
  routing-mode: "native"
  debug: "false"
`;

/** The Secret that Helm keeps of a release. */
function secret(record: object): V1Secret {
  const packed = gzipSync(JSON.stringify(record)).toString("base64");
  return { data: { release: Buffer.from(packed).toString("base64") } };
}

const record = {
  name: "cilium",
  namespace: "kube-system",
  version: 7,
  info: { status: "deployed", description: "Upgrade complete" },
  chart: { metadata: { name: "cilium", version: "1.20.2" }, values: {} },
  config: { ipsec: "secret" },
  manifest: MANIFEST,
};

describe("Helm's record of a release", () => {
  it("tells the revision, and the configuration that it made; but no values", () => {
    assert.deepEqual(readHelmRelease(secret(record)), {
      name: "cilium",
      namespace: "kube-system",
      revision: 7,
      state: "deployed",
      chart: "cilium",
      chartVersion: "1.20.2",
      ciliumConfig: { "routing-mode": "native", debug: "false" },
    });
  });

  it("has no configuration when the release made none", () => {
    const manifest = MANIFEST.replace("name: cilium-config", "name: other");
    assert.equal(readHelmRelease(secret({ ...record, manifest })).ciliumConfig, undefined);
  });

  it("is an error when it is not what Helm writes", () => {
    assert.throws(() => readHelmRelease(secret({ ...record, info: {} })), /status/);
    assert.throws(() => readHelmRelease({ data: {} }));
  });
});

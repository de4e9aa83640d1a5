import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAllYaml, type V1ConfigMap, type V1Deployment } from "@kubernetes/client-node";
import { MODULE_FOLDER } from "../../../../lab/toolchain/build";
import { CILIUM_MODULES, GATEWAY_API_MODULES, VERSIONS } from "../../../../lab/toolchain/versions";
import { dependencies } from "../../../../package.json";

describe("the toolchain's versions", () => {
  const goMod = readFileSync(join(MODULE_FOLDER, "go.mod"), "utf8");
  /** A module's version by its path: of the module that replaces it, if one does. */
  const pinned = new Map(
    [
      ...goMod.matchAll(/^(?:require)?\s+(\S+) (v\S+)/gm),
      ...goMod.matchAll(/^(?:replace)?\s+(\S+) => \S+ (v\S+)/gm),
    ].map(([, path = "", version]) => [path, version]),
  );

  it("are those of the Go modules", () => {
    for (const [version, path] of [
      [VERSIONS.cilium, "github.com/cilium/cilium"],
      [VERSIONS.cni, "github.com/containernetworking/cni"],
      [VERSIONS.coredns, "github.com/coredns/coredns"],
      [VERSIONS.etcd, "go.etcd.io/etcd/server/v3"],
      [VERSIONS.goLoadbalancer, "github.com/siderolabs/go-loadbalancer"],
      [VERSIONS.kubernetes, "k8s.io/kubernetes"],
      [VERSIONS.kubernetesLibraries, "k8s.io/client-go"],
      [VERSIONS.kubernetesLibraries, "k8s.io/cri-streaming"],
      [VERSIONS.kwok, "sigs.k8s.io/kwok"],
      [VERSIONS.pulumi, "github.com/pulumi/pulumi/pkg/v3"],
      [GATEWAY_API_MODULES[0]?.version, "sigs.k8s.io/gateway-api"],
    ] as const) {
      assert.equal(pinned.get(path), version, path);
    }
  });

  it("are those of the npm packages", () => {
    assert.equal(`v${dependencies["@pulumi/command"]}`, VERSIONS.pulumiCommand);
    assert.equal(`v${dependencies["@pulumi/kubernetes"]}`, VERSIONS.pulumiKubernetes);
    assert.equal(`v${dependencies["@pulumi/pulumi"]}`, VERSIONS.pulumi);
  });

  it("have the hashes that go.sum has, where it has them", () => {
    const sums = readFileSync(join(MODULE_FOLDER, "go.sum"), "utf8").split("\n");
    for (const { path, version, sum } of [CILIUM_MODULES[0], GATEWAY_API_MODULES[0]].flatMap(
      (module) => module ?? [],
    )) {
      assert.ok(sums.includes(`${path} ${version} ${sum}`), path);
    }
  });

  it("are what the cluster's DNS says of itself, with the plugins that its Corefile names", () => {
    const manifests = loadAllYaml(
      readFileSync(join(__dirname, "../../../../lab/controlPlane/coredns.yaml"), "utf8"),
    );
    const deployment = manifests.find(({ kind }) => kind === "Deployment") as V1Deployment;
    assert.equal(
      deployment.spec?.template.spec?.containers[0]?.image,
      `registry.k8s.io/coredns/coredns:${VERSIONS.coredns}`,
    );
    const { data } = manifests.find(({ kind }) => kind === "ConfigMap") as V1ConfigMap;
    const named = [...(data?.Corefile ?? "").matchAll(/^ {4}(\w+)/gm)].map(([, plugin]) => plugin);
    const main = readFileSync(join(MODULE_FOLDER, "coredns", "main.go"), "utf8");
    const compiled = [...main.matchAll(/coredns\/plugin\/(\w+)"/g)].map(([, plugin]) => plugin);
    assert.ok(named.length > 0);
    assert.deepEqual(compiled.sort(), named.sort());
  });
});

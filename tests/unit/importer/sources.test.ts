import assert from "node:assert/strict";
import { valueAt } from "../../../config";
import { importValues } from "../../../importer/importValues";
import { readSources } from "../../../importer/sources";
import type { Tree } from "../../../importer/tree";

const VALUES = "kubeProxyReplacement: true\nk8sServiceHost: localhost\n";

function read(files: Readonly<Record<string, string>>) {
  return readSources(Object.entries(files).map(([path, text]) => ({ path, text })));
}

/** The lines that ask a person for something. */
function asked(files: Readonly<Record<string, string>>): string {
  return read(files)
    .missing.map(({ path, why }) => `${path}: ${why}`)
    .join("\n");
}

describe("files of an import", () => {
  const templates: readonly [file: string, text: string, kind: string][] = [
    [
      "pool.yaml",
      "{{- if .Values.pool }}\nkind: CiliumLoadBalancerIPPool\n{{- end }}\n",
      "a Helm template",
    ],
    ["values.yaml", "cluster:\n  name: {{ .Values.name }}\n", "a Helm template"],
    ["main.tf", 'resource "helm_release" "cilium" {\n}\n', "Terraform"],
    ["cilium.yaml.j2", "cluster: {{ name }}\n", "a Jinja template"],
    ["values.cue", "cluster: name: string\n", "CUE"],
    ["install.sh", "helm install cilium\n", "a shell script"],
  ];
  for (const [file, text, kind] of templates) {
    it(`${file}: ${kind} is recognised, and what to do instead is said`, () => {
      const said = asked({ [file]: text });
      assert.ok(
        said.startsWith(`${file}: ${kind}, which is not read; give what it renders to`),
        said,
      );
      assert.match(said, /helm get values cilium -n kube-system/);
    });
  }

  it("text with double braces in it is no template", () => {
    const { values, missing } = read({
      "values.yaml": `${VALUES}hubble:\n  ui:\n    title: "{{ x }}"\n`,
    });
    assert.equal(valueAt(values as Tree, "hubble.ui.title"), "{{ x }}");
    assert.match(missing[0]?.why ?? "", /placeholders \({{ x }}\)/);
  });

  it("placeholders are named once, before everything else", () => {
    const said = asked({
      "values.yaml": `${VALUES}cluster: { name: "\${NAME}", id: "\${ID:=1}" }\n`,
    });
    assert.match(
      said,
      /^files: they have placeholders \(\$\{NAME\}, \$\{ID:=1\}\); render them first/,
    );
  });

  it("what SOPS encrypted is to be decrypted first", () => {
    const said = asked({ "values.yaml": `${VALUES}cluster: { name: "ENC[AES256_GCM,data:x]" }\n` });
    assert.match(said, /encrypted with SOPS \(cluster\.name\)/);
  });

  it("a later values file wins over an earlier one, and a list as a whole", () => {
    const { values, read: which } = read({
      "b.yaml": `${VALUES}devices: [a, b]\nhubble: { enabled: true, relay: { enabled: true } }\n`,
      "a.yaml": "devices: [c]\nhubble: { enabled: false }\n",
    });
    assert.deepEqual(values, {
      kubeProxyReplacement: true,
      k8sServiceHost: "localhost",
      devices: ["c"],
      hubble: { enabled: false, relay: { enabled: true } },
    });
    assert.deepEqual(which, ["b.yaml", "a.yaml"]);
  });

  it("documents of one file may be values and manifests", () => {
    const { values, manifests } = read({
      "all.yaml": `${VALUES}---\nkind: CiliumLoadBalancerIPPool\nspec: {}\n---\nl7Proxy: false\n`,
    });
    assert.equal(valueAt(values as Tree, "l7Proxy"), false);
    assert.equal(manifests.size, 1);
  });

  it("a file that a wrapper names and nobody gave is asked for", () => {
    const said = asked({
      "kustomization.yaml":
        "helmCharts: [{ name: cilium, version: 1.18.4, valuesFile: cilium-values.yaml }]\n",
      "values.yaml": VALUES,
    });
    assert.match(said, /^cilium-values\.yaml: kustomization\.yaml .+ takes values from it/);
  });

  it("versions that disagree, or that are ranges, are asked for", () => {
    const release = (version: string) =>
      `kind: HelmRelease\nmetadata: { name: cilium }\nspec: { chart: { spec: { chart: cilium, version: "${version}" } } }\n`;
    assert.match(
      asked({ "a.yaml": release("1.18.x"), "v.yaml": VALUES }),
      /1\.18\.x, which is no exact version/,
    );
    assert.match(
      asked({ "a.yaml": release("1.18.4"), "b.yaml": release("1.18.6"), "v.yaml": VALUES }),
      /the files disagree \(1\.18\.4 in .+, 1\.18\.6 in .+\)/,
    );
  });

  it("Talos' machine config has the CIDRs, and an Omni cluster template, too", () => {
    const network =
      "cluster:\n  network:\n    podSubnets: [10.1.0.0/16]\n    serviceSubnets: [10.2.0.0/16]\n";
    assert.deepEqual(read({ "controlplane.yaml": `machine: {}\n${network}` }).settings, {
      "network.podCidrs": ["10.1.0.0/16"],
      "network.serviceCidrs": ["10.2.0.0/16"],
    });
    const template = `kind: Cluster\npatches:\n  - name: net\n    inline:\n${network.replace(/^/gm, "      ")}`;
    assert.deepEqual(read({ "cluster.yaml": template }).settings["network.serviceCidrs"], [
      "10.2.0.0/16",
    ]);
  });

  it("other charts, and manifests of other programs, are named in one line each", () => {
    const { values, changes } = read({
      "values.yaml": VALUES,
      "kustomizeconfig.yaml": "nameReference: []\n",
      "coredns.yaml": "replicaCount: 2\n",
    });
    assert.equal(Object.keys(values ?? {}).length, 2);
    assert.deepEqual(
      changes.map(({ what }) => what),
      ["kustomizeconfig.yaml, coredns.yaml"],
    );
  });
});

describe("what values say about pods", () => {
  const NATIVE = { routingMode: "native", ipam: { mode: "kubernetes" } };
  const imported = (values: Tree, settings: Tree = {}) => importValues(values, [], { settings });

  it("a native CIDR with nodes in it is no pod CIDR", () => {
    const { config, missing } = imported(
      { ...NATIVE, ipv4NativeRoutingCIDR: "192.168.0.0/16" },
      { "nodes.controlPlanes": ["192.168.10.10"] },
    );
    assert.deepEqual(config.network, { nativeRoutingCidrs: ["192.168.0.0/16"] });
    assert.match(
      missing.find(({ path }) => path === "network.podCidrs")?.why ?? "",
      /is wider than a pod CIDR/,
    );
  });

  it("Cilium's own pool has the pod CIDR, and the native CIDR stays beside it", () => {
    const { config } = imported({
      routingMode: "native",
      ipv4NativeRoutingCIDR: "10.0.0.0/8",
      ipam: { operator: { clusterPoolIPv4PodCIDRList: ["10.50.0.0/16"] } },
    });
    assert.deepEqual(config.network, {
      podCidrs: ["10.50.0.0/16"],
      nativeRoutingCidrs: ["10.0.0.0/8"],
    });
  });

  it("with tunnels a native CIDR stays a value of the chart", () => {
    const { config } = imported({ ipv4NativeRoutingCIDR: "192.168.0.0/16" });
    assert.equal(valueAt(config, "cilium.values.ipv4NativeRoutingCIDR"), "192.168.0.0/16");
  });

  it("no rule speaks of what only stands in for a missing key", () => {
    const { missing } = imported({
      ipam: { mode: "kubernetes" },
      cluster: { name: "home", id: 3 },
    });
    for (const path of ["network.podCidrs", "network.serviceCidrs", "nodes.controlPlanes"]) {
      assert.equal(missing.filter((each) => each.path.startsWith(path)).length, 1, path);
    }
  });

  it("a tunnel of an old chart is routing of today's", () => {
    const { config, changes } = imported({
      tunnel: "disabled",
      ...{ ipam: { mode: "kubernetes" } },
    });
    assert.equal(valueAt(config, "routing.mode"), "native");
    assert.match(changes.map(({ what }) => what).join("\n"), /^tunnel \(disabled\)$/m);
  });
});

import assert from "node:assert/strict";
import { stringify } from "yaml";
import { isSameValue, valueAt } from "../../config";
import { withChartDefaults } from "../../importer/chartDefaults";
import { importValues } from "../../importer/importValues";
import { readSources, type SourceFile } from "../../importer/sources";
import { leavesOf, type Tree } from "../../importer/tree";

/** What Cilium's guides for Talos have in common. */
export const COMMON = {
  kubeProxyReplacement: true,
  k8sServiceHost: "localhost",
  k8sServicePort: 7445,
};
const KUBERNETES_IPAM = { ipam: { mode: "kubernetes" } };

/** What people have in their values beside that. */
export const FEATURES: Readonly<Record<string, Tree>> = {
  "nothing else": {},
  "native routing and eBPF masquerading": {
    ...KUBERNETES_IPAM,
    routingMode: "native",
    autoDirectNodeRoutes: true,
    ipv4NativeRoutingCIDR: "10.244.0.0/16",
    bpf: { masquerade: true },
    cluster: { name: "home", id: 4 },
  },
  "eBPF host routing, netkit and BBR": {
    ...KUBERNETES_IPAM,
    bpf: { masquerade: true, hostLegacyRouting: false, datapathMode: "netkit" },
    bandwidthManager: { enabled: true, bbr: true },
  },
  "addresses from Cilium's own pool": {
    ipam: { operator: { clusterPoolIPv4PodCIDRList: ["10.244.0.0/16"] } },
    operator: { replicas: 1 },
  },
  "two families": {
    ...KUBERNETES_IPAM,
    ipv6: { enabled: true },
    routingMode: "native",
    ipv4NativeRoutingCIDR: "10.244.0.0/16",
    ipv6NativeRoutingCIDR: "fd44::/56",
  },
  "WireGuard and Hubble": {
    ...KUBERNETES_IPAM,
    encryption: { enabled: true, type: "wireguard" },
    hubble: { relay: { enabled: true }, ui: { enabled: true, replicas: 2 } },
  },
  "metrics of everything": {
    ...KUBERNETES_IPAM,
    prometheus: { enabled: true, serviceMonitor: { enabled: true } },
    operator: { prometheus: { enabled: false }, rollOutPods: true },
  },
  "an own image, resources and labels": {
    ...KUBERNETES_IPAM,
    image: { repository: "mirror.lan/cilium/cilium" },
    resources: { limits: { memory: "1Gi" }, requests: { cpu: 100 } },
    podLabels: { "example.org/team": "net" },
    MTU: 1400,
    devices: "eth0 eth1",
  },
  "a Gateway API and a limit of requests": {
    ...KUBERNETES_IPAM,
    gatewayAPI: { enabled: true, hostNetwork: { enabled: false } },
    l2announcements: { enabled: true, leaseDuration: "1m" },
    k8sClientRateLimit: { qps: 50, burst: 200 },
    loadBalancer: { algorithm: "maglev" },
  },
};

/** How the values get into a repository; each takes values and makes files of them. */
export const WRAPPERS: Readonly<Record<string, (values: Tree) => SourceFile[]>> = {
  "a values file": (values) => [file("values.yaml", values)],
  "a values file beside a configuration of kustomize": (values) => [
    file("kustomizeconfig.yaml", { nameReference: [{ kind: "ConfigMap", version: "v1" }] }),
    file("kustomization.yaml", {
      resources: ["pool.yaml"],
      helmCharts: [{ name: "cilium", version: "1.18.4", valuesFile: "values.yaml" }],
    }),
    file("values.yaml", values),
  ],
  "two values files": ({ kubeProxyReplacement, ...values }) => [
    file("base.yaml", { ...values, kubeProxyReplacement: false }),
    file("site.yaml", { kubeProxyReplacement }),
  ],
  HelmRelease: (values) => [
    file("release.yaml", {
      apiVersion: "helm.toolkit.fluxcd.io/v2",
      kind: "HelmRelease",
      metadata: { name: "cilium" },
      spec: { chart: { spec: { chart: "cilium", version: "1.18.4" } }, values },
    }),
  ],
  "HelmRelease with values from a ConfigMap, and its OCIRepository": ({
    k8sServicePort,
    ...values
  }) => [
    file("release.yaml", {
      kind: "HelmRelease",
      metadata: { name: "cilium" },
      spec: {
        chartRef: { kind: "OCIRepository", name: "cilium" },
        valuesFrom: [{ kind: "ConfigMap", name: "cilium-values" }],
        values: { k8sServicePort },
      },
    }),
    file("source.yaml", {
      kind: "OCIRepository",
      metadata: { name: "cilium" },
      spec: { url: "oci://quay.io/cilium/charts/cilium", ref: { tag: "1.18.4" } },
    }),
    file("configmap.yaml", {
      kind: "ConfigMap",
      metadata: { name: "cilium-values" },
      data: { "values.yaml": stringify({ ...values, k8sServicePort: 6443 }) },
    }),
  ],
  "Application with valuesObject": (values) => [
    application({ chart: "cilium", targetRevision: "1.18.4", helm: { valuesObject: values } }),
  ],
  "Application of several sources, with values as text and a parameter": ({
    k8sServiceHost,
    ...values
  }) => [
    application(
      { repoURL: "https://git.example.org/cluster", ref: "values" },
      {
        chart: "cilium",
        repoURL: "https://helm.cilium.io",
        targetRevision: "1.18.4",
        helm: {
          values: stringify(values),
          parameters: [{ name: "k8sServiceHost", value: k8sServiceHost }],
        },
      },
    ),
  ],
  "kustomization with valuesInline": (values) => [
    file("kustomization.yaml", {
      kind: "Kustomization",
      helmCharts: [{ name: "cilium", version: "1.18.4", valuesInline: values }],
    }),
  ],
  "umbrella chart": (values) => [
    file("Chart.yaml", {
      name: "network",
      version: "0.1.0",
      dependencies: [{ name: "cilium", version: "1.18.4", repository: "https://helm.cilium.io" }],
    }),
    file("values.yaml", { cilium: values }),
  ],
  helmfile: (values) => [
    file("helmfile.yaml", {
      releases: [
        { name: "coredns", chart: "coredns/coredns", values: ["coredns.yaml"] },
        { name: "cilium", chart: "cilium/cilium", version: "1.18.4", values: [values] },
      ],
    }),
  ],
  "HelmChart of k3s": (values) => [
    file("chart.yaml", {
      kind: "HelmChart",
      metadata: { name: "cilium" },
      spec: { chart: "cilium", version: "1.18.4", valuesContent: stringify(values) },
    }),
  ],
};

export const MANIFESTS: readonly SourceFile[] = [
  file("pool.yaml", {
    apiVersion: "cilium.io/v2",
    kind: "CiliumLoadBalancerIPPoolList",
    items: [{ metadata: { name: "lan" }, spec: { blocks: [{ cidr: "192.168.10.64/27" }] } }],
  }),
  file("policy.yaml", {
    kind: "CiliumL2AnnouncementPolicy",
    metadata: { name: "lan" },
    spec: { loadBalancerIPs: true, interfaces: ["^eth0$"] },
  }),
  file("machine.yaml", {
    version: "v1alpha1",
    machine: { features: { hostDNS: { enabled: true, forwardKubeDNSToHost: false } } },
    cluster: { network: { serviceSubnets: ["10.43.0.0/16"] } },
  }),
];

/** What any person fills in; keys that the files have are left out. */
const BY_HAND: Tree = {
  "cluster.name": "home",
  "cluster.id": 4,
  "nodes.controlPlanes": ["192.168.10.10", "192.168.10.11", "192.168.10.12"],
  "network.podCidrs": ["10.244.0.0/16"],
  "gatewayApi.version": "v1.3.0",
  "cilium.version": "1.18.4",
};

function file(path: string, document: Tree): SourceFile {
  return { path, text: stringify(document) };
}

function application(...sources: Tree[]): SourceFile {
  const spec = sources.length === 1 ? { source: sources[0] } : { sources };
  return file("application.yaml", { kind: "Application", metadata: { name: "cilium" }, spec });
}

/** Imports files, and fills in what the first attempt asks for. */
export function importFilled(files: readonly SourceFile[]) {
  const { values, manifests, settings: found, missing } = readSources(files);
  assert.ok(values !== undefined, "no values were found");
  assert.deepEqual(missing, []);
  const importWith = (settings: Tree) =>
    importValues(values, [...manifests.keys()], { settings, found, files: manifests });
  const first = importWith({}).missing;
  const asked = first.map(({ path }) => path);
  const filled = Object.entries(BY_HAND)
    .filter(([path]) => asked.includes(path))
    .map(([path, value]) => {
      const isDual = path === "network.podCidrs" && valueAt(values, "ipv6.enabled") === true;
      return [path, isDual ? ["10.244.0.0/16", "fd44::/56"] : value];
    });
  const twoFamilies =
    valueAt(values, "ipv6.enabled") === true
      ? { "network.serviceCidrs": ["10.43.0.0/16", "fd43::/112"] }
      : {};
  const imported = importWith({ ...Object.fromEntries(filled), ...twoFamilies });
  const lines = [...imported.changes, ...first.map(({ path, why }) => ({ what: path, why }))];
  return {
    values,
    config: imported.config,
    report: lines.map(({ what, why }) => `${what}: ${why}`).join("\n"),
  };
}

/** Paths of values at which the stack leads to something else than the owner's values, both over the chart's defaults. */
export function differences(owned: Tree, stack: Tree): string[] {
  const [before, after] = [owned, stack].map((values) => {
    const leaves = leavesOf(withChartDefaults(values));
    return new Map(leaves.map(({ path, value }) => [path, value]));
  }) as [Map<string, unknown>, Map<string, unknown>];
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) => !meansTheSame(before.get(path), after.get(path)),
  );
}

/** Texts and lists of devices, durations and amounts are written in more than one way. */
function meansTheSame(a: unknown, b: unknown): boolean {
  if (isSameValue(a, b)) return true;
  const [one, other] = [a, b].map((value) =>
    (Array.isArray(value) ? value.join(" ") : String(value))
      .replace(/^1m$/, "60s")
      .replace(/^strict$/, "true"),
  );
  return one === other;
}

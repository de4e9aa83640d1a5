import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import type { V1DaemonSet, V1Node, V1Pod, V1Secret } from "@kubernetes/client-node";
import { ciliumValues, valueAt } from "../../../config";
import { type ClusterObjects, sourcesOfCluster } from "../../../importer/clusterSources";
import { importValues } from "../../../importer/importValues";
import type { Tree } from "../../../importer/tree";
import { settingsFrom, stackConfig } from "./stacks";

/** Helm's Secret of a revision: JSON, gzipped, in base64, and in base64 once more. */
function secret(version: number, config: Tree, status = "deployed"): V1Secret {
  const chart = { metadata: { name: "cilium", version: "1.20.2" } };
  const json = JSON.stringify({ version, info: { status }, chart, config });
  const packed = gzipSync(json).toString("base64");
  return { data: { release: Buffer.from(packed).toString("base64") } };
}

function node(name: string, address: string, controlPlane: boolean): V1Node {
  return {
    metadata: { name, labels: controlPlane ? { "node-role.kubernetes.io/control-plane": "" } : {} },
    spec: { podCIDRs: [`10.14.${address.split(".")[3]}.0/24`] },
    status: {
      addresses: [
        { type: "Hostname", address: name },
        { type: "InternalIP", address },
      ],
      nodeInfo: { kubeletVersion: "v1.36.3", osImage: "Talos (v1.13.1)" },
    },
  } as unknown as V1Node;
}

function pod(...command: string[]): V1Pod {
  return { spec: { containers: [{ name: "c", command }] } };
}

const pool = {
  kind: "CiliumLoadBalancerIPPool",
  metadata: { name: "services" },
  spec: { blocks: [{ start: "192.168.10.50", stop: "192.168.10.99" }] },
};
const policy = {
  kind: "CiliumL2AnnouncementPolicy",
  metadata: { name: "services" },
  spec: { loadBalancerIPs: true, interfaces: ["^eth0$"] },
};

/** A cluster that runs what the lab's stack makes. */
function cluster(more: Partial<ClusterObjects> = {}): ClusterObjects {
  const values = ciliumValues(settingsFrom(stackConfig("lab")), "digest") as Tree;
  return {
    context: "lab",
    releases: [secret(1, {}, "superseded"), secret(2, values)],
    ciliumConfig: undefined,
    daemonSet: undefined,
    nodes: [
      node("n4", "192.168.10.103", false),
      node("n5", "192.168.10.104", false),
      node("n1", "192.168.10.102", true),
      node("n3", "192.168.10.100", true),
      node("n2", "192.168.10.101", true),
    ],
    controlPlanePods: [
      pod("kube-apiserver", "--service-cluster-ip-range=10.15.0.0/16"),
      pod("kube-controller-manager", "--cluster-cidr=10.14.0.0/16"),
    ],
    serviceCidrs: [],
    manifests: [pool, policy],
    gatewayCrd: {
      metadata: {
        annotations: {
          "gateway.networking.k8s.io/bundle-version": "v1.6.1",
          "gateway.networking.k8s.io/channel": "experimental",
        },
      },
    } as unknown as ClusterObjects["gatewayCrd"],
    ...more,
  };
}

function importCluster(objects: ClusterObjects) {
  const { values, manifests, settings: found } = sourcesOfCluster(objects);
  return importValues(values ?? {}, [...manifests.keys()], { found, files: manifests });
}

const DAEMON_SET = {
  metadata: { labels: { "helm.toolkit.fluxcd.io/name": "cilium" } },
  spec: {
    template: {
      spec: {
        containers: [
          {
            image: "mirror.lan:5000/cilium/cilium:v1.20.2@sha256:00",
            env: [
              { name: "KUBERNETES_SERVICE_HOST", value: "localhost" },
              { name: "KUBERNETES_SERVICE_PORT", value: "7445" },
            ],
          },
        ],
      },
    },
  },
} as unknown as V1DaemonSet;

describe("a cluster", () => {
  it("that runs the lab's stack leads to the lab's stack, and asks for nothing", () => {
    const { config, missing, changes } = importCluster(cluster());
    assert.deepEqual(missing, []);
    assert.deepEqual(
      changes.filter(({ what }) => !what.startsWith("network.podCidrs")),
      [],
    );
    const [ours, lab] = [settingsFrom(config), settingsFrom(stackConfig("lab"))];
    assert.deepEqual(ciliumValues(ours, "digest"), ciliumValues(lab, "digest"));
    for (const key of ["nodes", "network", "routing", "loadBalancing", "bgp"] as const) {
      assert.deepEqual(ours[key], lab[key], key);
    }
    assert.equal(ours.gatewayApi.version, "v1.6.1");
    assert.deepEqual(
      [ours.cluster.context, ours.cluster.kubernetes, ours.cluster.talos],
      ["lab", "1.36.3", "1.13.1"],
    );
  });

  it("without Helm shows its values in cilium-config, and its version in the image", () => {
    const { config } = importCluster(
      cluster({
        releases: [],
        daemonSet: DAEMON_SET,
        ciliumConfig: {
          "cluster-name": "home",
          "cluster-id": "4",
          "routing-mode": "native",
          "auto-direct-node-routes": "true",
          "ipv4-native-routing-cidr": "10.14.0.0/16",
          "enable-bpf-masquerade": "true",
          "enable-wireguard": "true",
          "kube-proxy-replacement": "true",
          ipam: "kubernetes",
          mtu: "0",
        },
      }),
    );
    assert.deepEqual(config.routing, { mode: "native" });
    assert.deepEqual(config.encryption, { type: "wireguard" });
    assert.equal(valueAt(config, "cluster.name"), "home");
    assert.equal(valueAt(config, "cilium.version"), "1.20.2");
    assert.deepEqual(config.kubePrism, { host: "localhost", port: 7445 });
  });

  it("whose Service CIDR no pod shows has it in its ServiceCIDR", () => {
    const { settings } = sourcesOfCluster(
      cluster({ controlPlanePods: [], serviceCidrs: ["10.15.0.0/16"] }),
    );
    assert.deepEqual(settings["network.serviceCidrs"], ["10.15.0.0/16"]);
  });

  it("that another tool owns is said to have two owners", () => {
    const { changes } = sourcesOfCluster(cluster({ daemonSet: DAEMON_SET }));
    assert.match(changes[0]?.what ?? "", /owned by Flux \(cilium\)/);
    assert.match(changes[0]?.why ?? "", /suspend the other one/);
  });

  it("whose nodes have other pod CIDRs is to be looked at", () => {
    const { missing } = sourcesOfCluster(
      cluster({ controlPlanePods: [pod("--cluster-cidr=10.99.0.0/16")] }),
    );
    assert.deepEqual(
      missing.map(({ path }) => path),
      ["network.podCidrs"],
    );
  });

  it("without Cilium has no values", () => {
    assert.equal(sourcesOfCluster(cluster({ releases: [] })).values, undefined);
  });
});

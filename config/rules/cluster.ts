import { nodeClaims } from "../addressPlan";
import { duplicates } from "./factories";
import { problemIf, type Rule } from "./rule";

export const clusterNameValid: Rule = {
  name: "cluster-name-valid",
  description:
    "`cluster.name` has 1 to 32 lower-case letters, digits and inner hyphens. Cilium and its certificates accept no other name (chart, cluster.name and validate.yaml).",
  severity: "error",
  check: ({ cluster: { name } }) =>
    problemIf(!/^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/.test(name), {
      path: "cluster.name",
      wrong: `Cilium does not accept this name (${name})`,
      fix: "use 1 to 32 lower-case letters, digits and inner hyphens",
    }),
};

export const clusterNameNotDefault: Rule = {
  name: "cluster-name-not-default",
  description:
    '`cluster.name` is not "default", unless `cluster.id` is 0. The chart refuses that name for a cluster that has an id (templates/validate.yaml).',
  severity: "error",
  check: ({ cluster: { name, id } }) =>
    problemIf(name === "default" && id !== 0, {
      path: "cluster.name",
      wrong: `the chart refuses this name for a cluster with an id (${name})`,
      fix: "give the cluster a name of its own; a cluster that already runs as default keeps id 0",
    }),
};

export const clusterIdInRange: Rule = {
  name: "cluster-id-in-range",
  description:
    "`cluster.id` is 0 to `cluster.maxConnectedClusters`. The agent refuses any other id (Cilium, pkg/clustermesh/types).",
  severity: "error",
  check: ({ cluster: { id, maxConnectedClusters: greatest } }) =>
    problemIf(id < 0 || id > greatest, {
      path: "cluster.id",
      wrong: `out of range (${id})`,
      fix: `use a number from 1 to ${greatest}${id > greatest && id <= 511 ? ", or set cluster.maxConnectedClusters: 511" : ""}`,
    }),
};

export const clusterIdNotZero: Rule = {
  name: "cluster-id-not-zero",
  description:
    "`cluster.id` is not 0, Cilium's default. Such a cluster can never be meshed, and to change the id or the name of a running cluster means to restart every workload (https://docs.cilium.io/en/stable/network/clustermesh/clustermesh/).",
  severity: "warning",
  check: ({ cluster: { id } }) =>
    problemIf(id === 0, {
      path: "cluster.id",
      wrong: "a cluster with this id can never be meshed (0)",
      fix: "in a new cluster use a number from 1 to 255; in a running one leave it, as a change restarts every workload",
    }),
};

export const kubeconfigWithoutTilde: Rule = {
  name: "kubeconfig-without-tilde",
  description:
    "`cluster.kubeconfig` does not begin with the home directory of a named user, such as ~me/. Only ~/ is expanded here (kubernetes/kubeconfig.ts).",
  severity: "error",
  check: ({ cluster: { kubeconfig } }) =>
    problemIf(kubeconfig !== undefined && /^~[^/]/.test(kubeconfig), {
      path: "cluster.kubeconfig",
      wrong: `only ~/ is expanded here (${kubeconfig})`,
      fix: "write the absolute path, or leave it out and set KUBECONFIG",
    }),
};

export const nodeAddressesUnique: Rule = {
  name: "node-addresses-unique",
  description:
    "Each address in `nodes.controlPlanes` and `nodes.workers` occurs once. Two nodes with one address would both answer ARP for it.",
  severity: "error",
  check: (settings) => {
    const claims = nodeClaims(settings);
    return duplicates(claims, ({ range }) => range.start).map(([address, positions]) => {
      const paths = positions.map((position) => claims[position]?.path);
      return {
        path: paths[0] ?? "nodes",
        wrong: `${paths.join(" and ")} are the same (${address})`,
        fix: "give each node its own address",
      };
    });
  },
};

export const kubePrismHostLocal: Rule = {
  name: "kube-prism-host-local",
  description:
    "`kubePrism.host` is localhost, 127.0.0.1 or ::1. KubePrism listens on the node itself and nowhere else (https://docs.siderolabs.com/kubernetes-guides/advanced-guides/kubeprism).",
  severity: "error",
  check: ({ kubePrism: { host } }) =>
    problemIf(!["localhost", "127.0.0.1", "::1"].includes(host), {
      path: "kubePrism.host",
      wrong: `KubePrism listens on the node itself only (${host})`,
      fix: "use localhost: every node balances by itself and needs no virtual address",
    }),
};

/** Ports that Talos and Kubernetes use on every node, or on control planes. */
const TAKEN_PORTS: Readonly<Record<number, string>> = {
  2379: "etcd",
  2380: "etcd",
  4240: "Cilium's health checks",
  6443: "the API server",
  10250: "the kubelet",
  50000: "Talos' apid",
  50001: "Talos' trustd",
};

export const kubePrismPortFree: Rule = {
  name: "kube-prism-port-free",
  description:
    "`kubePrism.port` is not a port that Talos, etcd, Kubernetes or Cilium uses on a node. Two programs cannot listen on one port (https://www.talos.dev/latest/talos-guides/network/ingress-firewall; https://docs.cilium.io/en/stable/operations/system_requirements/).",
  severity: "error",
  check: ({ kubePrism: { port } }) =>
    problemIf(Object.hasOwn(TAKEN_PORTS, port), {
      path: "kubePrism.port",
      wrong: `${TAKEN_PORTS[port]} uses this port (${port})`,
      fix: "use 7445, which Omni sets, or the port in machine.features.kubePrism.port",
    }),
};

export const operatorReplicasFitNodes: Rule = {
  name: "operator-replicas-fit-nodes",
  description:
    "`cilium.operatorReplicas` is at most the number of nodes. No two operators share a node (chart, operator.affinity), so Helm would wait for the last one until its timeout.",
  severity: "error",
  check: (settings) => {
    const { operatorReplicas: replicas = 1 } = settings.cilium;
    const nodes = nodeClaims(settings).length;
    return problemIf(replicas > nodes, {
      path: "cilium.operatorReplicas",
      wrong: `more than the number of nodes (${replicas} on ${nodes})`,
      fix: `use ${Math.min(2, nodes)}, or leave it out`,
    });
  },
};

import { nodeOwners } from "../addressPlan";
import { problem, problemIf, type Rule, repeated } from "./rule";

/** The cluster's name is one that Cilium and certificates take (chart, cluster.name; validate.yaml). */
export const clusterName: Rule = {
  name: "cluster-name",
  check: ({ cluster: { name } }) =>
    problemIf(
      !/^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/.test(name),
      "cluster.name",
      `Cilium takes no such name (${name})`,
      "use 1 to 32 lower-case letters, digits and inner hyphens",
    ),
};

/** The chart refuses the name "default" beside an id. */
export const clusterNameDefault: Rule = {
  name: "cluster-name-default",
  check: ({ cluster: { name } }) =>
    problemIf(
      name === "default",
      "cluster.name",
      `the chart refuses this name for a cluster with an id (${name})`,
      "give the cluster a name of its own",
    ),
};

/** Ids are 1 to 255 (chart, cluster.id). */
export const clusterId: Rule = {
  name: "cluster-id",
  check: ({ cluster: { id } }) =>
    problemIf(
      id < 1 || id > 255,
      "cluster.id",
      `out of range (${id})`,
      "take a number from 1 to 255",
    ),
};

/** No two nodes have one address. */
export const duplicateNodeAddress: Rule = {
  name: "duplicate-node-address",
  check: (settings) => {
    const owners = nodeOwners(settings);
    return repeated(owners, ({ range }) => range.start).map(([address, positions]) =>
      problem(
        owners[positions[0] ?? 0]?.path ?? "nodes",
        `${positions.map((position) => owners[position]?.path).join(" and ")} are the same (${address})`,
        "give each node its own address",
      ),
    );
  },
};

/** KubePrism listens on the node itself and nowhere else. */
export const kubePrismHost: Rule = {
  name: "kube-prism-host",
  check: ({ kubePrism: { host } }) =>
    problemIf(
      !["localhost", "127.0.0.1", "::1"].includes(host),
      "kubePrism.host",
      `KubePrism listens on the node itself only (${host})`,
      "use localhost; no virtual address is needed, every node balances by itself",
    ),
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

/** KubePrism's port is nobody else's (Talos documentation, ingress firewall; Cilium, system requirements). */
export const kubePrismPort: Rule = {
  name: "kube-prism-port",
  check: ({ kubePrism: { port } }) =>
    problemIf(
      port in TAKEN_PORTS,
      "kubePrism.port",
      `${TAKEN_PORTS[port]} has this port (${port})`,
      "use 7445, which Omni sets, or the port in machine.features.kubePrism.port",
    ),
};

/** No more operators than nodes: each wants a node to itself, and Helm would wait for the last one in vain. */
export const operatorReplicas: Rule = {
  name: "operator-replicas",
  check: (settings) => {
    const { operatorReplicas: replicas = 1 } = settings.cilium;
    const nodes = nodeOwners(settings).length;
    return problemIf(
      replicas > nodes,
      "cilium.operatorReplicas",
      `more than there are nodes (${replicas} on ${nodes})`,
      `use ${Math.min(2, nodes)}, or leave it out`,
    );
  },
};

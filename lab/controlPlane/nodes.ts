import { CoreV1Api, type KubeConfig, type V1Node } from "@kubernetes/client-node";
import type { Settings } from "../../config";

/** Names of control planes, as Talos makes them up; the first one is that of the source document's cluster. */
const CONTROL_PLANES = [
  "talos-c7r-dgh",
  "talos-8vk-2mz",
  "talos-p4x-qnt",
  "talos-1ob-y6e",
  "talos-m3d-f0s",
];
/** Names of workers. */
const WORKERS = [
  "talos-hj2-95w",
  "talos-tz7-uk1",
  "talos-b0g-xr4",
  "talos-6qy-vla",
  "talos-e9n-c8i",
];

/** A node of the lab. */
export interface LabNode {
  /** Name of the Node object. */
  readonly name: string;
  /** IPv4 address on the LAN. */
  readonly address: string;
  /** Whether it is a control plane. */
  readonly controlPlane: boolean;
}

/** The nodes that the settings list, with names. */
export function labNodes({ nodes }: Settings): LabNode[] {
  const named = (addresses: readonly string[], names: readonly string[], controlPlane: boolean) =>
    addresses.map((address, index) => ({
      name: names[index] ?? `talos-${controlPlane ? "cp" : "w"}-${index + 1}`,
      address,
      controlPlane,
    }));
  return [
    ...named(nodes.controlPlanes, CONTROL_PLANES, true),
    ...named(nodes.workers, WORKERS, false),
  ];
}

/**
 * Registers the nodes as their kubelets would: with their address, NotReady until there is a network.
 * @param simulated whether KWOK plays them.
 */
export async function registerNodes(
  cluster: KubeConfig,
  nodes: readonly LabNode[],
  simulated: boolean,
): Promise<void> {
  const api = cluster.makeApiClient(CoreV1Api);
  await Promise.all(nodes.map((node) => api.createNode({ body: nodeObject(node, simulated) })));
}

function nodeObject({ name, address, controlPlane }: LabNode, simulated: boolean): V1Node {
  return {
    metadata: {
      name,
      // What KWOK's own nodes say of themselves.
      ...(simulated && { annotations: { "kwok.x-k8s.io/node": "fake" } }),
      labels: {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        ...(controlPlane && { "node-role.kubernetes.io/control-plane": "" }),
      },
    },
    spec: {
      taints: controlPlane
        ? [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }]
        : [],
    },
    status: {
      addresses: [
        { type: "InternalIP", address },
        { type: "Hostname", address: name },
      ],
      capacity: { cpu: "4", memory: "16Gi", pods: "110" },
      allocatable: { cpu: "4", memory: "16Gi", pods: "110" },
    },
  };
}

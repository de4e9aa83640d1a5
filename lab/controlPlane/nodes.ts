import { CoreV1Api, type KubeConfig, type V1Node } from "@kubernetes/client-node";
import type { Settings } from "../../config";

/** Names in the style of Talos. */
const CONTROL_PLANES = [
  "talos-c7r-dgh",
  "talos-8vk-2mz",
  "talos-p4x-qnt",
  "talos-1ob-y6e",
  "talos-m3d-f0s",
];
const WORKERS = [
  "talos-hj2-95w",
  "talos-tz7-uk1",
  "talos-b0g-xr4",
  "talos-6qy-vla",
  "talos-e9n-c8i",
];

export interface LabNode {
  /** Name of the Node object. */
  readonly name: string;
  /** IPv4 address on the LAN. */
  readonly address: string;
  readonly controlPlane: boolean;
}

/** The nodes of the settings, with names. */
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
 * Creates the Node objects as their kubelets would: with their address, and NotReady.
 * @param simulated whether KWOK simulates them.
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
      // KWOK marks its own nodes like this.
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

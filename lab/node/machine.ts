import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { KubeConfig } from "@kubernetes/client-node";
import type { ClusterServices } from "../controlPlane/clusterServices";
import type { LabNode } from "../controlPlane/nodes";
import { State } from "../labFolder";
import { ManagedProcess } from "../process/managedProcess";
import { CONTAINERS_FOLDER } from "./container";
import { Kubelet } from "./kubelet";

/** What a machine is told at its start. */
export interface MachineArgs {
  /** Folder of the lab. */
  readonly folder: string;
  /** Which node it is. */
  readonly node: LabNode;
  /** Path of KubePrism. */
  readonly kubeprism: string;
  /** Port of KubePrism. */
  readonly kubePrismPort: number;
  /** The API servers, each as host:port. */
  readonly apiServers: readonly string[];
  /** Addresses of the cluster's own Services. */
  readonly services: ClusterServices;
}

/**
 * The first process of a node's machine: what Talos' machined is there for, as far as the network goes. It runs
 * KubePrism and a kubelet, and goes on until it is killed.
 */
async function main(args: MachineArgs): Promise<void> {
  const state = new State(args.folder);
  new ManagedProcess(state, {
    name: `${args.node.name}-kubeprism`,
    program: args.kubeprism,
    args: [`--listen=localhost:${args.kubePrismPort}`, `--upstreams=${args.apiServers.join(",")}`],
  });
  while (!existsSync(state.kubeconfig)) await sleep(200);
  new ManagedProcess(state, {
    name: `${args.node.name}-kubelet-exec`,
    program: "kubelet-exec",
    args: [
      `--tls-cert-file=${state.path("pki", "kubelet.crt")}`,
      `--tls-private-key-file=${state.path("pki", "kubelet.key")}`,
      `--client-ca-file=${state.path("pki", "ca.crt")}`,
      `--containers=${CONTAINERS_FOLDER}`,
    ],
  });
  const cluster = new KubeConfig();
  cluster.loadFromString(readFileSync(state.kubeconfig, "utf8"));
  await new Kubelet({ state, cluster, node: args.node, services: args.services }).run();
}

main(JSON.parse(process.argv[2] ?? "")).catch((error) => {
  console.error(error);
  process.exit(1);
});

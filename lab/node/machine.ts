import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { KubeConfig } from "@kubernetes/client-node";
import type { ClusterServices } from "../controlPlane/clusterServices";
import type { LabNode } from "../controlPlane/nodes";
import { LabFolder } from "../labFolder";
import { ManagedProcess } from "../process/managedProcess";
import { CONTAINERS_FOLDER, Kubelet } from "./kubelet";

export interface MachineArgs {
  /** Path of the lab's folder. */
  readonly folder: string;
  readonly node: LabNode;
  /** Path of the program. */
  readonly kubeprism: string;
  readonly kubePrismPort: number;
  /** As host:port. */
  readonly apiServers: readonly string[];
  readonly services: ClusterServices;
}

/**
 * The first process of a node's machine, in place of Talos' machined: it runs KubePrism and a kubelet until it is
 * killed.
 */
async function main(args: MachineArgs): Promise<void> {
  const labFolder = new LabFolder(args.folder);
  new ManagedProcess(labFolder, {
    name: `${args.node.name}-kubeprism`,
    program: args.kubeprism,
    args: [`--listen=localhost:${args.kubePrismPort}`, `--upstreams=${args.apiServers.join(",")}`],
  });
  while (!existsSync(labFolder.kubeconfig)) await sleep(200);
  new ManagedProcess(labFolder, {
    name: `${args.node.name}-kubelet-exec`,
    program: "kubelet-exec",
    args: [
      `--tls-cert-file=${labFolder.join("pki", "kubelet.crt")}`,
      `--tls-private-key-file=${labFolder.join("pki", "kubelet.key")}`,
      `--client-ca-file=${labFolder.join("pki", "ca.crt")}`,
      `--containers=${CONTAINERS_FOLDER}`,
    ],
  });
  const cluster = new KubeConfig();
  cluster.loadFromString(readFileSync(labFolder.kubeconfig, "utf8"));
  await new Kubelet({ labFolder, cluster, node: args.node, services: args.services }).run();
}

main(JSON.parse(process.argv[2] ?? "")).catch((error) => {
  console.error(error);
  process.exit(1);
});

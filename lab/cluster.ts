import { KubeConfig } from "@kubernetes/client-node";
import type { Settings } from "../config";
import { applyClusterDns } from "./controlPlane/clusterDns";
import { onLoopback, type Places, startControlPlane } from "./controlPlane/controlPlane";
import { type LabNode, labNodes, registerNodes } from "./controlPlane/nodes";
import { Operators } from "./controlPlane/operators";
import type { Depth } from "./depth";
import type { LabFolder } from "./labFolder";
import { API_PORT, Network } from "./lan/network";
import { ManagedProcess } from "./process/managedProcess";
import { freePort } from "./process/ports";
import { describeEnd } from "./process/processEnd";
import { programOf, type Toolchain } from "./toolchain/toolchain";

/** On the LAN. */
const ETCD_PORT = 2379;

/** Seconds that KWOK may take until it answers. */
const HEALTHY_SECONDS = 300;

/**
 * Control plane and nodes of a lab. At control-plane depth KWOK simulates the nodes, and Cilium's operators run beside
 * them; at network depth each node is a machine that runs all of its pods.
 */
export class Cluster {
  private readonly processes: ManagedProcess[] = [];
  private operators: Operators | undefined;
  private network: Network | undefined;

  constructor(
    private readonly labFolder: LabFolder,
    private readonly toolchain: Toolchain,
    private readonly settings: Settings,
    private readonly depth: Depth,
  ) {}

  /**
   * Starts everything, on an empty cluster. Returns when it is healthy.
   * @param onEnd called for each process that ends after that, with a sentence that says how.
   */
  public async start(onEnd: (sentence: string) => void): Promise<void> {
    const onStart = (process: ManagedProcess) => void this.processes.push(process);
    const nodes = labNodes(this.settings);
    if (this.depth === "network") {
      const { labFolder, toolchain, settings } = this;
      this.network = new Network({ labFolder, toolchain, settings, nodes, onStart });
      await this.network.start();
    }
    const { server, authority } = await startControlPlane(
      this.labFolder,
      this.toolchain,
      this.settings,
      this.network === undefined ? onLoopback(this.settings) : onLan(this.network, nodes),
      onStart,
    );

    const cluster = new KubeConfig();
    cluster.loadFromFile(this.labFolder.kubeconfig);
    await registerNodes(cluster, nodes, this.network === undefined);
    if (this.network === undefined) {
      await this.startKwok();
      this.operators = new Operators({
        labFolder: this.labFolder,
        program: this.toolchain["cilium-operator"],
        cluster,
        server,
        authority,
      });
      this.operators.start();
    } else {
      await applyClusterDns(cluster, this.settings);
    }
    for (const process of this.processes) {
      void process.ended.then((end) => onEnd(`${process.name} ended (${describeEnd(end)})`));
    }
  }

  /** Stops the operators, then everything that talks to etcd, then etcd. */
  public async stop(): Promise<void> {
    await this.operators?.stop();
    const isEtcd = ({ name }: ManagedProcess) => name === "etcd";
    await Promise.all(this.processes.filter((each) => !isEtcd(each)).map((each) => each.stop()));
    await this.processes.find(isEtcd)?.stop();
  }

  private async startKwok(): Promise<void> {
    const address = `127.0.0.1:${await freePort()}`;
    const kwok = new ManagedProcess(this.labFolder, {
      name: "kwok",
      program: programOf(this.toolchain, "kwok"),
      args: [
        `--kubeconfig=${this.labFolder.kubeconfig}`,
        `--config=${require.resolve("./controlPlane/kwok.yaml")}`,
        "--manage-all-nodes=true",
        "--node-lease-duration-seconds=40",
        `--server-address=${address}`,
      ],
    });
    this.processes.push(kwok);
    await kwok.healthy(async () => {
      const { ok, status } = await fetch(`http://${address}/healthz`);
      if (!ok) throw new Error(`HTTP ${status}`);
    }, HEALTHY_SECONDS);
  }
}

/** The control plane on the LAN: each API server on its node; etcd and KubePrism on the router. */
function onLan(network: Network, nodes: readonly LabNode[]): Places {
  return {
    etcd: { address: network.gateway, port: ETCD_PORT, prefix: network.runIn("lan") },
    apiServers: nodes
      .filter(({ controlPlane }) => controlPlane)
      .map(({ name, address }) => ({ address, port: API_PORT, prefix: network.runIn(name) })),
    kubePrismPrefix: network.runIn("lan"),
  };
}

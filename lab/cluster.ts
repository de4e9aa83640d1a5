import { KubeConfig } from "@kubernetes/client-node";
import type { Settings } from "../config";
import { applyClusterDns } from "./controlPlane/clusterDns";
import { onLoopback, type Places, startControlPlane } from "./controlPlane/controlPlane";
import { type LabNode, labNodes, registerNodes } from "./controlPlane/nodes";
import { Operators } from "./controlPlane/operators";
import type { Depth } from "./depth";
import type { State } from "./labFolder";
import { API_PORT, Network } from "./lan/network";
import { ManagedProcess } from "./process/managedProcess";
import { freePort } from "./process/ports";
import { programOf, type Toolchain } from "./toolchain/toolchain";

/** Port of etcd on the LAN. */
const ETCD_PORT = 2379;

/**
 * The whole cluster of a lab: control plane and nodes. At control-plane depth the nodes are simulated, and the operators
 * of whatever is installed run beside them; at network depth the nodes are machines, which run all there is.
 */
export class Cluster {
  private readonly processes: ManagedProcess[] = [];
  private operators: Operators | undefined;
  private network: Network | undefined;

  constructor(
    private readonly state: State,
    private readonly toolchain: Toolchain,
    private readonly settings: Settings,
    private readonly depth: Depth,
  ) {}

  /**
   * Starts everything on an empty cluster; returns when it is healthy.
   * @param ended called for each process that ends thereafter, and how.
   */
  public async start(ended: (reason: string) => void): Promise<void> {
    const started = (process: ManagedProcess) => void this.processes.push(process);
    const nodes = labNodes(this.settings);
    if (this.depth === "network") {
      const { state, toolchain, settings } = this;
      this.network = new Network({ state, toolchain, settings, nodes, started });
      await this.network.start();
    }
    const { server, authority } = await startControlPlane(
      this.state,
      this.toolchain,
      this.settings,
      this.network === undefined ? onLoopback(this.settings) : onLan(this.network, nodes),
      started,
    );

    const cluster = new KubeConfig();
    cluster.loadFromFile(this.state.kubeconfig);
    await registerNodes(cluster, nodes, this.network === undefined);
    if (this.network === undefined) {
      await this.startKwok();
      this.operators = new Operators({
        state: this.state,
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
      void process.ended.then((outcome) => ended(`${process.name} ended (${outcome})`));
    }
  }

  /** Stops everything: the operators, then all that speaks to etcd, then etcd. */
  public async stop(): Promise<void> {
    await this.operators?.stop();
    const isEtcd = ({ name }: ManagedProcess) => name === "etcd";
    await Promise.all(this.processes.filter((each) => !isEtcd(each)).map((each) => each.stop()));
    await this.processes.find(isEtcd)?.stop();
  }

  private async startKwok(): Promise<void> {
    const address = `127.0.0.1:${await freePort()}`;
    const kwok = new ManagedProcess(this.state, {
      name: "kwok",
      program: programOf(this.toolchain, "kwok"),
      args: [
        `--kubeconfig=${this.state.kubeconfig}`,
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
    }, 60);
  }
}

/** The control plane on the LAN: each API server on its node, etcd at the router, KubePrism where it reaches them. */
function onLan(network: Network, nodes: readonly LabNode[]): Places {
  return {
    etcd: { address: network.gateway, port: ETCD_PORT, enter: network.enter("lan") },
    apiServers: nodes
      .filter(({ controlPlane }) => controlPlane)
      .map(({ name, address }) => ({ address, port: API_PORT, enter: network.enter(name) })),
    enterKubePrism: network.enter("lan"),
  };
}

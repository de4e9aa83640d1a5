import { KubeConfig } from "@kubernetes/client-node";
import type { Settings } from "../../config";
import type { State } from "../state";
import type { Toolchain } from "../toolchain/toolchain";
import { startControlPlane } from "./controlPlane";
import { ManagedProcess } from "./managedProcess";
import { labNodes, registerNodes } from "./nodes";
import { Operators } from "./operators";
import { freePort } from "./ports";

/** The whole cluster of a lab: control plane, simulated nodes, and the operators of whatever is installed on it. */
export class Cluster {
  private readonly processes: ManagedProcess[] = [];
  private operators: Operators | undefined;

  constructor(
    private readonly state: State,
    private readonly toolchain: Toolchain,
    private readonly settings: Settings,
  ) {}

  /**
   * Starts everything on an empty cluster; returns when it is healthy.
   * @param ended called for each process that ends thereafter, and how.
   */
  public async start(ended: (reason: string) => void): Promise<void> {
    const { server, authority } = await startControlPlane(
      this.state,
      this.toolchain,
      this.settings,
      (process) => this.processes.push(process),
    );

    const cluster = new KubeConfig();
    cluster.loadFromFile(this.state.kubeconfig);
    await registerNodes(cluster, labNodes(this.settings));
    await this.startKwok();

    this.operators = new Operators({
      state: this.state,
      program: this.toolchain["cilium-operator"],
      cluster,
      server,
      authority,
    });
    this.operators.start();
    for (const process of this.processes) {
      void process.ended.then((outcome) => ended(`${process.name} ended (${outcome})`));
    }
  }

  /** Stops everything: the operators, then all that speaks to etcd, then etcd. */
  public async stop(): Promise<void> {
    await this.operators?.stop();
    const [etcd, ...others] = this.processes;
    await Promise.all(others.map((process) => process.stop()));
    await etcd?.stop();
  }

  private async startKwok(): Promise<void> {
    const address = `127.0.0.1:${await freePort()}`;
    const kwok = new ManagedProcess(this.state, {
      name: "kwok",
      program: this.toolchain.kwok,
      args: [
        `--kubeconfig=${this.state.kubeconfig}`,
        `--config=${require.resolve("./kwok.yaml")}`,
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

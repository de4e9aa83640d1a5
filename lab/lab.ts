import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import deepmerge from "deepmerge";
import { lock } from "proper-lockfile";
import { PROJECT, type StackConfig, settingsOf } from "../config";
import { loadCluster } from "../kubernetes/client";
import { readUid } from "../kubernetes/observeCluster";
import { chosenDepth, type Depth, describeDepth } from "./depth";
import { LabFolder } from "./labFolder";
import { removeCgroups } from "./lan/cgroups";
import { endLabProcesses, type LabProcess, labProcesses, mark } from "./process/labProcesses";
import { assertPortFree } from "./process/ports";
import { describeEnd } from "./process/processEnd";
import { openStack, type Program } from "./stack/engine";
import { labConfig } from "./stack/stackConfig";
import type { StartReply, StartRequest } from "./supervisor";
import { prepareToolchain, type Toolchain } from "./toolchain/toolchain";

/** Seconds until processes that do not end are killed. */
const GRACE_SECONDS = 20;

/** The same for a crashed lab, where some processes would wait forever for others that are gone. */
const LEFTOVER_SECONDS = 2;

/** Two minutes for another command that starts the same lab; times in milliseconds. */
const LOCK_RETRIES = { retries: 240, minTimeout: 500, maxTimeout: 500 };

/** A cluster of its own, and stacks that are applied to it. */
export class Lab {
  private toolchain: Promise<Toolchain> | undefined;

  /**
   * @param log gets each line about the progress.
   * @param depth depth of the next cluster. Default: see {@link chosenDepth}.
   */
  constructor(
    public readonly folder = new LabFolder(),
    private readonly log: (line: string) => void = console.log,
    public readonly depth: Depth = chosenDepth(),
  ) {}

  /** Whether its cluster runs and has been ready. */
  public get running(): boolean {
    return (
      existsSync(this.folder.clusterFile) &&
      labProcesses(this.folder).some(({ name }) => name === "supervisor")
    );
  }

  public get processes(): LabProcess[] {
    return labProcesses(this.folder);
  }

  /** Paths of the lab's programs, which are built first where they are missing. */
  public tools(): Promise<Toolchain> {
    this.toolchain ??= prepareToolchain(this.log, this.depth);
    return this.toolchain;
  }

  /**
   * Starts an empty cluster, unless one runs.
   * @param port KubePrism's port. Default: the one of Pulumi.lab.yaml (7445).
   * @returns false when it ran already.
   * @throws Error naming the process that failed, or the port that is taken.
   */
  public async startCluster(port?: number): Promise<boolean> {
    this.log(describeDepth(this.running ? this.runningDepth : this.depth));
    const toolchain = await this.tools();
    this.folder.make();
    // Two commands at once would each end the other's processes as leftovers.
    const release = await lock(this.folder.path, { stale: 5000, retries: LOCK_RETRIES });
    try {
      return await this.startClusterLocked(toolchain, port);
    } finally {
      await release();
    }
  }

  private async startClusterLocked(toolchain: Toolchain, port?: number): Promise<boolean> {
    if (this.running) {
      if (port !== undefined && port !== this.port) {
        throw new Error(
          `the lab runs with KubePrism on port ${this.port}; end it first: npm run lab -- down`,
        );
      }
      return false;
    }
    const leftovers = await endLabProcesses(this.folder, LEFTOVER_SECONDS);
    if (leftovers.length > 0) {
      const names = leftovers.map(({ name }) => name).join(", ");
      this.log(`ended leftover processes of a crashed lab: ${names}`);
    }
    this.folder.clear();

    const settings = settingsOf(await labConfig(this.folder, "lab", port));
    await assertPortFree(settings.kubePrism.port);
    const started = performance.now();
    const { depth } = this;
    await this.startSupervisor({ folder: this.folder.path, toolchain, settings, depth });
    writeFileSync(
      this.folder.clusterFile,
      JSON.stringify({ port: settings.kubePrism.port, depth }),
    );
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    this.log(
      `cluster: ready after ${seconds} s, the Kubernetes API at https://localhost:${settings.kubePrism.port} (KubePrism)`,
    );
    return true;
  }

  /**
   * Ends the cluster and every other process of the lab. Its files stay until the next start.
   * @returns the processes that ran.
   */
  public async stopCluster(): Promise<LabProcess[]> {
    const depth = existsSync(this.folder.clusterFile) ? this.runningDepth : this.depth;
    rmSync(this.folder.clusterFile, { force: true });
    const { processes } = this;
    // The supervisor stops the others in order; the rest is left by a crashed lab.
    await endLabProcesses(this.folder, GRACE_SECONDS, ({ name }) => name === "supervisor");
    await endLabProcesses(this.folder, GRACE_SECONDS);
    if (depth === "network") await removeCgroups(this.folder);
    return processes;
  }

  /**
   * Opens a stack on the lab's cluster.
   * @param name the stack's file is Pulumi.<name>.yaml.
   * @param change changes the configuration of that file.
   * @param program default: index.ts.
   */
  public async stack(
    name = "lab",
    change: (config: StackConfig) => StackConfig = (config) => config,
    program?: Program,
  ): Promise<Stack> {
    const config = await this.config(name, change);
    const stack = await openStack(this.folder, await this.tools(), name, config, program);
    // Only this lab uses the backend, so without an engine a lock is left by an update that was killed.
    if (!this.processes.some(({ name: process }) => process === "pulumi")) await stack.cancel();
    return stack;
  }

  /**
   * Configuration of a stack on the lab's cluster. That of another cluster names this one by its UID: it has other nodes.
   * @param name the stack's file is Pulumi.<name>.yaml.
   * @param change changes the configuration of that file.
   */
  public async config(
    name = "lab",
    change: (config: StackConfig) => StackConfig = (config) => config,
  ): Promise<StackConfig> {
    if (!this.running) throw new Error("the lab does not run; start it: npm start");
    if (name === "lab") return change(await labConfig(this.folder, name, this.port));
    const here = { [`${PROJECT}:cluster`]: { uid: await this.uid() } };
    return change(deepmerge(await labConfig(this.folder, name), here));
  }

  /** UID of its cluster, that of the namespace kube-system. */
  public async uid(): Promise<string> {
    return readUid(loadCluster({ kubeconfig: this.folder.kubeconfig }));
  }

  /** KubePrism's port in the cluster that runs. */
  public get port(): number {
    return this.readClusterFile().port;
  }

  /** Depth of the cluster that runs. */
  public get runningDepth(): Depth {
    return this.readClusterFile().depth;
  }

  private readClusterFile(): { port: number; depth: Depth } {
    return JSON.parse(readFileSync(this.folder.clusterFile, "utf8"));
  }

  private async startSupervisor(request: StartRequest): Promise<void> {
    const log = openSync(this.folder.log("supervisor"), "a");
    const child: ChildProcess = fork(join(__dirname, "supervisor.ts"), {
      cwd: this.folder.path,
      // In a session of its own it outlives the command, and Ctrl-C does not reach it.
      detached: true,
      execArgv: ["--require", require.resolve("ts-node/register/transpile-only")],
      env: {
        ...process.env,
        TS_NODE_PROJECT: join(__dirname, "..", "tsconfig.json"),
        ...mark(this.folder, "supervisor"),
      },
      stdio: ["ignore", log, log, "ipc"],
    });
    closeSync(log);
    try {
      const reply = await new Promise<StartReply>((resolve, reject) => {
        child.once("message", resolve);
        child.once("error", reject);
        child.once("exit", (code, signal) => {
          const end = describeEnd({ code, signal });
          const file = this.folder.log("supervisor");
          reject(new Error(`the supervisor ended (${end}); see its log ${file}`));
        });
        child.send(request);
      });
      if ("error" in reply) {
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
        throw new Error(reply.error);
      }
    } finally {
      if (child.connected) child.disconnect();
      child.unref();
    }
  }
}

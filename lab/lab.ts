import { type ChildProcess, fork } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "@pulumi/pulumi/automation";
import { lock } from "proper-lockfile";
import { type StackConfig, settingsOf } from "../config";
import { chosenDepth, type Depth, describeDepth } from "./depth";
import { LabFolder } from "./labFolder";
import { removeCgroups } from "./lan/cgroups";
import { endLabProcesses, type LabProcess, labProcesses, mark } from "./process/labProcesses";
import { assertPortFree } from "./process/ports";
import { openStack, type Program } from "./stack/engine";
import { labConfig } from "./stack/stackConfig";
import type { StartReply, StartRequest } from "./supervisor";
import { prepareToolchain, type Toolchain } from "./toolchain/toolchain";

/** Seconds that processes have to end before they are killed. */
const GRACE_SECONDS = 20;

/** Seconds that those of a crashed lab have: without what they spoke to, some of them would take for ever. */
const LEFTOVER_SECONDS = 2;

/** How often, and with which pauses in milliseconds, a command waits for another one that starts the same lab. */
const LOCK_RETRIES = { retries: 240, minTimeout: 500, maxTimeout: 500 };

/** A lab: a cluster of its own, and the stack applied to it. */
export class Lab {
  private toolchain: Promise<Toolchain> | undefined;

  /**
   * @param log where progress goes, a line at a time.
   * @param depth how deep it goes; default: what TALOS_CILIUM_LAB_DEPTH says, else as deep as this machine can.
   */
  constructor(
    public readonly folder = new LabFolder(),
    private readonly log: (line: string) => void = console.log,
    public readonly depth: Depth = chosenDepth(),
  ) {}

  /** Whether its cluster runs and was ready once. */
  public get running(): boolean {
    return (
      existsSync(this.folder.clusterFile) &&
      labProcesses(this.folder).some(({ name }) => name === "supervisor")
    );
  }

  /** Its processes that run, by name. */
  public get processes(): LabProcess[] {
    return labProcesses(this.folder);
  }

  /** Programs of the lab; built first if need be. */
  public tools(): Promise<Toolchain> {
    this.toolchain ??= prepareToolchain(this.log, this.depth);
    return this.toolchain;
  }

  /**
   * Starts the cluster, empty, unless it runs already.
   * @param port KubePrism's port, when it is not the one of Pulumi.lab.yaml (7445).
   * @returns whether it was started.
   * @throws Error saying which process failed and how, or that the port is taken.
   */
  public async startCluster(port?: number): Promise<boolean> {
    this.log(describeDepth(this.running ? this.runningDepth : this.depth));
    const toolchain = await this.tools();
    this.folder.make();
    // Two commands at once would each take the other's processes for leftovers.
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
    const leftover = await endLabProcesses(this.folder, LEFTOVER_SECONDS);
    if (leftover.length > 0) {
      this.log(`ended what a crashed lab left: ${leftover.map(({ name }) => name).join(", ")}`);
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

  /** Ends the cluster and every process of the lab; what it was is forgotten at the next start. */
  public async stopCluster(): Promise<LabProcess[]> {
    const depth = existsSync(this.folder.clusterFile) ? this.runningDepth : this.depth;
    rmSync(this.folder.clusterFile, { force: true });
    const found = this.processes;
    // The supervisor stops the others in order; what it leaves is a crashed lab's.
    await endLabProcesses(this.folder, GRACE_SECONDS, ({ name }) => name === "supervisor");
    await endLabProcesses(this.folder, GRACE_SECONDS);
    if (depth === "network") await removeCgroups(this.folder);
    return found;
  }

  /**
   * Opens a stack on the lab's cluster.
   * @param name stack whose Pulumi.<name>.yaml is used.
   * @param change what is different from that file, for tests.
   * @param program what to run, by default index.ts.
   */
  public async stack(
    name = "lab",
    change: (config: StackConfig) => StackConfig = (config) => config,
    program?: Program,
  ): Promise<Stack> {
    const config = await this.config(name, change);
    const stack = await openStack(this.folder, await this.tools(), name, config, program);
    // The lock of an update that was killed: nobody but this lab uses the state.
    if (!this.processes.some(({ name: process }) => process === "pulumi")) await stack.cancel();
    return stack;
  }

  /**
   * Configuration of a stack on the lab's cluster.
   * @param name stack whose Pulumi.<name>.yaml is used.
   * @param change what is different from that file, for tests.
   */
  public async config(
    name = "lab",
    change: (config: StackConfig) => StackConfig = (config) => config,
  ): Promise<StackConfig> {
    if (!this.running) throw new Error("the lab does not run; start it: npm start");
    return change(await labConfig(this.folder, name, name === "lab" ? this.port : undefined));
  }

  /** KubePrism's port in the cluster that runs. */
  public get port(): number {
    return JSON.parse(readFileSync(this.folder.clusterFile, "utf8")).port;
  }

  /** How deep the cluster that runs goes. */
  public get runningDepth(): Depth {
    return JSON.parse(readFileSync(this.folder.clusterFile, "utf8")).depth;
  }

  private async startSupervisor(request: StartRequest): Promise<void> {
    const log = openSync(this.folder.log("supervisor"), "a");
    const child: ChildProcess = fork(join(__dirname, "supervisor.ts"), {
      cwd: this.folder.path,
      // A session of its own: it goes on when the command ends, and Ctrl-C does not reach it.
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
        child.once("exit", (code, signal) =>
          reject(
            new Error(
              `the supervisor ended (${signal ?? `exit code ${code}`}); see its log ${this.folder.log("supervisor")}`,
            ),
          ),
        );
        child.send(request);
      });
      if ("error" in reply) {
        await new Promise((resolve) => child.once("exit", resolve));
        throw new Error(reply.error);
      }
    } finally {
      if (child.connected) child.disconnect();
      child.unref();
    }
  }
}

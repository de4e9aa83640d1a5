import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { V1ContainerStatus } from "@kubernetes/client-node";
import type { LabFolder } from "../labFolder";
import { ManagedProcess, type ProcessSpec } from "../process/managedProcess";
import { pause } from "../process/pause";
import { describeEnd, type ProcessEnd } from "../process/processEnd";
import type { CommandPrefix } from "../process/run";
import { containerEnvironment, type EnvironmentSources, expand } from "./environment";
import { findImage, knownImages, overridesOf } from "./images";
import { Probe } from "./probe";
import type { Volumes } from "./volumes";

/** Milliseconds until a container that ended is started again. */
export interface RestartDelay {
  readonly first: number;
  /** Each delay is twice the last one, up to this. */
  readonly most: number;
}

export interface ContainerArgs extends EnvironmentSources {
  readonly labFolder: LabFolder;
  /** Name of its pod's network namespace; undefined: the node's. */
  readonly netns: string | undefined;
  /** Folder with a file for each container, namespace_pod_container, that holds its process id. */
  readonly containersFolder: string;
  readonly restartDelay: RestartDelay;
}

/** A container: a program on the node, with the mounts, the network and the environment of its pod. */
export class Container {
  private readonly stopped = new AbortController();
  private process: ManagedProcess | undefined;
  private startedAt: Date | undefined;
  private restarts = 0;
  private end: ProcessEnd | undefined;
  private isReady = false;
  private hasEnded = false;
  private probes: readonly Probe[] = [];

  constructor(private readonly args: ContainerArgs) {}

  /** Whether it runs, or ran. */
  public get started(): boolean {
    return this.startedAt !== undefined;
  }

  /** Whether it runs and its probes succeed. */
  public get ready(): boolean {
    return this.isReady;
  }

  /** Whether it has ended for good. */
  public get ended(): boolean {
    return this.hasEnded;
  }

  /** Whether it has ended for good, and not with exit code 0. */
  public get failed(): boolean {
    return this.ended && !isSuccess(this.end);
  }

  /** Its part of the pod's status. */
  public status(): V1ContainerStatus {
    const { name, image = "" } = this.args.container;
    return {
      name,
      image,
      imageID: image,
      ready: this.ready,
      started: this.started && !this.ended,
      restartCount: this.restarts,
      state: this.state(),
    };
  }

  private state(): V1ContainerStatus["state"] {
    if (this.end !== undefined && this.ended) {
      const { code } = this.end;
      const reason = isSuccess(this.end) ? "Completed" : "Error";
      return { terminated: { exitCode: code ?? 1, reason, message: describeEnd(this.end) } };
    }
    if (this.end !== undefined) {
      return { waiting: { reason: "CrashLoopBackOff", message: describeEnd(this.end) } };
    }
    if (this.startedAt !== undefined) return { running: { startedAt: this.startedAt } };
    const { image = "" } = this.args.container;
    if (findImage(image) !== undefined) return { waiting: { reason: "ContainerCreating" } };
    const message =
      `the lab has no program for ${image}; use one of ${knownImages().join(", ")}, ` +
      "or add it to lab/node/images.ts";
    return { waiting: { reason: "ErrImagePull", message } };
  }

  /**
   * Runs an init container, again and again until it succeeds.
   * @returns false when it was stopped before, or the lab has no program for it.
   */
  public async complete(volumes: Volumes, addresses: readonly string[]): Promise<boolean> {
    await this.run(volumes, addresses, (end) => !isSuccess(end));
    return isSuccess(this.end);
  }

  /** Starts it, and restarts it as its pod's restart policy says. */
  public start(volumes: Volumes, addresses: readonly string[]): void {
    void this.run(volumes, addresses, (end) => this.restartsAfter(end));
  }

  /** Ends it within its pod's grace period. */
  public async stop(): Promise<void> {
    this.stopped.abort();
    for (const probe of this.probes) probe.stop();
    await this.process?.stop();
    this.isReady = false;
  }

  private async run(
    volumes: Volumes,
    addresses: readonly string[],
    restarts: (end: ProcessEnd) => boolean,
  ): Promise<void> {
    const image = findImage(this.args.container.image ?? "");
    if (image === undefined) return;
    if (image.simulated !== undefined) {
      this.startedAt = new Date();
      this.isReady = true;
      return;
    }
    const { signal } = this.stopped;
    const { first, most } = this.args.restartDelay;
    for (let delay = first; !signal.aborted; delay = Math.min(2 * delay, most)) {
      const end = await this.runOnce(image.entrypoint ?? [], volumes, addresses);
      for (const probe of this.probes) probe.stop();
      this.isReady = false;
      this.end = end;
      this.hasEnded = !restarts(end);
      if (this.hasEnded) return;
      await pause(delay, signal);
      if (!signal.aborted) this.restarts++;
    }
  }

  private async runOnce(
    entrypoint: readonly string[],
    volumes: Volumes,
    addresses: readonly string[],
  ): Promise<ProcessEnd> {
    try {
      const spec = await this.processSpec(entrypoint, volumes, addresses);
      // It may have been stopped while the API server was asked for variables.
      this.stopped.signal.throwIfAborted();
      this.process = new ManagedProcess(this.args.labFolder, spec);
      this.startedAt = new Date();
      this.end = undefined;
      this.writePid();
      this.startProbes(addresses[0] ?? "");
      return await this.process.ended;
    } catch (error) {
      // A ConfigMap or Secret that its variables come from may not exist yet.
      return { code: null, signal: null, error: error as Error };
    }
  }

  private writePid(): void {
    const { object, container, containersFolder } = this.args;
    const { namespace, name } = object.metadata ?? {};
    mkdirSync(containersFolder, { recursive: true });
    const file = join(containersFolder, `${namespace}_${name}_${container.name}`);
    writeFileSync(file, String(this.process?.pid));
  }

  private restartsAfter(end: ProcessEnd): boolean {
    const policy = this.args.object.spec?.restartPolicy ?? "Always";
    return policy === "Always" || (policy === "OnFailure" && !isSuccess(end));
  }

  /** A startup probe holds the others back until it succeeds. A failed startup or liveness probe ends the program. */
  private startProbes(address: string): void {
    const { readinessProbe, startupProbe, livenessProbe, ports } = this.args.container;
    const start = (spec: typeof readinessProbe, onChange: (healthy: boolean) => void) =>
      spec === undefined ? undefined : new Probe({ spec, address, ports: ports ?? [], onChange });
    const startOthers = () => {
      const probes = [
        start(readinessProbe, (healthy) => {
          this.isReady = healthy;
        }),
        start(livenessProbe, (healthy) => {
          if (!healthy) void this.process?.stop();
        }),
      ];
      if (readinessProbe === undefined) this.isReady = true;
      this.probes = probes.filter((probe) => probe !== undefined);
    };
    const startup = start(startupProbe, (healthy) => {
      startup?.stop();
      if (healthy) startOthers();
      else void this.process?.stop();
    });
    if (startup === undefined) startOthers();
    else this.probes = [startup];
  }

  private async processSpec(
    entrypoint: readonly string[],
    volumes: Volumes,
    addresses: readonly string[],
  ): Promise<ProcessSpec> {
    const { object, container, netns } = this.args;
    const variables = await containerEnvironment(this.args, addresses);
    const command = [
      ...(container.command ?? entrypoint),
      ...(container.args ?? []),
      ...overridesOf(container.name),
    ].map((text) => expand(text, variables));
    const prefix: CommandPrefix = [
      ...(netns === undefined ? [] : ["ip", "netns", "exec", netns]),
      ...["unshare", "--mount", "--propagation", "private"],
      ...(netns === undefined ? [] : ["--uts"]),
      ...["sh", join(__dirname, "container.sh")],
    ];
    const [program = "", ...args] = [...prefix, ...command];
    return {
      name: `${object.metadata?.name}_${container.name}`,
      program,
      args,
      environment: {
        ...variables,
        MOUNTS: this.mounts(volumes).join("\n"),
        ...(netns !== undefined && { POD_HOSTNAME: object.metadata?.name ?? "" }),
      },
      stopSeconds: object.spec?.terminationGracePeriodSeconds,
    };
  }

  /** Outer mounts come first, as inner ones lie on them. */
  private mounts(volumes: Volumes): string[] {
    return (this.args.container.volumeMounts ?? [])
      .map(({ name, mountPath, subPath = "" }) => ({
        source: join(volumes.get(name) ?? "", subPath),
        mountPath,
      }))
      .filter(({ source, mountPath }) => source !== mountPath)
      .sort((a, b) => a.mountPath.length - b.mountPath.length)
      .map(({ source, mountPath }) => `${source}=${mountPath}`);
  }
}

function isSuccess(end: ProcessEnd | undefined): boolean {
  return end?.code === 0;
}

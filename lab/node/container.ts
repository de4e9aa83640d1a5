import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CoreV1Api, V1Container, V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import { describeError } from "../../kubernetes/client";
import type { LabNode } from "../controlPlane/nodes";
import type { LabFolder } from "../labFolder";
import { ManagedProcess } from "../process/managedProcess";
import { environmentOf, expand } from "./environment";
import { findImage, knownImages, overridesOf } from "./images";
import { Probe } from "./probe";
import type { Volumes } from "./volumes";

/** Milliseconds until a container that ended is started again, at first and at most. */
const RESTART_DELAY = { first: 1000, most: 30_000 };

/** Folder of a node with a file for each container, namespace_pod_container, that holds its process id. */
export const CONTAINERS_FOLDER = "/run/containers";

/** What a container is run from. */
export interface ContainerArgs {
  /** Where its log goes. */
  readonly labFolder: LabFolder;
  /** The API, for what its variables come from. */
  readonly core: CoreV1Api;
  /** Its pod. */
  readonly object: V1Pod;
  /** The container. */
  readonly container: V1Container;
  /** The node that it runs on. */
  readonly node: LabNode;
  /** Address of the Service `kubernetes`. */
  readonly apiService: string;
  /** Name of its pod's network namespace; undefined: the node's. */
  readonly netns: string | undefined;
}

/** A container: a program on the node, with the mounts, the network and the environment of its pod. */
export class Container {
  private process: ManagedProcess | undefined;
  private startedAt: Date | undefined;
  private restarts = 0;
  private outcome: string | undefined;
  private stopping = false;
  private isReady = false;
  private probes: readonly Probe[] = [];

  constructor(private readonly args: ContainerArgs) {}

  /** Whether it runs, or ran. */
  public get started(): boolean {
    return this.startedAt !== undefined;
  }

  /** Whether it runs and its probes say that it serves. */
  public get ready(): boolean {
    return this.isReady;
  }

  /** Whether it has ended for good. */
  public get ended(): boolean {
    return this.outcome !== undefined && !this.restartsAfter(this.outcome);
  }

  /** Whether it ended for good, and badly. */
  public get failed(): boolean {
    return this.ended && this.outcome !== SUCCESS;
  }

  /** Its status, as the API is told. */
  public status(): V1ContainerStatus {
    const { name, image = "" } = this.args.container;
    const waiting =
      findImage(image) === undefined
        ? {
            reason: "ErrImagePull",
            message: `the lab has no program for ${image}; it knows ${knownImages().join(", ")} (lab/node/images.ts)`,
          }
        : { reason: "ContainerCreating" };
    const exitCode = this.outcome === SUCCESS ? 0 : 1;
    const containerState = this.ended
      ? {
          terminated: {
            exitCode,
            reason: exitCode === 0 ? "Completed" : "Error",
            message: this.outcome,
          },
        }
      : this.startedAt === undefined
        ? { waiting }
        : { running: { startedAt: this.startedAt } };
    return {
      name,
      image,
      imageID: image,
      ready: this.ready,
      started: this.started && !this.ended,
      restartCount: this.restarts,
      state: containerState,
    } as V1ContainerStatus;
  }

  /**
   * Runs it until it ends well; used for init containers.
   * @returns whether it did; not so when the lab has no program for it, or it was stopped.
   */
  public async complete(volumes: Volumes, addresses: readonly string[]): Promise<boolean> {
    await this.run(volumes, addresses, (outcome) => outcome !== SUCCESS);
    return this.outcome === SUCCESS;
  }

  /** Starts it, and starts it again when it ends and the pod wants that. */
  public start(volumes: Volumes, addresses: readonly string[]): void {
    void this.run(volumes, addresses, (outcome) => this.restartsAfter(outcome));
  }

  /** Ends it, with the grace that its pod has. */
  public async stop(): Promise<void> {
    this.stopping = true;
    for (const probe of this.probes) probe.stop();
    await this.process?.stop();
    this.isReady = false;
  }

  private async run(
    volumes: Volumes,
    addresses: readonly string[],
    again: (outcome: string) => boolean,
  ): Promise<void> {
    const image = findImage(this.args.container.image ?? "");
    if (image === undefined) return;
    if (image.simulated !== undefined) {
      this.startedAt = new Date();
      this.isReady = true;
      return;
    }
    for (
      let delay = RESTART_DELAY.first;
      !this.stopping;
      delay = Math.min(2 * delay, RESTART_DELAY.most)
    ) {
      let outcome: string;
      try {
        this.process = await this.spawn(image.entrypoint ?? [], volumes, addresses);
        this.startedAt = new Date();
        this.outcome = undefined;
        this.noteProcess();
        this.probe(addresses[0] ?? "");
        outcome = await this.process.ended;
      } catch (error) {
        // What its variables come from is not there yet.
        outcome = describeError(error);
      }
      for (const probe of this.probes) probe.stop();
      this.isReady = false;
      this.outcome = outcome;
      if (!again(outcome)) return;
      await new Promise((resolve) => setTimeout(resolve, delay));
      this.restarts++;
    }
  }

  private noteProcess(): void {
    const { object, container } = this.args;
    const { namespace, name } = object.metadata ?? {};
    mkdirSync(CONTAINERS_FOLDER, { recursive: true });
    writeFileSync(
      join(CONTAINERS_FOLDER, `${namespace}_${name}_${container.name}`),
      String(this.process?.pid),
    );
  }

  private restartsAfter(outcome: string): boolean {
    const policy = this.args.object.spec?.restartPolicy ?? "Always";
    return policy === "Always" || (policy === "OnFailure" && outcome !== SUCCESS);
  }

  /** Watches its readiness (once it has started up, when it has a probe for that) and restarts it when it is dead. */
  private probe(address: string): void {
    const { readinessProbe, startupProbe, livenessProbe, ports } = this.args.container;
    const watch = (spec: typeof readinessProbe, told: (is: boolean) => void) =>
      spec === undefined ? undefined : new Probe({ spec, address, ports: ports ?? [], told });
    const readiness = () => {
      const probes = [
        watch(readinessProbe, (is) => {
          this.isReady = is;
        }),
        watch(livenessProbe, (is) => {
          if (!is) void this.process?.stop();
        }),
      ];
      if (readinessProbe === undefined) this.isReady = true;
      this.probes = probes.filter((probe) => probe !== undefined);
    };
    const startup = watch(startupProbe, (is) => {
      startup?.stop();
      if (is) readiness();
      else void this.process?.stop();
    });
    if (startup === undefined) readiness();
    else this.probes = [startup];
  }

  private async spawn(
    entrypoint: readonly string[],
    volumes: Volumes,
    addresses: readonly string[],
  ): Promise<ManagedProcess> {
    const { labFolder, object, container, netns } = this.args;
    const variables = await environmentOf(this.args, addresses);
    const command = [
      ...(container.command ?? entrypoint),
      ...(container.args ?? []),
      ...overridesOf(container.name),
    ].map((text) => expand(text, variables));
    const enter = netns === undefined ? [] : ["ip", "netns", "exec", netns];
    const own = ["unshare", "--mount", "--propagation", "private", ...(netns ? ["--uts"] : [])];
    const [program = "", ...args] = [
      ...enter,
      ...own,
      ...["sh", join(__dirname, "container.sh"), ...command],
    ];
    return new ManagedProcess(labFolder, {
      name: `${object.metadata?.name}_${container.name}`,
      program,
      args,
      environment: {
        ...variables,
        MOUNTS: this.mounts(volumes).join("\n"),
        ...(netns !== undefined && { POD_HOSTNAME: object.metadata?.name ?? "" }),
      },
      stopSeconds: object.spec?.terminationGracePeriodSeconds,
    });
  }

  /** Outer mounts first, as inner ones lie on them. */
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

/** How a process ended that ended well. */
const SUCCESS = "exit code 0";

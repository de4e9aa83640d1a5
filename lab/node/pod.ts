import type {
  CoreV1Api,
  V1Container,
  V1Pod,
  V1PodCondition,
  V1PodStatus,
} from "@kubernetes/client-node";
import { describeError } from "../../kubernetes/client";
import type { ClusterServices } from "../controlPlane/clusterServices";
import type { LabNode } from "../controlPlane/nodes";
import type { LabFolder } from "../labFolder";
import { pause } from "../process/pause";
import { Container, type RestartDelay } from "./container";
import { SKIPPED_INIT_CONTAINERS } from "./images";
import { PodNetwork } from "./podNetwork";
import { prepareVolumes } from "./volumes";

/** Milliseconds until work that failed is tried again. */
const RETRY_DELAY = 1000;

export interface PodArgs {
  readonly labFolder: LabFolder;
  readonly core: CoreV1Api;
  readonly object: V1Pod;
  readonly node: LabNode;
  readonly services: ClusterServices;
  /** Whether the node has a CNI plugin. */
  readonly hasNetwork: () => boolean;
  /** Folder in which each container leaves its process id. */
  readonly containersFolder: string;
  readonly restartDelay: RestartDelay;
}

/** A pod on a node: first its volumes and its network, then its init containers, then its containers. */
export class Pod {
  /** The status that the API server got last, as JSON. */
  public reported: string | undefined;
  private readonly stopped = new AbortController();
  private readonly startTime = new Date();
  private readonly conditions = new Map<string, V1PodCondition>();
  private readonly network: PodNetwork | undefined;
  private readonly initContainers: Container[];
  private readonly containers: Container[];
  private readonly work: Promise<void>;
  private initialized = false;
  private problem: string | undefined;

  constructor(private readonly args: PodArgs) {
    const { spec } = args.object;
    if (spec?.hostNetwork !== true) {
      this.network = new PodNetwork(args.object, args.services.dns);
    }
    const container = (object: V1Container) =>
      new Container({
        ...args,
        container: object,
        netns: this.network?.name,
        apiService: args.services.api,
      });
    this.initContainers = (spec?.initContainers ?? [])
      .filter(({ name }) => !(name in SKIPPED_INIT_CONTAINERS))
      .map(container);
    this.containers = (spec?.containers ?? []).map(container);
    this.work = this.start();
  }

  /** Whether it is being stopped. */
  public get stopping(): boolean {
    return this.stopped.signal.aborted;
  }

  public status(): V1PodStatus {
    const { node } = this.args;
    const ready = this.initialized && this.containers.every((container) => container.ready);
    const addresses = this.addresses();
    return {
      phase: this.phase(),
      ...(this.problem !== undefined && { message: this.problem }),
      startTime: this.startTime,
      hostIP: node.address,
      hostIPs: [{ ip: node.address }],
      ...(addresses.length > 0 && {
        podIP: addresses[0],
        podIPs: addresses.map((ip) => ({ ip })),
      }),
      conditions: [
        this.condition("Initialized", this.initialized),
        this.condition("ContainersReady", ready),
        this.condition("Ready", ready),
      ],
      initContainerStatuses: this.initContainers.map((container) => container.status()),
      containerStatuses: this.containers.map((container) => container.status()),
    };
  }

  private phase(): string {
    if (!this.initialized) return "Pending";
    if (this.containers.every((container) => container.ended)) {
      return this.containers.some((container) => container.failed) ? "Failed" : "Succeeded";
    }
    return this.containers.some((container) => container.started) ? "Running" : "Pending";
  }

  private condition(type: string, isTrue: boolean): V1PodCondition {
    const status = isTrue ? "True" : "False";
    const known = this.conditions.get(type);
    if (known?.status === status) return known;
    const condition = { type, status, lastTransitionTime: new Date() };
    this.conditions.set(type, condition);
    return condition;
  }

  /** Ends its containers within their grace period, and removes it from the network. */
  public async stop(): Promise<void> {
    this.stopped.abort();
    await Promise.all([...this.initContainers, ...this.containers].map((each) => each.stop()));
    await this.work;
    await this.network?.remove();
  }

  private async start(): Promise<void> {
    const volumes = await this.retry(() => prepareVolumes(this.args.core, this.args.object));
    await this.retry(async () => {
      if (this.network === undefined) return;
      if (!this.args.hasNetwork()) throw new Error("the node has no CNI plugin yet");
      await this.network.add();
    });
    if (volumes === undefined || this.stopping) return;
    for (const container of this.initContainers) {
      if (!(await container.complete(volumes, this.addresses()))) return;
    }
    this.initialized = true;
    for (const container of this.containers) {
      if (!this.stopping) container.start(volumes, this.addresses());
    }
  }

  private addresses(): readonly string[] {
    return this.network?.addresses ?? [this.args.node.address];
  }

  /**
   * Repeats work that fails, until it succeeds or the pod is stopped.
   * @returns undefined when the pod was stopped.
   */
  private async retry<T>(work: () => Promise<T>): Promise<T | undefined> {
    while (!this.stopping) {
      try {
        const result = await work();
        this.problem = undefined;
        return result;
      } catch (error) {
        this.problem = describeError(error);
        console.log(`${this.args.object.metadata?.name}: ${this.problem}`);
        await pause(RETRY_DELAY, this.stopped.signal);
      }
    }
    return undefined;
  }
}

import type { CoreV1Api, V1Pod, V1PodCondition, V1PodStatus } from "@kubernetes/client-node";
import { describeError } from "../../kubernetes/client";
import type { ClusterServices } from "../controlPlane/clusterServices";
import type { LabNode } from "../controlPlane/nodes";
import type { LabFolder } from "../labFolder";
import { Container } from "./container";
import { DONE_BY_THE_MACHINE } from "./images";
import { PodNetwork } from "./podNetwork";
import { prepareVolumes } from "./volumes";

/** What a pod is run from. */
export interface PodArgs {
  /** Where logs go. */
  readonly labFolder: LabFolder;
  /** The API, for what its volumes hold. */
  readonly core: CoreV1Api;
  /** The pod. */
  readonly object: V1Pod;
  /** The node that it is bound to. */
  readonly node: LabNode;
  /** Addresses of the cluster's own Services. */
  readonly services: ClusterServices;
  /** Whether the node has a CNI plugin. */
  readonly hasNetwork: () => boolean;
}

/** Milliseconds until something that failed is tried again. */
const RETRY_DELAY = 1000;

/** A pod that runs on a node: its network, then its init containers, then its containers. */
export class Pod {
  /** Whether it is being stopped. */
  public stopping = false;
  /** The status that the API was told last, as JSON. */
  public reported: string | undefined;
  private readonly startTime = new Date();
  private readonly conditions = new Map<string, V1PodCondition>();
  private readonly network: PodNetwork | undefined;
  private readonly initContainers: Container[];
  private readonly containers: Container[];
  private readonly work: Promise<void>;
  private initialized = false;
  private trouble: string | undefined;

  constructor(private readonly args: PodArgs) {
    const { spec } = args.object;
    if (spec?.hostNetwork !== true) {
      this.network = new PodNetwork(args.object, args.services.dns);
    }
    const container = (object: NonNullable<typeof spec>["containers"][number]) =>
      new Container({
        ...args,
        container: object,
        netns: this.network?.name,
        apiService: args.services.api,
      });
    this.initContainers = (spec?.initContainers ?? [])
      .filter(({ name }) => !(name in DONE_BY_THE_MACHINE))
      .map(container);
    this.containers = (spec?.containers ?? []).map(container);
    this.work = this.start();
  }

  /** Its status now, as the API is told. */
  public status(): V1PodStatus {
    const { node } = this.args;
    const all = (of: readonly Container[], is: (container: Container) => boolean) => of.every(is);
    const ready = this.initialized && all(this.containers, (container) => container.ready);
    const ended = this.initialized && all(this.containers, (container) => container.ended);
    const failed = this.containers.some((container) => container.failed);
    const addresses = this.network === undefined ? [node.address] : this.network.addresses;
    const started = this.initialized && this.containers.some((container) => container.started);
    return {
      phase: ended ? (failed ? "Failed" : "Succeeded") : started ? "Running" : "Pending",
      ...(this.trouble !== undefined && { message: this.trouble }),
      startTime: this.startTime,
      hostIP: node.address,
      hostIPs: [{ ip: node.address }],
      ...(addresses.length > 0 && {
        podIP: addresses[0],
        podIPs: addresses.map((ip) => ({ ip })),
      }),
      conditions: [
        ["Initialized", this.initialized] as const,
        ["ContainersReady", ready] as const,
        ["Ready", ready] as const,
      ].map(([type, is]) => this.condition(type, is ? "True" : "False")),
      initContainerStatuses: this.initContainers.map((container) => container.status()),
      containerStatuses: this.containers.map((container) => container.status()),
    };
  }

  /** A condition, with the time since when it is as it is. */
  private condition(type: string, status: string): V1PodCondition {
    const known = this.conditions.get(type);
    if (known?.status === status) return known;
    const condition = { type, status, lastTransitionTime: new Date() };
    this.conditions.set(type, condition);
    return condition;
  }

  /** Ends its containers, as long as their grace allows, and takes it off the network. */
  public async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all([...this.initContainers, ...this.containers].map((each) => each.stop()));
    await this.work;
    await this.network?.remove();
  }

  private async start(): Promise<void> {
    const volumes = await this.untilDone(() => prepareVolumes(this.args.core, this.args.object));
    await this.untilDone(async () => {
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

  /** Does something, again and again while it fails, until it is done or the pod is stopped. */
  private async untilDone<T>(work: () => Promise<T>): Promise<T | undefined> {
    while (!this.stopping) {
      try {
        const done = await work();
        this.trouble = undefined;
        return done;
      } catch (error) {
        this.trouble = describeError(error);
        console.log(`${this.args.object.metadata?.name}: ${this.trouble}`);
        await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY));
      }
    }
    return undefined;
  }
}

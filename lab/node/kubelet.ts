import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CoordinationV1Api,
  CoreV1Api,
  type KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  V1MicroTime,
  type V1NodeCondition,
  type V1Pod,
} from "@kubernetes/client-node";
import { describeError } from "../../kubernetes/client";
import type { ClusterServices } from "../controlPlane/clusterServices";
import type { LabNode } from "../controlPlane/nodes";
import type { LabFolder } from "../labFolder";
import type { RestartDelay } from "./container";
import { Pod } from "./pod";

/** Milliseconds between two looks at the node's pods. */
const POLL_INTERVAL = 500;

/** Milliseconds between two heartbeats, and seconds that each is valid: the defaults of a real kubelet. */
const HEARTBEAT_INTERVAL = 10_000;
const LEASE_SECONDS = 40;

/** Shorter than a real kubelet's, which begins with 10 s and ends with 5 min. */
const RESTART_DELAY: RestartDelay = { first: 1000, most: 30_000 };

/** Folder with the configuration of the CNI plugin; empty until there is one. */
const CNI_FOLDER = "/etc/cni/net.d";

/** Where kubelet-exec finds the process of a container. */
export const CONTAINERS_FOLDER = "/run/containers";

const STRATEGIC_MERGE = setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch);

interface KubeletArgs {
  readonly labFolder: LabFolder;
  /** The cluster, through the node's own KubePrism. */
  readonly cluster: KubeConfig;
  readonly node: LabNode;
  readonly services: ClusterServices;
}

/**
 * The parts of a kubelet that matter to a network: it renews the node's lease, reports the node Ready once there is a
 * CNI plugin, runs the pods that are bound to the node, and reports their addresses and health.
 */
export class Kubelet {
  private readonly core: CoreV1Api;
  private readonly leases: CoordinationV1Api;
  private readonly pods = new Map<string, Pod>();
  private nextHeartbeat = 0;
  private ready: boolean | undefined;

  constructor(private readonly args: KubeletArgs) {
    this.core = args.cluster.makeApiClient(CoreV1Api);
    this.leases = args.cluster.makeApiClient(CoordinationV1Api);
  }

  /** Runs forever: API servers come and go, and each look at the pods starts afresh. */
  public async run(): Promise<never> {
    for (;;) {
      for (const work of [() => this.heartbeat(), () => this.reconcile()]) {
        try {
          await work();
        } catch (error) {
          console.log(`${new Date().toISOString()} ${describeError(error)}`);
        }
      }
      await sleep(POLL_INTERVAL);
    }
  }

  private async heartbeat(): Promise<void> {
    const ready = hasNetwork();
    if (performance.now() < this.nextHeartbeat && ready === this.ready) return;
    const { name } = this.args.node;
    const now = new Date();
    const condition: V1NodeCondition = ready
      ? {
          type: "Ready",
          status: "True",
          reason: "KubeletReady",
          message: "kubelet is posting ready status",
        }
      : {
          type: "Ready",
          status: "False",
          reason: "KubeletNotReady",
          message: "cni plugin not initialized",
        };
    const times = {
      lastHeartbeatTime: now,
      ...(ready !== this.ready && { lastTransitionTime: now }),
    };
    await this.core.patchNodeStatus(
      { name, body: { status: { conditions: [{ ...condition, ...times }] } } },
      STRATEGIC_MERGE,
    );
    await this.renewLease(name);
    this.ready = ready;
    this.nextHeartbeat = performance.now() + HEARTBEAT_INTERVAL;
  }

  private async renewLease(name: string): Promise<void> {
    const namespace = "kube-node-lease";
    const spec = {
      holderIdentity: name,
      leaseDurationSeconds: LEASE_SECONDS,
      renewTime: new V1MicroTime(),
    };
    try {
      await this.leases.patchNamespacedLease({ namespace, name, body: { spec } }, STRATEGIC_MERGE);
    } catch (error) {
      if (!isNotFoundOrConflict(error)) throw error;
      await this.leases.createNamespacedLease({ namespace, body: { metadata: { name }, spec } });
    }
  }

  private async reconcile(): Promise<void> {
    const { items } = await this.core.listPodForAllNamespaces({
      fieldSelector: `spec.nodeName=${this.args.node.name}`,
    });
    const bound = new Map(items.map((pod) => [pod.metadata?.uid ?? "", pod]));
    for (const [uid, object] of bound) {
      const ended = ["Succeeded", "Failed"].includes(object.status?.phase ?? "");
      if (!this.pods.has(uid) && object.metadata?.deletionTimestamp === undefined && !ended) {
        this.pods.set(uid, this.newPod(object));
      }
    }
    await Promise.all([...bound.values()].map((object) => this.remove(object)));
    for (const [uid, pod] of this.pods) {
      const object = bound.get(uid);
      if (object === undefined) {
        // The pod was deleted by force.
        this.pods.delete(uid);
        await pod.stop();
      } else if (object.metadata?.deletionTimestamp === undefined) {
        await this.report(object, pod);
      }
    }
  }

  private newPod(object: V1Pod): Pod {
    return new Pod({
      ...this.args,
      core: this.core,
      object,
      hasNetwork,
      containersFolder: CONTAINERS_FOLDER,
      restartDelay: RESTART_DELAY,
    });
  }

  /** Stops a pod that is being deleted, then removes its object. */
  private async remove({ metadata }: V1Pod): Promise<void> {
    if (metadata?.deletionTimestamp === undefined) return;
    const { name = "", namespace = "", uid = "" } = metadata;
    const pod = this.pods.get(uid);
    if (pod?.stopping) return;
    void (async () => {
      try {
        await pod?.stop();
      } finally {
        // The next look removes the object even if something of the pod could not be removed.
        this.pods.delete(uid);
      }
      await this.core.deleteNamespacedPod({
        name,
        namespace,
        body: { gracePeriodSeconds: 0, preconditions: { uid } },
      });
    })().catch((error) => {
      if (!isNotFoundOrConflict(error))
        console.log(`${namespace}/${name}: ${describeError(error)}`);
    });
  }

  private async report(object: V1Pod, pod: Pod): Promise<void> {
    const { name = "", namespace = "" } = object.metadata ?? {};
    const status = pod.status();
    const text = JSON.stringify(status);
    if (text === pod.reported) return;
    try {
      await this.core.patchNamespacedPodStatus(
        { name, namespace, body: { metadata: { uid: object.metadata?.uid }, status } },
        STRATEGIC_MERGE,
      );
      pod.reported = text;
    } catch (error) {
      if (!isNotFoundOrConflict(error)) throw error;
    }
  }
}

function hasNetwork(): boolean {
  return readdirSync(CNI_FOLDER).some((file) => file.endsWith(".conflist"));
}

/** Whether an object does not exist, or another one has its name. */
function isNotFoundOrConflict(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === 404 || error.code === 409);
}

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CoreV1Api, type KubeConfig, type V1Pod } from "@kubernetes/client-node";
import { describeError } from "../../kubernetes/client";
import type { LabFolder } from "../labFolder";
import { ManagedProcess } from "../process/managedProcess";
import { pause } from "../process/pause";
import { describeEnd } from "../process/processEnd";
import { writeKubeconfig } from "./kubeconfig";

const NAMESPACE = "kube-system";
/** Milliseconds between two looks at the pods. */
const POLL_INTERVAL = 500;
/** Milliseconds until an operator that ended is started again: a kubelet's first delay. */
const RESTART_DELAY = 10_000;

/** Flags that override the Release's ConfigMap: several operators share this host, so their ports must not collide. */
const OVERRIDES = [
  "--operator-api-serve-addr=127.0.0.1:0",
  "--operator-prometheus-serve-addr=127.0.0.1:0",
  "--gops-port=0",
];

interface OperatorsArgs {
  readonly labFolder: LabFolder;
  /** Path of cilium-operator. */
  readonly program: string;
  /** The cluster, as its administrator. */
  readonly cluster: KubeConfig;
  /** URL of the API server. */
  readonly server: string;
  /** Certificate of the API server's authority, PEM. */
  readonly authority: string;
}

/** The process of one pod. */
interface Operator {
  process: ManagedProcess;
  /** When it was found ended; undefined while it runs. */
  endedAt?: number;
}

/**
 * Runs Cilium's real operator for every running pod of the Release's Deployment, as the node's kubelet would: with the
 * ConfigMap at the pod's start, the Deployment's service account and the pod's environment. An operator stops with its
 * pod, and is restarted when it ends by itself.
 */
export class Operators {
  private readonly api: CoreV1Api;
  private readonly operators = new Map<string, Operator>();
  private readonly stopped = new AbortController();
  private loop: Promise<void> | undefined;

  constructor(private readonly args: OperatorsArgs) {
    this.api = args.cluster.makeApiClient(CoreV1Api);
  }

  public start(): void {
    this.loop = this.run();
  }

  public async stop(): Promise<void> {
    this.stopped.abort();
    await this.loop;
    await Promise.all([...this.operators.values()].map(({ process }) => process.stop()));
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      try {
        await this.reconcile();
      } catch (error) {
        // API servers come and go (tests kill them); the next look tries again.
        console.log(`operators: ${describeError(error)}`);
      }
      await pause(POLL_INTERVAL, signal);
    }
  }

  private async reconcile(): Promise<void> {
    const { items } = await this.api.listNamespacedPod({
      namespace: NAMESPACE,
      labelSelector: "io.cilium/app=operator",
    });
    const pods = new Map(items.filter(isRunning).map((pod) => [pod.metadata?.name ?? "", pod]));

    for (const [name, { process }] of this.operators) {
      if (pods.has(name)) continue;
      console.log(`operators: stopping ${name}, its pod is gone`);
      this.operators.delete(name);
      await process.stop();
    }
    for (const [name, pod] of pods) {
      const operator = this.operators.get(name);
      if (operator === undefined) {
        console.log(`operators: starting ${name}`);
        this.operators.set(name, { process: await this.startOperator(name, pod) });
      } else if (!operator.process.running) {
        operator.endedAt ??= performance.now();
        if (performance.now() - operator.endedAt < RESTART_DELAY) continue;
        const end = describeEnd(await operator.process.ended);
        console.log(`operators: restarting ${name}, it ended (${end})`);
        this.operators.set(name, { process: await this.startOperator(name, pod) });
      }
    }
  }

  private async startOperator(name: string, pod: V1Pod): Promise<ManagedProcess> {
    const { labFolder, program, server, authority } = this.args;
    const folder = labFolder.join("operators", name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const config = await this.writeConfig(join(folder, "config"));
    const token = await this.serviceAccountToken(pod);
    const kubeconfig = writeKubeconfig(join(folder, "kubeconfig"), {
      server,
      authority,
      user: { token },
    });
    return new ManagedProcess(labFolder, {
      name,
      program,
      args: [`--config-dir=${config}`, `--k8s-kubeconfig-path=${kubeconfig}`, ...OVERRIDES],
      environment: operatorEnvironment(pod),
    });
  }

  /** Writes each key of the Release's ConfigMap to a file, as in a pod's volume. */
  private async writeConfig(folder: string): Promise<string> {
    const { data } = await this.api.readNamespacedConfigMap({
      namespace: NAMESPACE,
      name: "cilium-config",
    });
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    for (const [key, value] of Object.entries(data ?? {})) writeFileSync(join(folder, key), value);
    return folder;
  }

  private async serviceAccountToken(pod: V1Pod): Promise<string> {
    const { status } = await this.api.createNamespacedServiceAccountToken({
      namespace: NAMESPACE,
      name: pod.spec?.serviceAccountName ?? "default",
      body: { spec: { audiences: [], expirationSeconds: 7 * 24 * 3600 } },
    });
    return status?.token ?? "";
  }
}

function isRunning({ metadata, status }: V1Pod): boolean {
  return status?.phase === "Running" && metadata?.deletionTimestamp === undefined;
}

/** Variables of the pod's container: those with a literal value, and those with a field of the pod. */
function operatorEnvironment(pod: V1Pod): Record<string, string> {
  const fields: Record<string, string | undefined> = {
    "spec.nodeName": pod.spec?.nodeName,
    "metadata.namespace": pod.metadata?.namespace,
    "metadata.name": pod.metadata?.name,
  };
  return Object.fromEntries(
    (pod.spec?.containers[0]?.env ?? [])
      .map(({ name, value, valueFrom }) => [
        name,
        value ?? fields[valueFrom?.fieldRef?.fieldPath ?? ""],
      ])
      .filter((variable): variable is [string, string] => variable[1] !== undefined),
  );
}

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ApiextensionsV1Api,
  AppsV1Api,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  PatchStrategy,
} from "@kubernetes/client-node";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import deepmerge from "deepmerge";
import { PROJECT, type StackConfig } from "../../config";
import { retryTransient } from "../../kubernetes/client";
import type { Depth } from "../../lab/depth";
import { Lab } from "../../lab/lab";
import { LabFolder } from "../../lab/labFolder";
import { prepareToolchain } from "../../lab/toolchain/toolchain";

/** Milliseconds that a test may take which runs the engine; building the toolchain has its own. */
export const ENGINE_TIMEOUT = 240_000;

/** Milliseconds that building the toolchain may take: about 25 minutes from an empty cache, on a slow machine more. */
export const BUILD_TIMEOUT = 60 * 60_000;

/** Clients for a lab's cluster, as its administrator. */
export interface Clients {
  readonly config: KubeConfig;
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  readonly crds: ApiextensionsV1Api;
  readonly leases: CoordinationV1Api;
  readonly objects: CustomObjectsApi;
  readonly anything: KubernetesObjectApi;
}

/** An object, or fields of one, of whatever kind. */
export type Manifest = KubernetesObject & Record<string, unknown>;

/** A lab of a test's own, in a folder that goes away with it. It uses port 7445: end your own lab first. */
export class LabForTests extends Lab {
  /** Lines of progress that it printed. */
  public readonly lines: string[];
  private readonly apiServers = new Map<string, { pid: number; address: string }>();

  constructor(depth: Depth = "control-plane") {
    const lines: string[] = [];
    const folder = new LabFolder(mkdtempSync(join(tmpdir(), "talos-cilium-lab-")));
    super(folder, (line) => lines.push(line), depth);
    this.lines = lines;
  }

  /**
   * Configuration of a stack. That of another cluster's stack names the lab's cluster by its UID: it has other nodes, and the
   * stack would not be applied to it.
   */
  public override async config(
    name = "lab",
    change: (config: StackConfig) => StackConfig = (config) => config,
  ): Promise<StackConfig> {
    const config = await super.config(name);
    if (name === "lab") return change(config);
    const here = { [`${PROJECT}:cluster`]: { uid: await this.uid() } };
    return change(deepmerge(config, here));
  }

  /** UID of the namespace kube-system. */
  public async uid(): Promise<string> {
    const { metadata } = await this.clients.core.readNamespace({ name: "kube-system" });
    return metadata?.uid ?? "";
  }

  /** Clients for its cluster. */
  public get clients(): Clients {
    const config = new KubeConfig();
    config.loadFromFile(this.folder.kubeconfig);
    return {
      config,
      core: patient(config.makeApiClient(CoreV1Api)),
      apps: patient(config.makeApiClient(AppsV1Api)),
      crds: patient(config.makeApiClient(ApiextensionsV1Api)),
      leases: patient(config.makeApiClient(CoordinationV1Api)),
      objects: patient(config.makeApiClient(CustomObjectsApi)),
      anything: patient(KubernetesObjectApi.makeApiClient(config)),
    };
  }

  /** Creates objects; what names no namespace goes into default. */
  public async create(...created: Manifest[]): Promise<void> {
    for (const object of created) {
      const metadata = { namespace: "default", ...object.metadata };
      await this.clients.anything.create({ ...object, metadata });
    }
  }

  /**
   * Changes an object.
   * @param change what is different: kind and name, and the fields; null removes one.
   * @param strategy how lists are merged: MergePatch replaces them, StrategicMergePatch knows those of built-in kinds.
   */
  public async change(
    change: Manifest,
    strategy: PatchStrategy = PatchStrategy.MergePatch,
  ): Promise<void> {
    const manager = "tests";
    await this.clients.anything.patch(change, undefined, undefined, manager, undefined, strategy);
  }

  /** Deletes an object. */
  public async delete(object: Manifest): Promise<void> {
    await this.clients.anything.delete(object);
  }

  /** Process id and address (host:port) of one of its API servers, running or not. */
  public apiServer(name: string): { pid: number; address: string } {
    const known = this.apiServers.get(name) ?? this.findApiServer(name);
    this.apiServers.set(name, known);
    return known;
  }

  private findApiServer(name: string): { pid: number; address: string } {
    const found = this.processes.find((process) => process.name === name);
    if (found === undefined) throw new Error(`no ${name} runs`);
    const flags = readFileSync(`/proc/${found.pid}/cmdline`, "utf8").split("\0");
    const port = flags.find((flag) => flag.startsWith("--secure-port="))?.split("=")[1];
    return { pid: found.pid, address: `127.0.0.1:${port}` };
  }

  /** Ends it and removes its folder. */
  public async remove(): Promise<void> {
    await this.stopCluster();
    rmSync(this.folder.path, { recursive: true, force: true });
  }
}

/** A client that asks again while an API server is at fault: here they are killed, and their definitions change. */
function patient<Client extends object>(client: Client): Client {
  return new Proxy(client, {
    get: (target, name) => {
      const member = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => retryTransient(() => member.apply(target, args));
    },
  });
}

/** Builds the toolchain, once, printing what takes long; every suite begins with it. */
export async function withToolchain(
  this: Mocha.Context,
  depth: Depth = "control-plane",
): Promise<void> {
  this.timeout(BUILD_TIMEOUT);
  await prepareToolchain((line) => {
    if (!/in the cache|^toolchain:/.test(line)) console.log(line);
  }, depth);
}

/** Asks again every half second until the answer is not undefined. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  seconds = 60,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Collects the engine's events of one operation. */
export function recorder(): { events: EngineEvent[]; onEvent: (event: EngineEvent) => void } {
  const events: EngineEvent[] = [];
  return { events, onEvent: (event) => events.push(event) };
}

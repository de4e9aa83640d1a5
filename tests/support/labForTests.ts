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
import { retryTransient } from "../../kubernetes/client";
import { until } from "../../kubernetes/until";
import type { Depth } from "../../lab/depth";
import { Lab } from "../../lab/lab";
import { LabFolder } from "../../lab/labFolder";
import { freePort } from "../../lab/process/ports";
import { prepareToolchain } from "../../lab/toolchain/toolchain";

/** Milliseconds for a test that runs the engine: many times what it needs, for a busy machine. */
export const ENGINE_TIMEOUT = 600_000;

/** Milliseconds for building the toolchain: about 25 minutes from an empty cache, on a slow machine more. */
const BUILD_TIMEOUT = 60 * 60_000;

/** Seconds that {@link eventually} waits by default. */
export const PATIENCE = 180;

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

/** A lab of one test file, in a temporary folder, with a port of its own: it runs beside other labs. */
export class LabForTests extends Lab {
  /** Its lines about the progress. */
  public readonly lines: string[];
  private readonly apiServers = new Map<string, { pid: number; address: string }>();

  constructor(depth: Depth = "control-plane") {
    const lines: string[] = [];
    const folder = new LabFolder(mkdtempSync(join(tmpdir(), "talos-cilium-lab-")));
    super(folder, (line) => lines.push(line), depth);
    this.lines = lines;
  }

  /** @param port KubePrism's port. Default: a free one. */
  public override async startCluster(port?: number): Promise<boolean> {
    return super.startCluster(port ?? (this.running ? undefined : await freePort()));
  }

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

  /** Creates objects; the default namespace is `default`. */
  public async create(...created: Manifest[]): Promise<void> {
    for (const object of created) {
      const metadata = { namespace: "default", ...object.metadata };
      await this.clients.anything.create({ ...object, metadata });
    }
  }

  /**
   * Changes an object.
   * @param change its kind, its name, and the fields that change; null removes a field.
   * @param strategy MergePatch replaces lists, StrategicMergePatch merges those of built-in kinds.
   */
  public async change(
    change: Manifest,
    strategy: PatchStrategy = PatchStrategy.MergePatch,
  ): Promise<void> {
    const manager = "tests";
    await this.clients.anything.patch(change, undefined, undefined, manager, undefined, strategy);
  }

  public async delete(object: Manifest): Promise<void> {
    await this.clients.anything.delete(object);
  }

  /** Process id and address (host:port) of an API server; the last ones when it has ended. */
  public apiServer(name: string): { pid: number; address: string } {
    const server = this.findApiServer(name) ?? this.apiServers.get(name);
    if (server === undefined) throw new Error(`no ${name} runs`);
    this.apiServers.set(name, server);
    return server;
  }

  private findApiServer(name: string): { pid: number; address: string } | undefined {
    const server = this.processes.find((process) => process.name === name);
    if (server === undefined) return undefined;
    const args = readFileSync(`/proc/${server.pid}/cmdline`, "utf8").split("\0");
    const flag = (prefix: string) => args.find((arg) => arg.startsWith(prefix))?.split("=")[1];
    return { pid: server.pid, address: `${flag("--bind-address=")}:${flag("--secure-port=")}` };
  }

  /** Ends it, and removes its folder. */
  public async remove(): Promise<void> {
    await this.stopCluster();
    rmSync(this.folder.path, { recursive: true, force: true });
  }
}

/** A client that retries while an API server is at fault: tests kill them, and change their CRDs. */
function patient<Client extends object>(client: Client): Client {
  return new Proxy(client, {
    get: (target, name) => {
      const member = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => retryTransient(() => member.apply(target, args));
    },
  });
}

/** Builds the toolchain where it is missing, and prints the progress of that. Every suite begins with it. */
export async function withToolchain(
  this: Mocha.Context,
  depth: Depth = "control-plane",
): Promise<void> {
  this.timeout(BUILD_TIMEOUT);
  await prepareToolchain((line) => {
    if (!/^toolchain: .* ready$/.test(line)) console.log(line);
  }, depth);
}

/** Looks every half second until the result is not undefined. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined>,
  seconds = PATIENCE,
): Promise<T> {
  const isThere = (result: T | undefined) => result !== undefined;
  const result = await until(look, isThere, { seconds, interval: 500 });
  if (result === undefined) throw new Error(`not within ${seconds} s: ${what}`);
  return result;
}

/** Collects the engine's events of one operation. */
export function recorder(): { events: EngineEvent[]; onEvent: (event: EngineEvent) => void } {
  const events: EngineEvent[] = [];
  return { events, onEvent: (event) => events.push(event) };
}

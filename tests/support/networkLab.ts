import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { V1Pod } from "@kubernetes/client-node";
import { execa, type ResultPromise } from "execa";
import { type StackConfig, settingsOf } from "../../config/stackFile";
import { retryTransient } from "../../kubernetes/client";
import { conditionIsTrue } from "../../kubernetes/conditions";
import { type LabNode, labNodes } from "../../lab/controlPlane/nodes";
import { missingForNetwork } from "../../lab/depth";
import { runInPlace } from "../../lab/lan/runInPlace";
import { ManagedProcess, type ProcessSpec } from "../../lab/process/managedProcess";
import { netnsOf, runInNetns } from "../../lab/process/netns";
import { type CommandPrefix, run } from "../../lab/process/run";
import { eventually, LabForTests, PATIENCE, withToolchain } from "./labForTests";

/** Milliseconds for a test that waits for agents: many times what it needs, for a busy machine. */
export const NETWORK_TIMEOUT = 900_000;

/** Image of the tests' pods. */
export const AGNHOST = "registry.k8s.io/e2e-test-images/agnhost:2.57";

export interface TestPod {
  readonly name: string;
  readonly node: string;
  readonly address: string;
}

/** Requests from the client. */
export interface TrafficOptions {
  /** Whether all requests share one connection, or each opens its own. */
  readonly kind: "fresh" | "shared";
  /** Least number of requests. */
  readonly minimum: number;
  /** Requests per second. */
  readonly rate: number;
}

/** Result of the client's requests. */
export interface Traffic {
  readonly requests: number;
  readonly connections: number;
  /** Requests without an answer, each with its time and its error. */
  readonly failures: readonly string[];
}

/** Fields of `cilium-dbg status -o json` that the tests read; absent while there is no agent. */
export interface AgentStatus {
  readonly kubernetes?: { readonly state: string };
  readonly cilium?: { readonly state: string; readonly msg: string };
  readonly controllers?: { readonly status: { readonly "consecutive-failure-count"?: number } }[];
  readonly "kube-proxy-replacement"?: { readonly mode: string; directRoutingDevice: string };
  readonly routing?: { readonly "inter-host-routing-mode": string };
  readonly masquerading?: { readonly mode: string; readonly "snat-exclusion-cidr-v4": string };
}

/** A process that a test has killed, and how to start it again. */
interface KilledProcess {
  readonly spec: ProcessSpec;
  readonly node: string;
}

/** A lab at network depth, of one test file. */
export class NetworkLab extends LabForTests {
  private readonly trafficClients = new Set<ResultPromise>();
  private readonly killedApiServers: KilledProcess[] = [];

  constructor() {
    super("network");
  }

  /**
   * Starts it with the stack applied; skips the suite where the network depth is not available.
   * @param change changes the lab's configuration.
   */
  public async begin(
    context: Mocha.Context,
    change: (config: StackConfig) => StackConfig = (config) => config,
  ): Promise<void> {
    if (missingForNetwork().length > 0) return context.skip();
    await withToolchain.call(context, "network");
    context.timeout(NETWORK_TIMEOUT);
    await this.startWith(change);
  }

  /**
   * Starts it with the stack applied.
   * @param change changes the lab's configuration.
   */
  public async startWith(change: (config: StackConfig) => StackConfig): Promise<void> {
    await this.startCluster();
    await this.reconfigure(change);
  }

  /** Applies the stack again with another configuration. */
  public async reconfigure(change: (config: StackConfig) => StackConfig): Promise<void> {
    await (await this.stack("lab", change)).up();
  }

  /**
   * Runs a command on a node, on the client or on the router.
   * @returns its output.
   * @throws Error with its output, when it fails.
   */
  public async on(where: string, ...command: string[]): Promise<string> {
    const [program = "", ...args] = [...runInPlace(this.folder, where), ...command];
    return (await execa(program, args)).stdout;
  }

  /** Runs a command in a pod's network, on the pod's node. */
  public inPod(pod: TestPod): CommandPrefix {
    return ["ip", "netns", "exec", `default_${pod.name}`];
  }

  public async nodes(): Promise<string[]> {
    const { items } = await retryTransient(() => this.clients.core.listNode());
    return items.map(({ metadata }) => metadata?.name ?? "");
  }

  /**
   * Runs a pod that answers HTTP on port 8080 on every node.
   * @param nodeSelector default: all nodes.
   * @returns the pods, all ready.
   */
  public async serveOnEveryNode(
    name: string,
    nodeSelector: Record<string, string> = {},
  ): Promise<TestPod[]> {
    const labels = { app: name };
    await this.create({
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            nodeSelector,
            tolerations: [{ operator: "Exists" }],
            terminationGracePeriodSeconds: 1,
            containers: [
              {
                name: "agnhost",
                image: AGNHOST,
                args: ["netexec", "--http-port=8080"],
                readinessProbe: { httpGet: { path: "/healthz", port: 8080 } },
              },
            ],
          },
        },
      },
    });
    const { items } = await this.clients.core.listNode({
      labelSelector: Object.entries(nodeSelector)
        .map(([key, value]) => `${key}=${value}`)
        .join(","),
    });
    return this.pods(name, items.length);
  }

  /** The ready pods of an application, once there are that many. */
  public pods(app: string, count: number): Promise<TestPod[]> {
    return eventually(`${count} ready pods of ${app}`, async () => {
      const { items } = await this.clients.core.listNamespacedPod({
        namespace: "default",
        labelSelector: `app=${app}`,
      });
      const ready = items.filter(isReady);
      if (ready.length < count) return undefined;
      return ready.map(({ metadata, spec, status }) => ({
        name: metadata?.name ?? "",
        node: spec?.nodeName ?? "",
        address: status?.podIP ?? "",
      }));
    });
  }

  /** Creates a Service of type LoadBalancer in front of an application. Returns its address. */
  public async expose(
    name: string,
    app: string,
    more: { labels?: Record<string, string> } = {},
  ): Promise<string> {
    await this.create({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, ...more },
      spec: {
        type: "LoadBalancer",
        selector: { app },
        ports: [{ port: 80, targetPort: 8080 }],
      },
    });
    return this.addressOf(name);
  }

  /** Address of a Service, once it has one. */
  public addressOf(name: string): Promise<string> {
    return eventually(`an address for ${name}`, async () => {
      const { items } = await retryTransient(() =>
        this.clients.core.listNamespacedService({ namespace: "default" }),
      );
      const status = items.find(({ metadata }) => metadata?.name === name)?.status;
      return status?.loadBalancer?.ingress?.[0]?.ip;
    });
  }

  /** The node that holds the lease of a Service, once one does. */
  public announcer(service: string): Promise<string> {
    return eventually(`an announcer of ${service}`, async () => {
      const { items } = await retryTransient(() =>
        this.clients.leases.listNamespacedLease({ namespace: "kube-system" }),
      );
      const lease = items.find(
        ({ metadata }) => metadata?.name === `cilium-l2announce-default-${service}`,
      );
      return lease?.spec?.holderIdentity || undefined;
    });
  }

  /** Sends one request from the client to an address. Returns the name of the pod that answers. */
  public ask(address: string): Promise<string> {
    return this.on("client", "curl", "-sS", "-m", "2", `http://${address}/hostname`);
  }

  /** Sends requests from the client to an address until a pod answers. Returns the pod's name. */
  public answer(address: string): Promise<string> {
    return eventually(`${address} answers`, () => this.ask(address).catch(() => undefined));
  }

  /** Has the client send requests to an address until stop() is called. Returns at the first answer. */
  public async startTraffic(
    address: string,
    { kind, minimum, rate }: TrafficOptions,
  ): Promise<{ stop(): Promise<Traffic> }> {
    const script = join(__dirname, "trafficClient.cjs");
    const url = `http://${address}/hostname`;
    const command = [process.execPath, script, url, String(minimum), String(rate), kind];
    const client = this.spawn("client", ...command);
    this.trafficClients.add(client);
    await Promise.race([once(client.stdout, "data"), client]);
    return {
      stop: async () => {
        client.kill("SIGTERM");
        const { stdout, stderr } = await client;
        assert.equal(stderr, "");
        return JSON.parse(stdout.split("\n").at(-1) ?? "");
      },
    };
  }

  /** Pulls a node's cable out, or plugs it in again. */
  public async cable(node: string, state: "up" | "down"): Promise<void> {
    await this.on("lan", "ip", "link", "set", node, state);
  }

  /** Kills the agent of a node, which its kubelet restarts. Returns the process id. */
  public async killAgent(node: string): Promise<number> {
    const pid = await eventually(`an agent on ${node}`, () => this.agentPid(node));
    process.kill(pid, "SIGKILL");
    return pid;
  }

  /**
   * Kills an API server; {@link restore} starts it again.
   * @returns its address (host:port).
   */
  public async killApiServer(name: string): Promise<string> {
    const { pid, address } = this.apiServer(name);
    const [program = "", ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const node = (await this.labNodes()).find((each) => address.startsWith(`${each.address}:`));
    assert.ok(node, address);
    process.kill(pid, "SIGKILL");
    // The command line ends with a NUL.
    const spec = { name, program, args: args.slice(0, -1) };
    this.killedApiServers.push({ spec, node: node.name });
    return address;
  }

  /** Repairs the lab after a test, whether it passed or failed: traffic, cables, API servers, agents. */
  public async restore(): Promise<void> {
    for (const client of this.trafficClients) client.kill("SIGKILL");
    await Promise.all(this.trafficClients);
    this.trafficClients.clear();
    const nodes = await this.labNodes();
    for (const { name } of nodes) await this.cable(name, "up");
    for (const server of this.killedApiServers.splice(0)) await this.restart(server);
    for (const { name } of nodes) await this.nodeReady(name);
    await this.agentsReady();
  }

  /** Replaces the agent's pod of a node, and waits until the new agent is ready. */
  public async replaceAgent(node: string): Promise<void> {
    const namespace = "kube-system";
    const { items } = await this.clients.core.listNamespacedPod({
      namespace,
      labelSelector: "k8s-app=cilium",
      fieldSelector: `spec.nodeName=${node}`,
    });
    for (const { metadata } of items) {
      await this.clients.core.deleteNamespacedPod({ namespace, name: metadata?.name ?? "" });
    }
    await eventually(`another agent's pod on ${node}`, async () => {
      const pods = await this.clients.core.listNamespacedPod({
        namespace,
        labelSelector: "k8s-app=cilium",
        fieldSelector: `spec.nodeName=${node}`,
      });
      const old = items.map(({ metadata }) => metadata?.uid);
      const [pod, ...others] = pods.items;
      return others.length === 0 && pod !== undefined && !old.includes(pod.metadata?.uid)
        ? true
        : undefined;
    });
    await this.agentsReady();
  }

  /** Starts a command on a node, on the client or on the router. It runs until it is killed. */
  public spawn(where: string, ...command: string[]) {
    const [program = "", ...args] = [...runInPlace(this.folder, where), ...command];
    // After SIGTERM a traffic client sends the rest of its minimum; by default execa kills it after 5 s.
    return execa(program, args, { reject: false, forceKillAfterDelay: false });
  }

  /** Waits until every node has a ready agent. */
  public async agentsReady(): Promise<void> {
    await eventually(
      "every agent ready",
      async () => {
        const { apps } = this.clients;
        const { metadata, status } = await apps.readNamespacedDaemonSet({
          namespace: "kube-system",
          name: "cilium",
        });
        const all = status?.desiredNumberScheduled;
        const current = status?.observedGeneration === metadata?.generation;
        return current && status?.numberReady === all && status?.updatedNumberScheduled === all
          ? true
          : undefined;
      },
      PATIENCE,
    );
  }

  /** Plugs a node in again, and waits until all is as before. */
  public async bringBack(node: string): Promise<void> {
    await this.cable(node, "up");
    await this.nodeReady(node);
    await this.agentsReady();
  }

  /** What an agent says about itself. */
  public async agentStatus(node: string): Promise<AgentStatus> {
    // The command fails while the agent is away.
    const printed = await this.on(node, "cilium-dbg", "status", "-o", "json").catch(() => "{}");
    return JSON.parse(printed);
  }

  /** Process id, on this host, of the agent on a node; undefined while none runs. */
  public async agentPid(node: string): Promise<number | undefined> {
    const { items } = await this.clients.core.listNamespacedPod({
      namespace: "kube-system",
      labelSelector: "k8s-app=cilium",
      fieldSelector: `spec.nodeName=${node}`,
    });
    const names = items.map(({ metadata }) => `${metadata?.name}_cilium-agent`);
    // pgrep fails when it finds no process.
    const pidOnNode = await this.on(node, "pgrep", "--oldest", "--full", "^cilium-agent").catch(
      () => undefined,
    );
    if (pidOnNode === undefined) return undefined;
    return this.processes.find(
      ({ pid, name }) => names.includes(name) && innermostPid(pid) === pidOnNode,
    )?.pid;
  }

  /** The nodes as the lab's configuration has them; no API server is asked. */
  private async labNodes(): Promise<LabNode[]> {
    return labNodes(settingsOf(await this.config()));
  }

  private async nodeReady(node: string): Promise<void> {
    await eventually(
      `${node} is Ready, and its agent reaches the API`,
      async () => {
        const { status } = await this.clients.core.readNode({ name: node });
        if (!conditionIsTrue(status?.conditions, "Ready")) return undefined;
        const { kubernetes, cilium } = await this.agentStatus(node);
        return kubernetes?.state === "Ok" && cilium?.state === "Ok" ? true : undefined;
      },
      PATIENCE,
    );
  }

  private async restart({ spec, node }: KilledProcess): Promise<void> {
    const prefix = this.runInNetworkOf(node);
    const [program = "", ...args] = [...prefix, spec.program, ...spec.args];
    const server = new ManagedProcess(this.folder, { ...spec, program, args });
    const { address } = this.apiServer(spec.name);
    const credentials = ["--cert", "admin.crt", "--key", "admin.key", "--cacert", "ca.crt"].map(
      (arg) => (arg.startsWith("-") ? arg : this.folder.join("pki", arg)),
    );
    const curl = ["curl", "-sSf", "-m", "20", ...credentials, `https://${address}/readyz`];
    await server.healthy(async () => void (await run([...prefix, ...curl])), PATIENCE);
  }

  /** Runs a command in the network of a node, but with this host's files. */
  private runInNetworkOf(node: string): CommandPrefix {
    const [machine] = this.processes.filter(({ name }) => name === node);
    return runInNetns(netnsOf(machine?.pid));
  }
}

/** A process id in the innermost process namespace; undefined when the process has just ended. */
function innermostPid(pid: number): string | undefined {
  try {
    return /^NSpid:.*\s(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

function isReady({ status, metadata }: V1Pod): boolean {
  return metadata?.deletionTimestamp === undefined && conditionIsTrue(status?.conditions, "Ready");
}

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { V1Pod } from "@kubernetes/client-node";
import { execa } from "execa";
import type { StackConfig } from "../../config/stackFile";
import { retryTransient } from "../../kubernetes/client";
import { missingForNetwork } from "../../lab/depth";
import { runInPlace } from "../../lab/lan/runInPlace";
import { eventually, LabForTests, withToolchain } from "./labForTests";

/** Milliseconds that a test may take which waits for agents. */
export const NETWORK_TIMEOUT = 900_000;

/** The program of the tests' pods, by its image. */
export const AGNHOST = "registry.k8s.io/e2e-test-images/agnhost:2.57";

/** A pod, as far as the tests ask for it. */
export interface TestPod {
  readonly name: string;
  readonly node: string;
  readonly address: string;
}

/** How a client's requests went. */
export interface Traffic {
  /** How many it sent. */
  readonly requests: number;
  /** How many connections it opened. */
  readonly connections: number;
  /** Which ones failed: when, and how. */
  readonly failures: readonly string[];
}

/** A lab at network depth, of a test's own. */
export class NetworkLab extends LabForTests {
  constructor() {
    super("network");
  }

  /**
   * Starts it with the stack applied; skips the suite where the network depth cannot be had.
   * @param change what is different from the lab's own configuration.
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
   * Starts it with the stack applied, in the lab's own configuration with a change.
   * @param port KubePrism's port; another one than 7445 lets it run beside other labs.
   */
  public async startWith(
    change: (config: StackConfig) => StackConfig,
    port?: number,
  ): Promise<void> {
    await this.startCluster(port);
    await this.reconfigure(change);
  }

  /** Applies the lab's stack with another configuration. */
  public async reconfigure(change: (config: StackConfig) => StackConfig): Promise<void> {
    await (await this.stack("lab", change)).up();
  }

  /**
   * Runs a command on a node, on the client or at the router.
   * @returns what it printed.
   * @throws Error with what it printed, when it fails.
   */
  public async on(where: string, ...command: string[]): Promise<string> {
    const [program = "", ...args] = [...runInPlace(this.folder, where), ...command];
    return (await execa(program, args)).stdout;
  }

  /** Command line of a command in a pod's network. */
  public inPod(pod: TestPod): string[] {
    return ["ip", "netns", "exec", `default_${pod.name}`];
  }

  /** Names of the nodes. */
  public async nodes(): Promise<string[]> {
    const { items } = await retryTransient(() => this.clients.core.listNode());
    return items.map(({ metadata }) => metadata?.name ?? "");
  }

  /**
   * A pod that answers HTTP at port 8080 on every node; returns them once all are ready.
   * @param nodeSelector labels of the nodes, when not all.
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

  /** The pods of an application, once so many are ready. */
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

  /** A Service of type LoadBalancer in front of an application; returns its address. */
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

  /** The address that a Service was given. */
  public addressOf(name: string): Promise<string> {
    return eventually(`an address for ${name}`, async () => {
      const { items } = await retryTransient(() =>
        this.clients.core.listNamespacedService({ namespace: "default" }),
      );
      const status = items.find(({ metadata }) => metadata?.name === name)?.status;
      return status?.loadBalancer?.ingress?.[0]?.ip;
    });
  }

  /** The node that has the lease to announce a Service, once one has. */
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

  /** Asks an address from the client, once: which pod answers. */
  public ask(address: string): Promise<string> {
    return this.on("client", "curl", "-sS", "-m", "2", `http://${address}/hostname`);
  }

  /** Asks an address from the client until it answers. */
  public answer(address: string, seconds = 30): Promise<string> {
    return eventually(
      `${address} answers`,
      () => this.ask(address).catch(() => undefined),
      seconds,
    );
  }

  /**
   * Has the client ask an address, in the background.
   * @param kind whether all requests share one connection, or each has its own.
   */
  public async traffic(
    address: string,
    count: number,
    rate: number,
    kind: "fresh" | "shared",
  ): Promise<Traffic> {
    const script = join(__dirname, "trafficClient.cjs");
    const url = `http://${address}/hostname`;
    const printed = await this.on(
      "client",
      ...[process.execPath, script, url, String(count), String(rate), kind],
    );
    return JSON.parse(printed);
  }

  /** Pulls a node's cable out, or plugs it in again. */
  public async cable(node: string, state: "up" | "down"): Promise<void> {
    await this.on("lan", "ip", "link", "set", node, state);
  }

  /** Kills the agent of a node; its kubelet starts it again. */
  public async killAgent(node: string): Promise<void> {
    process.kill(await this.agentPid(node), "SIGKILL");
  }

  /** Has a new agent start on a node, and waits until it is ready. */
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

  /** Starts a command on a node, on the client or at the router, which runs until it is killed. */
  public spawn(where: string, ...command: string[]) {
    const [program = "", ...args] = [...runInPlace(this.folder, where), ...command];
    return execa(program, args, { reject: false });
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
      180,
    );
  }

  /** Plugs a node in again and waits until its agent has found the API again and the node is Ready. */
  public async bringBack(node: string): Promise<void> {
    await this.cable(node, "up");
    await eventually(
      `${node} is back`,
      async () => {
        const { status } = await this.clients.core.readNode({ name: node });
        const ready = status?.conditions?.find(({ type }) => type === "Ready")?.status;
        if (ready !== "True") return undefined;
        const printed = await this.on(node, "cilium-dbg", "status", "-o", "json").catch(() => "{}");
        const { kubernetes, cilium } = JSON.parse(printed);
        return kubernetes?.state === "Ok" && cilium?.state === "Ok" ? true : undefined;
      },
      180,
    );
    await this.agentsReady();
  }

  /** Process id of the agent on a node, on this host. */
  public async agentPid(node: string): Promise<number> {
    const { items } = await this.clients.core.listNamespacedPod({
      namespace: "kube-system",
      labelSelector: "k8s-app=cilium",
      fieldSelector: `spec.nodeName=${node}`,
    });
    const names = items.map(({ metadata }) => `${metadata?.name}_cilium-agent`);
    const found = await this.on(node, "pgrep", "--oldest", "--full", "^cilium-agent");
    // Its number on the node; the last of its numbers, seen from here.
    const process = this.processes.find(
      ({ pid, name }) => names.includes(name) && numberInside(pid) === found.trim(),
    );
    assert.ok(process, `no agent runs on ${node}`);
    return process.pid;
  }
}

function numberInside(pid: number): string | undefined {
  return /^NSpid:.*\s(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
}

function isReady({ status, metadata }: V1Pod): boolean {
  return (
    metadata?.deletionTimestamp === undefined &&
    (status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false)
  );
}

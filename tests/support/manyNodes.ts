import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PatchStrategy, setHeaderOptions } from "@kubernetes/client-node";
import deepmerge from "deepmerge";
import { Address4 } from "ip-address";
import pMap from "p-map";
import type { Settings } from "../../config";
import { readStackConfig, type StackConfig, settingsOf } from "../../config/stackFile";
import { type LabNode, registerNodes } from "../../lab/controlPlane/nodes";
import { ManagedProcess } from "../../lab/process/managedProcess";
import { freePort } from "../../lab/process/ports";
import { prepareTools } from "../../lab/toolchain/toolchain";
import { TOOLS } from "../../lab/toolchain/tools";
import { eventually, LabForTests } from "./labForTests";
import { loadBalancer } from "./objects";

/** Parallel requests to the API while objects are created. */
const PARALLEL_REQUESTS = 20;

/** Time limit for controllers and the operator, in seconds. */
const SECONDS = 120;

/** Network of the nodes, and first address of the Services; both are on the LAN. */
const NODES = "192.168.32";
const FIRST_SERVICE = "192.168.64.1";

/** The nodes of Pulumi.lab.yaml. */
const { nodes: LAB } = settingsOf(readStackConfig("lab"));
const LAB_WORKERS = LAB.workers;
const LAB_NODES = [...LAB.controlPlanes, ...LAB.workers];

/** Controllers in an agent's status. An agent with some dozen endpoints has hundreds. */
const CONTROLLERS = Array.from({ length: 200 }, (_, index) => ({
  name: `sync-policymap-${index}`,
  status: { "success-count": 7, "last-success-timestamp": "2026-11-25T03:25:53.000Z" },
}));

export interface Size {
  readonly nodes: number;
  /** Services of type LoadBalancer, each with an address and a lease that a node holds. */
  readonly services: number;
}

/**
 * A lab with simulated nodes and pods whose kubelets do run commands: in agents' pods, a script answers as an agent
 * would. It needs root for a mount namespace.
 */
export class ManyNodes extends LabForTests {
  private readonly helpers: ManagedProcess[] = [];

  constructor(private readonly size: Size) {
    super();
  }

  /** Starts it and applies the stack, so that a verification passes. */
  public async begin(): Promise<Settings> {
    await this.startCluster();
    const nodes = await this.addNodes();
    await (await this.stack("lab", configured(this.size))).up();
    await this.answerForAgents(nodes);
    await this.addServices(nodes);
    return settingsOf(await this.config("lab", configured(this.size)));
  }

  /** Number of agents that were asked in parallel, each time that one was asked. */
  public get parallelAgents(): number[] {
    const printed = readFileSync(this.folder.join("agents", "running"), "utf8");
    return printed.trim().split("\n").map(Number);
  }

  public override async remove(): Promise<void> {
    await Promise.all(this.helpers.map((helper) => helper.stop()));
    await super.remove();
  }

  /** Registers nodes beside those of the lab; returns the names of all. */
  private async addNodes(): Promise<string[]> {
    const { items } = await this.clients.core.listNode();
    const names = items.map(({ metadata }) => metadata?.name ?? "");
    const added: LabNode[] = [];
    for (const address of addedAddresses(this.size)) {
      added.push({ name: `talos-${names.length + added.length}`, address, controlPlane: false });
    }
    await registerNodes(this.clients.config, added, true);
    return [...names, ...added.map(({ name }) => name)];
  }

  /** Has a kubelet on this host serve every node, in which the agents' commands print what an agent would. */
  private async answerForAgents(nodes: readonly string[]): Promise<void> {
    const folder = this.folder.join("agents");
    const { data = {} } = await this.clients.core.readNamespacedConfigMap({
      namespace: "kube-system",
      name: "cilium-config",
    });
    writeFiles(join(folder, "config-map"), data);
    writeFiles(folder, agentFiles(nodes, this.size.services));
    mkdirSync(join(folder, "at-once"));
    for (const program of ["cilium-dbg", "cilium-health"]) {
      copyFileSync(join(__dirname, "manyNodes", "agent.sh"), join(folder, program));
      chmodSync(join(folder, program), 0o755);
    }
    const machine = this.help("agents", "unshare", [
      ...["--mount", "--propagation", "private", "sh", join(__dirname, "manyNodes", "machine.sh")],
    ]);
    const pods = await this.clients.core.listNamespacedPod({
      namespace: "kube-system",
      labelSelector: "k8s-app=cilium",
    });
    const containers = pods.items.map(({ metadata }): [string, string] => [
      `kube-system_${metadata?.name}_cilium-agent`,
      String(machine.pid),
    ]);
    writeFiles(this.folder.join("containers"), Object.fromEntries(containers));

    const port = await freePort();
    const tools = TOOLS.filter(({ name }) => name === "kubelet-exec");
    const { "kubelet-exec": program = "" } = await prepareTools(tools, () => {});
    this.help("kubelets", program, [
      `--listen=127.0.0.1:${port}`,
      `--tls-cert-file=${this.folder.join("pki", "kubelet.crt")}`,
      `--tls-private-key-file=${this.folder.join("pki", "kubelet.key")}`,
      `--client-ca-file=${this.folder.join("pki", "ca.crt")}`,
      `--containers=${this.folder.join("containers")}`,
    ]);
    await pMap(nodes, (name) => this.pointToKubelet(name, port), {
      concurrency: PARALLEL_REQUESTS,
    });
  }

  private help(name: string, program: string, args: string[]): ManagedProcess {
    const environment = {
      FOLDER: this.folder.join("agents"),
      PATH: `/tmp/agent:${process.env.PATH}`,
    };
    const helper = new ManagedProcess(this.folder, { name, program, args, environment });
    this.helpers.push(helper);
    return helper;
  }

  /** Sets the address of a node's kubelet, and removes the mark of a simulated node. */
  private async pointToKubelet(name: string, Port: number): Promise<void> {
    const annotations = { "kwok.x-k8s.io/node": null };
    await this.change({ apiVersion: "v1", kind: "Node", metadata: { name, annotations } as never });
    const addresses = [{ type: "ExternalIP", address: "127.0.0.1" }];
    const status = { addresses, daemonEndpoints: { kubeletEndpoint: { Port } } };
    const options = setHeaderOptions("Content-Type", PatchStrategy.StrategicMergePatch);
    await this.clients.core.patchNodeStatus({ name, body: { status } }, options);
  }

  /** Creates Services, and their leases, which the nodes hold in turn. */
  private async addServices(nodes: readonly string[]): Promise<void> {
    const names = Array.from({ length: this.size.services }, (_, index) => `service-${index}`);
    const namespace = "kube-system";
    await pMap(
      names,
      async (name, index) => {
        await this.create(loadBalancer(name));
        await this.clients.leases.createNamespacedLease({
          namespace,
          body: {
            metadata: { name: `cilium-l2announce-default-${name}`, namespace },
            spec: { holderIdentity: nodes[index % nodes.length] ?? "" },
          },
        });
      },
      { concurrency: PARALLEL_REQUESTS },
    );
    await eventually(
      "every Service has an address",
      async () => {
        const { items } = await this.clients.core.listNamespacedService({ namespace: "default" });
        const done = items.filter(({ status }) => status?.loadBalancer?.ingress !== undefined);
        return done.length === names.length ? true : undefined;
      },
      SECONDS,
    );
  }
}

/** The lab's stack with a LAN and a pool that are large enough. */
function configured(size: Size): (config: StackConfig) => StackConfig {
  const { services } = size;
  const stop = addressOf(services - 1);
  return (config) =>
    deepmerge(
      config,
      {
        "talos-cilium:nodes": { workers: [...LAB_WORKERS, ...addedAddresses(size)] },
        "talos-cilium:lan": { cidr: "192.168.0.0/17" },
        "talos-cilium:loadBalancing": { pools: [{ start: addressOf(0), stop }], services },
        "talos-cilium:verification": { mode: "off" },
      },
      { arrayMerge: (_before, after) => after },
    );
}

/** Addresses of the nodes that are added to those of the lab. */
function addedAddresses({ nodes }: Size): string[] {
  return Array.from({ length: nodes - LAB_NODES.length }, (_, index) => `${NODES}.${index + 1}`);
}

/** Address of a Service by its index. */
function addressOf(service: number): string {
  const base = new Address4(FIRST_SERVICE).bigInt();
  return Address4.fromBigInt(base + BigInt(service)).correctForm();
}

/** Files that the script prints: the answers of an agent that knows every node and announces every address. */
function agentFiles(nodes: readonly string[], services: number): Record<string, string> {
  const ok = { state: "Ok" };
  const lastProbed = new Date(Date.now() + 3_600_000).toISOString();
  const address = (ip: string) => {
    const probe = { lastProbed, latency: 503_601 };
    return { "primary-address": { ip, icmp: probe, http: probe }, "secondary-addresses": null };
  };
  const names = nodes.map((name) => `talos-lab/${name}`);
  return {
    "status.json": JSON.stringify({
      cilium: ok,
      kubernetes: ok,
      cluster: { self: names[0], ciliumHealth: ok },
      controllers: CONTROLLERS,
      "kube-proxy-replacement": {
        mode: "True",
        directRoutingDevice: "eth0",
        deviceList: [{ name: "eth0", ip: ["192.168.10.100"] }],
      },
      masquerading: { enabled: true, mode: "BPF" },
      routing: { "inter-host-routing-mode": "Native", "intra-host-routing-mode": "Legacy" },
    }),
    "nodes.json": JSON.stringify(names.map((name) => ({ name, ...address("192.168.10.100") }))),
    "health.json": JSON.stringify({
      probeInterval: "4m36s",
      nodes: names.map((name) => ({
        name,
        host: address("192.168.10.100"),
        "health-endpoint": address("10.14.0.9"),
      })),
    }),
    mtu: "Prefix DeviceMTU RouteMTU RoutePostEncryptMTU\n0.0.0.0/0 1500 1500 0\n",
    "l2-announce": [
      "IP NetworkInterface",
      ...Array.from({ length: services }, (_, index) => `${addressOf(index)} eth0`),
    ].join("\n"),
    running: "",
  };
}

function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
}

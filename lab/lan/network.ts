import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Address4 } from "ip-address";
import type { Settings } from "../../config";
import { clusterServices } from "../controlPlane/clusterServices";
import type { LabNode } from "../controlPlane/nodes";
import { systemPath } from "../depth";
import { PROJECT_FOLDER, type State } from "../labFolder";
import type { MachineArgs } from "../node/machine";
import { ManagedProcess } from "../process/managedProcess";
import { inNetns, netnsOf, ownNetns, run } from "../process/namespace";
import { CACHE_FOLDER } from "../toolchain/cache";
import { bpfPath } from "../toolchain/sources";
import { programOf, type Toolchain } from "../toolchain/toolchain";
import { NETWORK_TOOLS } from "../toolchain/tools";
import { labCgroup, removeCgroups } from "./cgroups";

/** Port at which an API server is reached on the LAN, as everywhere. */
export const API_PORT = 6443;

/** Seconds that a machine has until it is on the LAN. */
const BOOT_SECONDS = 30;

/** What a network is made from. */
export interface NetworkArgs {
  /** Where its files and logs go. */
  readonly state: State;
  /** Programs, those of the network depth among them. */
  readonly toolchain: Toolchain;
  /** Settings of the stack: addresses, KubePrism's port. */
  readonly settings: Settings;
  /** The nodes. */
  readonly nodes: readonly LabNode[];
  /** Called with each process as it starts. */
  readonly started: (process: ManagedProcess) => void;
}

/**
 * The LAN and all that is on it: a bridge in a namespace of its own (where the router would be), the nodes, and a client
 * outside the cluster. The host's own network has no part in it.
 */
export class Network {
  /** Address of the router; etcd is there, too. */
  public readonly gateway: string;
  /** Address of the client. */
  public readonly client: string;
  private readonly lan: Address4;
  private readonly pids = new Map<string, number>();

  constructor(private readonly args: NetworkArgs) {
    this.lan = new Address4(args.settings.lan.cidr ?? "192.168.10.0/24");
    const first = this.lan.startAddressExclusive().bigInt();
    this.gateway = args.settings.lan.gateway ?? Address4.fromBigInt(first).correctForm();
    // Far from the router, the pools and the nodes, at the LAN's other end.
    this.client = Address4.fromBigInt(this.lan.endAddressExclusive().bigInt()).correctForm();
  }

  /** Makes the LAN, the client, and boots the machines; they wait for an API server to appear. */
  public async start(): Promise<void> {
    const { state, nodes } = this.args;
    await removeCgroups(state);
    const lan = await this.namespace("lan");
    await run(
      [...inNetns(lan), "ip", "-batch", "-"],
      [
        "link set lo up",
        "link add lan type bridge",
        `address add ${this.gateway}/${this.lan.subnetMask} dev lan`,
        "link set lan up",
      ].join("\n"),
    );

    const client = await this.namespace("client");
    await this.attach("client");
    await run(
      [...inNetns(client), "ip", "-batch", "-"],
      [
        "link set lo up",
        `address add ${this.client}/${this.lan.subnetMask} dev eth0`,
        "link set eth0 up",
        `route add default via ${this.gateway}`,
      ].join("\n"),
    );

    const bpfSources = await bpfPath();
    for (const node of nodes) await this.boot(node, bpfSources);
  }

  /** Command line that runs what follows it in a namespace: of a node by its name, of the `client`, or of the `lan`. */
  public enter(name: string): string[] {
    return inNetns(netnsOf(this.pids.get(name)));
  }

  /** A network namespace, held by a process that does nothing else. */
  private async namespace(name: string): Promise<string> {
    const holder = new ManagedProcess(this.args.state, {
      name,
      program: "unshare",
      args: ["--net", "--uts", "sleep", "infinity"],
      stopSeconds: 0,
    });
    return this.hold(name, holder);
  }

  private async boot(node: LabNode, bpfSources: string): Promise<void> {
    const { state, settings, toolchain, nodes } = this.args;
    const scratch = state.path("machines", node.name);
    mkdirSync(scratch, { recursive: true });
    const ccache = join(CACHE_FOLDER, "ccache");
    mkdirSync(ccache, { recursive: true });
    const programs = [
      ...NETWORK_TOOLS.map(({ name }) => [name, programOf(toolchain, name)]),
      ["cilium-operator-generic", toolchain["cilium-operator"]],
      ["clang", join(__dirname, "../node/clang")],
      ["node", process.execPath],
    ];
    const args: MachineArgs = {
      folder: state.folder,
      node,
      kubeprism: toolchain.kubeprism,
      kubePrismPort: settings.kubePrism.port,
      apiServers: nodes.filter(isControlPlane).map(({ address }) => `${address}:${API_PORT}`),
      services: clusterServices(settings),
    };
    const machine = new ManagedProcess(state, {
      name: node.name,
      program: "sh",
      args: [
        join(__dirname, "../node/machine.sh"),
        "node",
        "--require",
        require.resolve("ts-node/register/transpile-only"),
        join(__dirname, "../node/machine.ts"),
        JSON.stringify(args),
      ],
      environment: {
        PATH: `/opt/lab/bin:${systemPath()}`,
        TS_NODE_PROJECT: join(PROJECT_FOLDER, "tsconfig.json"),
        COMPILED: ccache,
        MACHINE: node.name,
        CGROUP: join(labCgroup(state), node.name),
        SCRATCH: scratch,
        SHARED: [PROJECT_FOLDER, CACHE_FOLDER, state.folder].join("\n"),
        ADDRESS: `${node.address}/${this.lan.subnetMask}`,
        GATEWAY: this.gateway,
        BPF_SOURCES: bpfSources,
        PROGRAMS: programs.map(([name, path]) => `${name}=${path}`).join("\n"),
      },
      // It is switched off: what runs on it ends with it.
      stopSeconds: 0,
    });
    await this.hold(node.name, machine);
    await this.attach(node.name);
    const show = [...this.enter(node.name), "ip", "-brief", "address", "show", "eth0"];
    await machine.healthy(async () => {
      const shown = await run(show);
      if (!shown.includes(node.address)) throw new Error(`eth0 is not up: ${shown}`);
    }, BOOT_SECONDS);
  }

  private async hold(name: string, process: ManagedProcess): Promise<string> {
    this.args.started(process);
    const netns = await ownNetns(process.pid);
    this.pids.set(name, process.pid ?? 0);
    return netns;
  }

  /** Plugs a namespace's eth0 into the LAN; the other end of the cable has the namespace's name. */
  private async attach(name: string): Promise<void> {
    const lan = this.enter("lan");
    const peer = ["peer", "name", "eth0", "netns", String(this.pids.get(name))];
    await run([...lan, "ip", "link", "add", name, "type", "veth", ...peer]);
    await run([...lan, "ip", "link", "set", name, "master", "lan", "up"]);
    // A network card drops frames for another's hardware address, a veth hands them to BPF programs: with an address
    // that the bridge does not know (any more) every node would answer.
    await run([...lan, "bridge", "link", "set", "dev", name, "flood", "off"]);
  }
}

function isControlPlane({ controlPlane }: LabNode): boolean {
  return controlPlane;
}

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Address4 } from "ip-address";
import type { Settings } from "../../config";
import { clusterServices } from "../controlPlane/clusterServices";
import type { LabNode } from "../controlPlane/nodes";
import { type LabFolder, PROJECT_FOLDER } from "../labFolder";
import type { MachineArgs } from "../node/machine";
import { ManagedProcess } from "../process/managedProcess";
import { netnsOf, ownNetns, runInNetns } from "../process/netns";
import { type CommandPrefix, run } from "../process/run";
import { systemPath } from "../process/systemPath";
import { CACHE_FOLDER } from "../toolchain/cache";
import { bpfPath } from "../toolchain/sources";
import { programOf, type Toolchain } from "../toolchain/toolchain";
import { NETWORK_TOOLS } from "../toolchain/tools";
import { labCgroup, removeCgroups } from "./cgroups";

/** Port of an API server on the LAN, as on every cluster. */
export const API_PORT = 6443;

/** Seconds that a machine may take until it is on the LAN. */
const BOOT_SECONDS = 300;

interface NetworkArgs {
  readonly labFolder: LabFolder;
  readonly toolchain: Toolchain;
  readonly settings: Settings;
  readonly nodes: readonly LabNode[];
  /** Called with each process as it starts. */
  readonly onStart: (process: ManagedProcess) => void;
}

/**
 * The LAN and what is on it: a router (a namespace with a bridge), the nodes, and a client outside the cluster. The
 * host's own network has no part in it.
 */
export class Network {
  /** Address of the router; etcd listens there, too. */
  public readonly gateway: string;
  private readonly client: string;
  private readonly lan: Address4;
  private readonly pids = new Map<string, number>();

  constructor(private readonly args: NetworkArgs) {
    this.lan = new Address4(args.settings.lan.cidr ?? "192.168.10.0/24");
    const first = this.lan.startAddressExclusive().bigInt();
    this.gateway = args.settings.lan.gateway ?? Address4.fromBigInt(first).correctForm();
    // The last address of the LAN: far from the router, the pools and the nodes.
    this.client = Address4.fromBigInt(this.lan.endAddressExclusive().bigInt()).correctForm();
  }

  /** Makes the LAN and the client, and boots the machines, which then wait for an API server. */
  public async start(): Promise<void> {
    const { labFolder, nodes } = this.args;
    await removeCgroups(labFolder);
    const lan = await this.namespace("lan");
    await run(
      [...runInNetns(lan), "ip", "-batch", "-"],
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
      [...runInNetns(client), "ip", "-batch", "-"],
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

  /**
   * Runs a command in the network of a node, of the `client`, or of the `lan`'s router.
   * @param name name of the node, `client` or `lan`.
   */
  public runIn(name: string): CommandPrefix {
    return runInNetns(netnsOf(this.pids.get(name)));
  }

  /** Makes a network namespace, held by a process that does nothing else. */
  private async namespace(name: string): Promise<string> {
    const holder = new ManagedProcess(this.args.labFolder, {
      name,
      program: "unshare",
      args: ["--net", "--uts", "sleep", "infinity"],
      stopSeconds: 0,
    });
    return this.hold(name, holder);
  }

  private async boot(node: LabNode, bpfSources: string): Promise<void> {
    const { labFolder, settings, toolchain, nodes } = this.args;
    const scratch = labFolder.join("machines", node.name);
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
      folder: labFolder.path,
      node,
      kubeprism: toolchain.kubeprism,
      kubePrismPort: settings.kubePrism.port,
      apiServers: nodes.filter(isControlPlane).map(({ address }) => `${address}:${API_PORT}`),
      services: clusterServices(settings),
    };
    const machine = new ManagedProcess(labFolder, {
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
        CGROUP: join(labCgroup(labFolder), node.name),
        SCRATCH: scratch,
        SHARED: [PROJECT_FOLDER, CACHE_FOLDER, labFolder.path].join("\n"),
        ADDRESS: `${node.address}/${this.lan.subnetMask}`,
        GATEWAY: this.gateway,
        BPF_SOURCES: bpfSources,
        PROGRAMS: programs.map(([name, path]) => `${name}=${path}`).join("\n"),
      },
      // A machine is switched off: everything on it ends with it.
      stopSeconds: 0,
    });
    await this.hold(node.name, machine);
    await this.attach(node.name);
    const show = [...this.runIn(node.name), "ip", "-brief", "address", "show", "eth0"];
    await machine.healthy(async () => {
      const addresses = await run(show);
      if (!addresses.includes(node.address)) throw new Error(`eth0 is not up: ${addresses}`);
    }, BOOT_SECONDS);
  }

  private async hold(name: string, process: ManagedProcess): Promise<string> {
    this.args.onStart(process);
    const netns = await ownNetns(process.pid);
    this.pids.set(name, process.pid ?? 0);
    return netns;
  }

  /** Plugs a namespace's eth0 into the LAN. The bridge's end of the cable has the namespace's name. */
  private async attach(name: string): Promise<void> {
    const lan = this.runIn("lan");
    const peer = ["peer", "name", "eth0", "netns", String(this.pids.get(name))];
    await run([...lan, "ip", "link", "add", name, "type", "veth", ...peer]);
    await run([...lan, "ip", "link", "set", name, "master", "lan", "up"]);
    // A network card drops frames for another hardware address, but a veth hands them to BPF programs. So every node
    // would answer a frame for an address that the bridge does not know, or no longer knows.
    await run([...lan, "bridge", "link", "set", "dev", name, "flood", "off"]);
  }
}

function isControlPlane({ controlPlane }: LabNode): boolean {
  return controlPlane;
}

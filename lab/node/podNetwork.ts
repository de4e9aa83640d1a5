import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { V1Pod } from "@kubernetes/client-node";
import { execa } from "execa";
import { run } from "../process/run";

const CNI_BIN = "/opt/cni/bin";
const CNI_CONF = "/etc/cni/net.d";

/** The network namespace of a pod, connected by the node's CNI plugin. */
export class PodNetwork {
  /** Name of the namespace, for `ip netns`. */
  public readonly name: string;
  /** The pod's addresses; none until it is added. */
  public addresses: readonly string[] = [];
  private exists = false;

  /** @param dns address of the cluster's DNS. */
  constructor(
    private readonly pod: V1Pod,
    private readonly dns: string,
  ) {
    this.name = `${pod.metadata?.namespace}_${pod.metadata?.name}`;
  }

  /**
   * Makes the namespace and connects it.
   * @throws Error with the plugin's output.
   */
  public async add(): Promise<void> {
    if (!this.exists) {
      // `ip netns exec` mounts the file over /etc/resolv.conf.
      const search = ["svc.cluster.local", "cluster.local"];
      const resolvConf = [
        `nameserver ${this.dns}`,
        `search ${this.pod.metadata?.namespace}.${search[0]} ${search.join(" ")}`,
        "options ndots:5",
      ];
      mkdirSync(`/etc/netns/${this.name}`, { recursive: true });
      writeFileSync(`/etc/netns/${this.name}/resolv.conf`, `${resolvConf.join("\n")}\n`);
      await run(["ip", "netns", "add", this.name]);
      await run(["ip", "-n", this.name, "link", "set", "lo", "up"]);
      this.exists = true;
    }
    let output: string;
    try {
      output = await this.cni("add");
    } catch (error) {
      // The next attempt must not find half of this one.
      await this.cni("del");
      throw error;
    }
    const { ips = [] } = JSON.parse(output) as { ips?: { address: string }[] };
    this.addresses = ips.map(({ address }) => address.split("/")[0] ?? "");
  }

  /** Disconnects the pod and removes the namespace. */
  public async remove(): Promise<void> {
    if (!this.exists) return;
    if (this.addresses.length > 0) {
      // The plugin fails while the agent is away. The agent notices later that the pod is gone.
      await this.cni("del").catch((error) => console.log(String(error)));
    }
    await run(["ip", "netns", "delete", this.name]);
  }

  private async cni(command: "add" | "del"): Promise<string> {
    const { metadata } = this.pod;
    const { stdout } = await execa("cnitool", [command, networkName(), `/run/netns/${this.name}`], {
      env: {
        CNI_PATH: CNI_BIN,
        NETCONFPATH: CNI_CONF,
        CNI_IFNAME: "eth0",
        CNI_ARGS: [
          "IgnoreUnknown=1",
          `K8S_POD_NAMESPACE=${metadata?.namespace}`,
          `K8S_POD_NAME=${metadata?.name}`,
          `K8S_POD_UID=${metadata?.uid}`,
          `K8S_POD_INFRA_CONTAINER_ID=${metadata?.uid}`,
        ].join(";"),
      },
    });
    return stdout;
  }
}

/** Name of the network in the first file of the plugin's folder: container runtimes use that one. */
function networkName(): string {
  const [file = ""] = readdirSync(CNI_CONF)
    .filter((name) => name.endsWith(".conflist"))
    .sort();
  return JSON.parse(readFileSync(join(CNI_CONF, file), "utf8")).name;
}

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { V1Pod } from "@kubernetes/client-node";
import { execa } from "execa";
import { run } from "../process/run";

const CNI_BIN = "/opt/cni/bin";
const CNI_CONF = "/etc/cni/net.d";

/** The network namespace of a pod, wired by the node's CNI plugin. */
export class PodNetwork {
  /** Name of the namespace, for `ip netns`. */
  public readonly name: string;
  /** The pod's addresses; none until it is added. */
  public addresses: readonly string[] = [];
  private made = false;

  /**
   * @param pod whose it is.
   * @param dns address of the cluster's DNS.
   */
  constructor(
    private readonly pod: V1Pod,
    private readonly dns: string,
  ) {
    this.name = `${pod.metadata?.namespace}_${pod.metadata?.name}`;
  }

  /**
   * Makes the namespace and has the plugin wire it.
   * @throws Error with what the plugin said.
   */
  public async add(): Promise<void> {
    if (!this.made) {
      // `ip netns exec` puts it over /etc/resolv.conf.
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
      this.made = true;
    }
    let printed: string;
    try {
      printed = await this.cni("add");
    } catch (error) {
      // The next attempt must not find half of this one.
      await this.cni("del");
      throw error;
    }
    const { ips = [] } = JSON.parse(printed) as { ips?: { address: string }[] };
    this.addresses = ips.map(({ address }) => address.split("/")[0] ?? "");
  }

  /** Has the plugin take the pod off the network, and removes the namespace. */
  public async remove(): Promise<void> {
    if (!this.made) return;
    // Without the agent the plugin can't tell it of the end; the agent finds out when it is back.
    if (this.addresses.length > 0)
      await this.cni("del").catch((error) => console.log(String(error)));
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

/** Name of the network in the first file of the plugin's folder, which is the one that counts. */
function networkName(): string {
  const [file = ""] = readdirSync(CNI_CONF)
    .filter((name) => name.endsWith(".conflist"))
    .sort();
  return JSON.parse(readFileSync(join(CNI_CONF, file), "utf8")).name;
}

import { readFileSync } from "node:fs";
import type { StackConfig } from "../config";
import { NetworkLab, type TestPod } from "../tests/support/networkLab";

/** How often each way is measured, in turn. */
const PAIRS = 2;
/** Seconds that data is sent. */
const SECONDS = 10;

/** What was measured between two pods on two nodes. */
interface Measured {
  /** Gbit/s of one TCP connection. */
  readonly throughput: number;
  /** Seconds of CPU, of the whole machine, for each Gbit. */
  readonly cpu: number;
  /** Milliseconds for a round trip of ping, median. */
  readonly latency: number;
}

/**
 * Native routing against VXLAN, between pods on the same two nodes of the lab at network depth, in turn. (Geneve is
 * left out where the kernel does not have it.) The LAN is a bridge of veth pairs, and all nodes share the CPUs: the
 * ratios hold for the work that the kernel does, not for a network card's.
 */
async function main(): Promise<void> {
  const native: Measured[] = [];
  const vxlan: Measured[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    native.push(await measure((config) => config));
    vxlan.push(
      await measure((config) => ({
        ...config,
        "talos-cilium:routing": { devices: ["eth0"], mode: "tunnel", tunnelProtocol: "vxlan" },
      })),
    );
  }
  for (const key of ["throughput", "cpu", "latency"] as const) {
    const ratios = native.map((one, index) => (vxlan[index]?.[key] ?? Number.NaN) / one[key]);
    const shown = (of: Measured[]) => of.map((one) => one[key].toFixed(3)).join(", ");
    console.log(
      `${key}: native ${shown(native)}; VXLAN ${shown(vxlan)}; ` +
        `VXLAN/native ${ratios.map((ratio) => ratio.toFixed(2)).join(", ")}`,
    );
  }
}

async function measure(change: (config: StackConfig) => StackConfig): Promise<Measured> {
  const lab = new NetworkLab();
  try {
    await lab.startWith(change);
    const pods = await lab.serveOnEveryNode("web");
    const [server, client] = pods.filter(({ node }) => /hj2|tz7/.test(node)) as [TestPod, TestPod];
    // The lab has just started; what it still has to do is not measured.
    await new Promise((resolve) => setTimeout(resolve, 15_000));
    const ping = ["ping", "-q", "-c", "500", "-i", "0.01", server.address];
    const pinged = await lab.on(client.node, ...lab.inPod(client), ...ping);
    const [, average = ""] = /= [\d.]+\/([\d.]+)\//.exec(pinged) ?? [];

    const serving = lab.on(server.node, ...lab.inPod(server), "iperf3", "-s", "-1");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const before = busySeconds();
    const iperf = ["iperf3", "-J", "-t", String(SECONDS), "-c", server.address];
    const sent = JSON.parse(await lab.on(client.node, ...lab.inPod(client), ...iperf));
    const busy = busySeconds() - before;
    await serving;
    const gigabits = sent.end.sum_received.bytes * 8e-9;
    return { throughput: gigabits / SECONDS, cpu: busy / gigabits, latency: Number(average) };
  } finally {
    await lab.remove();
  }
}

/** Seconds that this machine's CPUs have been busy. */
function busySeconds(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] =
    readFileSync("/proc/stat", "utf8").split("\n")[0]?.split(/\s+/).map(Number) ?? [];
  // In ticks of a hundredth of a second (USER_HZ, on Linux always).
  return (user + nice + system + irq + softirq) / 100;
}

void main();

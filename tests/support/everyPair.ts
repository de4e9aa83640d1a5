import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { runInPlace } from "../../lab/lan/runInPlace";
import type { NetworkLab, TestPod } from "./networkLab";

/** Has every pod ask every other one, while the LAN is watched. */
export async function everyPair(
  lab: NetworkLab,
  pods: readonly TestPod[],
): Promise<{ failures: string[]; packets: string[] }> {
  const [program = "", ...args] = [
    ...runInPlace(lab.folder, "lan"),
    ...["tcpdump", "-ni", "lan", "-l", "--immediate-mode", "tcp port 8080 or udp"],
  ];
  const capture = execa(program, args, { reject: false });
  // Its first words to standard error say that it listens.
  await new Promise((resolve) => capture.stderr.once("data", resolve));
  const failures: string[] = [];
  for (const from of pods) {
    await Promise.all(
      pods
        .filter((to) => to.node !== from.node)
        .map(async (to) => {
          const ask = ["curl", "-sS", "-m", "3", `http://${to.address}:8080/clientip`];
          const answer = await lab
            .on(from.node, ...lab.inPod(from), ...ask)
            .catch((error) => String(error.stderr));
          // The other one sees the pod's own address.
          if (!answer.startsWith(`${from.address}:`)) {
            failures.push(`${from.name} to ${to.name}: ${answer}`);
          }
        }),
    );
  }
  await sleep(500);
  capture.kill("SIGINT");
  return { failures, packets: (await capture).stdout.split("\n").filter(Boolean) };
}

/** Packets on the LAN that are not between two pods, or are a tunnel's; DNS and the like between nodes are none. */
export function foreignPackets(packets: readonly string[], pods: readonly TestPod[]): string[] {
  assert.ok(packets.length > pods.length, "the capture saw the pods' packets");
  const addresses = pods.map(({ address }) => address);
  return packets.filter((packet) => {
    const [, from = "", to = ""] =
      /IP (\d+(?:\.\d+){3})\.\d+ > (\d+(?:\.\d+){3})\.\d+/.exec(packet) ?? [];
    const tunnel = /VXLAN|Geneve|\.8472[ :>]|\.6081[ :>]/.test(packet);
    const http = /\.8080[ :>]/.test(packet);
    return tunnel || (http && !(addresses.includes(from) && addresses.includes(to)));
  });
}

import assert from "node:assert/strict";
import { once } from "node:events";
import { eventually } from "./labForTests";
import type { NetworkLab, TestPod } from "./networkLab";

const ROUTER = "192.168.10.1";

/**
 * Sends a request from every pod to every other one, and captures the packets on the LAN meanwhile.
 * @param seconds time limit of a request.
 */
export async function everyPair(
  lab: NetworkLab,
  pods: readonly TestPod[],
  seconds = 30,
): Promise<{ failures: string[]; packets: string[] }> {
  const options = ["-ni", "lan", "-l", "--immediate-mode"];
  const capture = lab.spawn("lan", "tcpdump", ...options, "tcp port 8080 or udp");
  let seen = "";
  capture.stdout.on("data", (chunk) => {
    seen += chunk;
  });
  // Its first output to standard error says that it listens.
  await once(capture.stderr, "data");
  const failures: string[] = [];
  for (const from of pods) {
    await Promise.all(
      pods
        .filter((to) => to.node !== from.node)
        .map(async (to) => {
          const curl = ["curl", "-sS", "-m", String(seconds)];
          const answer = await lab
            .on(from.node, ...lab.inPod(from), ...curl, `http://${to.address}:8080/clientip`)
            .catch((error) => String(error.stderr));
          // The server sees the client's own address.
          if (!answer.startsWith(`${from.address}:`)) {
            failures.push(`${from.name} to ${to.name}: ${answer}`);
          }
        }),
    );
  }
  // The capture is complete once it has seen one more packet.
  await lab.on("client", "bash", "-c", `echo > /dev/udp/${ROUTER}/9`);
  await eventually("the capture has seen the last packet", async () =>
    seen.includes(`> ${ROUTER}.9:`) ? true : undefined,
  );
  capture.kill("SIGINT");
  await capture;
  return { failures, packets: seen.split("\n").filter(Boolean) };
}

/** Packets that belong to a tunnel, or to a request that is not from pod to pod. */
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

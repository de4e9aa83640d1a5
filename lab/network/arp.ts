import { execa } from "execa";
import type { State } from "../state";
import { enter } from "./enter";

/** How many requests are sent; enough for a second answer, from somebody else, to be seen. */
const REQUESTS = 3;

/**
 * Who answers ARP requests for an address, seen from the client: hardware addresses in lower case, each once. More than
 * one means that two nodes announce it.
 */
export async function arpAnswers(state: State, address: string): Promise<string[]> {
  const [program = "", ...args] = [
    ...enter(state, "client"),
    // Broadcast each time, as a switch would send the others to the first who answered.
    ...["arping", "-b", "-c", String(REQUESTS), "-w", String(REQUESTS), "-I", "eth0", address],
  ];
  // It fails when nobody answers.
  const { stdout } = await execa(program, args, { reject: false });
  const found = stdout.matchAll(/reply from \S+ \[([\dA-Fa-f:]+)\]/g);
  return [...new Set([...found].map(([, mac = ""]) => mac.toLowerCase()))];
}

/** Hardware address of a node's device on the LAN, in lower case. */
export async function hardwareAddress(state: State, node: string): Promise<string> {
  const [program = "", ...args] = [...enter(state, node), "cat", "/sys/class/net/eth0/address"];
  return (await execa(program, args)).stdout.trim();
}

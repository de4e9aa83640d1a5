import { execa } from "execa";
import { arping, hardwareAddresses } from "../../verify/connectivity/arp";
import type { State } from "../labFolder";
import { enter } from "./enter";

/**
 * Who answers ARP requests for an address, seen from the client: hardware addresses in lower case, each once. More than
 * one means that two nodes announce it.
 */
export async function arpAnswers(state: State, address: string): Promise<string[]> {
  const [program = "", ...args] = [...enter(state, "client"), ...arping(address, "eth0")];
  // It fails when nobody answers.
  const { stdout } = await execa(program, args, { reject: false });
  return hardwareAddresses(stdout);
}

/** Hardware address of a node's device on the LAN, in lower case. */
export async function hardwareAddress(state: State, node: string): Promise<string> {
  const [program = "", ...args] = [...enter(state, node), "cat", "/sys/class/net/eth0/address"];
  return (await execa(program, args)).stdout.trim();
}

import { execa } from "execa";
import { arping, hardwareAddresses } from "../../verify/connectivity/arpRequest";
import type { LabFolder } from "../labFolder";
import { run } from "../process/run";
import { runInPlace } from "./runInPlace";

/**
 * Sends ARP requests for an address from the client.
 * @returns the hardware addresses that answer, in lower case, each once. More than one: several nodes announce it.
 */
export async function arpAnswers(labFolder: LabFolder, address: string): Promise<string[]> {
  const [program = "", ...args] = [...runInPlace(labFolder, "client"), ...arping(address, "eth0")];
  // arping fails when nobody answers.
  const { stdout } = await execa(program, args, { reject: false });
  return hardwareAddresses(stdout);
}

/** Hardware address of a node's device on the LAN, in lower case. */
export async function hardwareAddress(labFolder: LabFolder, node: string): Promise<string> {
  const file = "/sys/class/net/eth0/address";
  return (await run([...runInPlace(labFolder, node), "cat", file])).trim();
}

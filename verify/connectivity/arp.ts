import { networkInterfaces } from "node:os";
import { execa } from "execa";
import { cidrRange, contains, familyOf, single } from "../../config";

/** Requests that are sent; enough for a second answer, from another node, to be seen. */
const REQUESTS = 3;

/** Name of this machine's interface on whose network an address is; undefined when it is not on its LAN. */
export function interfaceTo(address: string): string | undefined {
  return Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some(
      ({ cidr, internal, family }) =>
        !internal &&
        cidr !== null &&
        family === familyOf(address) &&
        contains(cidrRange(cidr), single(address)),
    ),
  )?.[0];
}

/** Command line that asks who has an address, by broadcast each time: a switch would send the others to the first one. */
export function arping(address: string, device: string): [program: string, ...args: string[]] {
  return ["arping", "-b", "-c", String(REQUESTS), "-w", String(REQUESTS), "-I", device, address];
}

/** Hardware addresses in what arping printed, in lower case, each once. */
export function hardwareAddresses(printed: string): string[] {
  const found = printed.matchAll(/reply from \S+ \[([\dA-Fa-f:]+)\]/g);
  return [...new Set([...found].map(([, mac = ""]) => mac.toLowerCase()))];
}

/**
 * Hardware addresses that answer ARP for an address, each once.
 * @throws Error when arping is not here or may not send, saying how to get it.
 */
export async function arpAnswers(address: string, device: string): Promise<string[]> {
  const [program, ...args] = arping(address, device);
  const { stdout, stderr, exitCode, code } = await execa(program, args, { reject: false });
  // It ends with 1 when too few answers came, too; then it says how many it sent.
  if (exitCode === 0 || /Sent \d+ probes/.test(stdout)) return hardwareAddresses(stdout);
  throw new Error(
    code === "ENOENT"
      ? "arping is not here; install it (Debian: iputils-arping)"
      : `arping failed (${stderr || stdout || code}); run this as root`,
  );
}

import { networkInterfaces } from "node:os";
import { execa } from "execa";
import { cidrRange, contains, familyOf, single } from "../../config";

/** Requests that are sent: enough to see the answer of a second node. */
const REQUESTS = 3;

/** Name of this machine's interface on an address' network; undefined when the machine is not on it. */
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

/** Command line that asks for an address. Each request is a broadcast: a switch would send a unicast to one node only. */
export function arping(address: string, device: string): [program: string, ...args: string[]] {
  return ["arping", "-b", "-c", String(REQUESTS), "-w", String(REQUESTS), "-I", device, address];
}

/** Hardware addresses in the output of arping, in lower case, each once. */
export function hardwareAddresses(output: string): string[] {
  const replies = output.matchAll(/reply from \S+ \[([\dA-Fa-f:]+)\]/g);
  return [...new Set([...replies].map(([, mac = ""]) => mac.toLowerCase()))];
}

/**
 * Hardware addresses that answer ARP requests for an address, each once.
 * @throws Error when arping is not installed or may not send.
 */
export async function requestHardwareAddresses(address: string, device: string): Promise<string[]> {
  const [program, ...args] = arping(address, device);
  const { stdout, stderr, exitCode, code } = await execa(program, args, { reject: false });
  // It also ends with 1 when too few answers came; then it prints how many requests it sent.
  if (exitCode === 0 || /Sent \d+ probes/.test(stdout)) return hardwareAddresses(stdout);
  throw new Error(
    code === "ENOENT"
      ? "arping is not on PATH; install it (Debian: iputils-arping)"
      : `arping failed (${stderr || stdout || code}); run this as root`,
  );
}

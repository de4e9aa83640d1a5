import { readFileSync } from "node:fs";

/** A line of KubePrism's log; which field has the address depends on the message. */
interface Line {
  readonly msg: string;
  readonly address?: string;
  readonly upstream_addr?: string;
}

/** API servers (host:port) that KubePrism could not reach, out of its log (JSON lines). */
export function lostUpstreams(log: string): string[] {
  return readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line): Line => JSON.parse(line))
    .filter(({ msg }) => msg === "healthcheck failed" || msg === "error dialing upstream")
    .map(({ address, upstream_addr }) => address ?? upstream_addr ?? "");
}

import { readlinkSync } from "node:fs";
import { until } from "../../kubernetes/until";
import type { CommandPrefix } from "./run";

/** Seconds that a process may take to create its network namespace. */
const TIMEOUT = 60;

/** Path of the network namespace that a process is in. */
export function netnsOf(pid: number | undefined): string {
  if (pid === undefined) throw new Error("a process that could not be started has no namespace");
  return `/proc/${pid}/ns/net`;
}

export function runInNetns(netns: string): CommandPrefix {
  return ["nsenter", `--net=${netns}`];
}

/**
 * Waits until a process has left the network namespace that it was started in.
 * @returns path of its own one.
 */
export async function ownNetns(pid: number | undefined): Promise<string> {
  const netns = netnsOf(pid);
  const ours = readlinkSync("/proc/self/ns/net");
  const isOwn = await until(
    async () => readlinkSync(netns) !== ours,
    (own) => own,
    { seconds: TIMEOUT, interval: 10 },
  );
  if (!isOwn) throw new Error(`process ${pid}: no network namespace of its own in ${TIMEOUT} s`);
  return netns;
}

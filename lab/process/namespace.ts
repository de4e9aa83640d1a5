import { readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { systemPath } from "../depth";

/** How many seconds a process has until it is in a network namespace of its own. */
const ENTER_SECONDS = 10;

/** The network namespace of a process, as a path. */
export function netnsOf(pid: number | undefined): string {
  if (pid === undefined) throw new Error("a process that could not be started has no namespace");
  return `/proc/${pid}/ns/net`;
}

/** Command line that runs what follows it in a network namespace. */
export function inNetns(netns: string): string[] {
  return ["nsenter", `--net=${netns}`];
}

/**
 * Waits until a process has left the network namespace that it was started in.
 * @throws Error when it does not.
 */
export async function ownNetns(pid: number | undefined): Promise<string> {
  const netns = netnsOf(pid);
  const ours = readlinkSync("/proc/self/ns/net");
  for (let waited = 0; waited < ENTER_SECONDS * 100; waited++) {
    if (readlinkSync(netns) !== ours) return netns;
    await sleep(10);
  }
  throw new Error(`process ${pid} made no network namespace within ${ENTER_SECONDS} s`);
}

/**
 * Runs a command, with the programs that only root usually has on its PATH.
 * @returns what it printed to standard output.
 * @throws Error with what it printed to standard error.
 */
export async function run(command: readonly string[], input?: string): Promise<string> {
  const [program = "", ...args] = command;
  const { stdout } = await execa(program, args, {
    env: { PATH: systemPath() },
    ...(input !== undefined && { input }),
  });
  return stdout;
}

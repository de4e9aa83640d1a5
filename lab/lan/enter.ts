import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { systemPath } from "../depth";
import type { State } from "../labFolder";
import { labProcesses } from "../process/labProcesses";
import { labCgroup } from "./cgroups";

/** Joins a cgroup ($1, below the root), mounted at $0 for that moment only, and goes on with the other arguments. */
const JOIN_CGROUP = `
  mount -t cgroup2 none "$0"
  echo $$ > "$0/$1/cgroup.procs"
  umount "$0"
  shift
  exec "$@"`;

/**
 * Command line that runs what follows it on a node, with the node's files, network and cgroup, or on the `client`, or
 * at the `lan`'s router.
 * @param where name of the node, `client` or `lan`.
 * @throws Error when there is no such place in a lab that runs.
 */
export function enter(state: State, where: string): string[] {
  const found = labProcesses(state).filter(({ name }) => name === where);
  const path = `PATH=/opt/lab/bin:${systemPath()}`;
  if (where === "client" || where === "lan") {
    const [holder] = found;
    if (holder !== undefined) return ["nsenter", `--target=${holder.pid}`, "--net", "--uts"];
  }
  const first = found.find(({ pid }) => isFirst(pid));
  if (first === undefined)
    throw new Error(`${where}: no such place in the lab; ${placesOf(state)}`);
  const scratch = state.path("machines", "enter");
  mkdirSync(scratch, { recursive: true });
  return [
    ...["unshare", "--mount", "sh", "-euc", JOIN_CGROUP, scratch, join(labCgroup(state), where)],
    ...[
      "nsenter",
      `--target=${first.pid}`,
      "--mount",
      "--net",
      "--uts",
      "--ipc",
      "--pid",
      "--cgroup",
    ],
    // What was the working directory is not on the node.
    ...["env", path, "sh", "-c", 'cd / && exec "$@"', "sh"],
  ];
}

/** Which places a lab has. */
function placesOf(state: State): string {
  const processes = labProcesses(state);
  const nodes = processes.filter(({ pid }) => isFirst(pid)).map(({ name }) => name);
  return nodes.length === 0
    ? "it does not run at network depth"
    : `there are ${["client", "lan", ...nodes.sort()].join(", ")}`;
}

/** Whether a process is the first one of a process namespace below ours. */
function isFirst(pid: number): boolean {
  try {
    const [, ids = ""] = /^NSpid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return /\s1$/.test(ids);
  } catch {
    // It has ended in between.
    return false;
  }
}

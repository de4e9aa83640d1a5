import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { LabFolder } from "../labFolder";
import { labProcesses } from "../process/labProcesses";
import type { CommandPrefix } from "../process/run";
import { systemPath } from "../process/systemPath";
import { labCgroup } from "./cgroups";

/** Joins cgroup $1 (below the root), which is mounted at $0 only for that moment, and runs the other arguments. */
const JOIN_CGROUP = `
  mount -t cgroup2 none "$0"
  echo $$ > "$0/$1/cgroup.procs"
  umount "$0"
  shift
  exec "$@"`;

/**
 * Runs a command on a node (with the node's files, network and cgroup), on the `client`, or on the `lan`'s router.
 * @param place name of the node, `client` or `lan`.
 * @throws Error when the lab that runs has no such place.
 */
export function runInPlace(labFolder: LabFolder, place: string): CommandPrefix {
  const processes = labProcesses(labFolder).filter(({ name }) => name === place);
  if (place === "client" || place === "lan") {
    const [holder] = processes;
    if (holder !== undefined) return ["nsenter", `--target=${holder.pid}`, "--net", "--uts"];
  }
  const init = processes.find(({ pid }) => isInit(pid));
  if (init === undefined) {
    throw new Error(`${place}: no such place in the lab; ${describePlaces(labFolder)}`);
  }
  const mountPoint = labFolder.join("machines", "run-in-place");
  mkdirSync(mountPoint, { recursive: true });
  const namespaces = ["--mount", "--net", "--uts", "--ipc", "--pid", "--cgroup"];
  return [
    ...["unshare", "--mount", "sh", "-euc", JOIN_CGROUP, mountPoint],
    join(labCgroup(labFolder), place),
    ...["nsenter", `--target=${init.pid}`, ...namespaces],
    // The working directory of the caller does not exist on the node.
    ...["env", `PATH=/opt/lab/bin:${systemPath()}`, "sh", "-c", 'cd / && exec "$@"', "sh"],
  ];
}

function describePlaces(labFolder: LabFolder): string {
  const processes = labProcesses(labFolder);
  const nodes = processes.filter(({ pid }) => isInit(pid)).map(({ name }) => name);
  return nodes.length === 0
    ? "it does not run at network depth"
    : `there are ${["client", "lan", ...nodes.sort()].join(", ")}`;
}

/** Whether a process is the first one of a process namespace below ours. */
function isInit(pid: number): boolean {
  try {
    const [, ids = ""] = /^NSpid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return /\s1$/.test(ids);
  } catch {
    // The process has just ended.
    return false;
  }
}

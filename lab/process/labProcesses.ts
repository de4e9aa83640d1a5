import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { LabFolder } from "../labFolder";

/** Variable in the environment of every process of a lab, by which it is known again even after a crash. */
const MARK = "TALOS_CILIUM_LAB_PROCESS";

/** A process of a lab. */
export interface LabProcess {
  /** Process id. */
  readonly pid: number;
  /** What it is: etcd, kube-apiserver-1, … */
  readonly name: string;
}

/** The environment that marks a process as one of this lab's. */
export function mark(labFolder: LabFolder, name: string): Record<string, string> {
  return { [MARK]: `${name}@${labFolder.path}` };
}

/** Every process of this lab that runs, children of its processes included, but not the one that asks. */
export function labProcesses(labFolder: LabFolder): LabProcess[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((pid) => {
      const value = environmentOf(pid)
        .find((variable) => variable.startsWith(`${MARK}=`))
        ?.slice(MARK.length + 1);
      if (value === undefined || !value.endsWith(`@${labFolder.path}`)) return [];
      return [{ pid: Number(pid), name: value.slice(0, -labFolder.path.length - 1) }];
    });
}

/**
 * Ends processes of a lab: asks, and after the given time kills. Returns the ones there were.
 * @param graceSeconds how long they have.
 * @param which whom to end, by default all.
 */
export async function endLabProcesses(
  labFolder: LabFolder,
  graceSeconds: number,
  which: (process: LabProcess) => boolean = () => true,
): Promise<LabProcess[]> {
  const running = () => labProcesses(labFolder).filter(which);
  const found = running();
  signalAll(found, "SIGTERM");
  const deadline = performance.now() + graceSeconds * 1000;
  for (let left = running(); left.length > 0; left = running()) {
    if (performance.now() > deadline) signalAll(left, "SIGKILL");
    await sleep(100);
  }
  return found;
}

function signalAll(processes: LabProcess[], signal: NodeJS.Signals): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      // It may have ended in between.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Variables of a process; none for one that is not ours to read, has ended, or is a zombie. */
function environmentOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

import { readdirSync, readFileSync } from "node:fs";
import { until } from "../../kubernetes/until";
import type { LabFolder } from "../labFolder";

/** Variable in the environment of every process of a lab, which identifies the process even after a crash. */
const MARK = "TALOS_CILIUM_LAB_PROCESS";

/** Seconds that killed processes may take to disappear. */
const KILL_SECONDS = 60;

export interface LabProcess {
  readonly pid: number;
  /** etcd, kube-apiserver-1, …; children have the name of their parent. */
  readonly name: string;
}

/** Environment that marks a process as one of this lab. */
export function mark(labFolder: LabFolder, name: string): Record<string, string> {
  return { [MARK]: `${name}@${labFolder.path}` };
}

/** Every running process of this lab, with children, without the caller's. */
export function labProcesses(labFolder: LabFolder): LabProcess[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((pid) => {
      const value = readEnvironment(pid)
        .find((variable) => variable.startsWith(`${MARK}=`))
        ?.slice(MARK.length + 1);
      if (value === undefined || !value.endsWith(`@${labFolder.path}`)) return [];
      return [{ pid: Number(pid), name: value.slice(0, -labFolder.path.length - 1) }];
    });
}

/**
 * Ends processes of a lab: SIGTERM first, SIGKILL after the grace period.
 * @param which default: all.
 * @returns the processes that ran.
 * @throws Error when a killed process does not disappear.
 */
export async function endLabProcesses(
  labFolder: LabFolder,
  graceSeconds: number,
  which: (process: LabProcess) => boolean = () => true,
): Promise<LabProcess[]> {
  const remaining = async () => labProcesses(labFolder).filter(which);
  const none = (processes: LabProcess[]) => processes.length === 0;
  const processes = await remaining();
  signalAll(processes, "SIGTERM");
  const stubborn = await until(remaining, none, { seconds: graceSeconds, interval: 100 });
  if (none(stubborn)) return processes;

  const kill = async () => {
    const left = await remaining();
    signalAll(left, "SIGKILL");
    return left;
  };
  const left = await until(kill, none, { seconds: KILL_SECONDS, interval: 100 });
  if (!none(left)) {
    const names = left.map(({ name, pid }) => `${name} (${pid})`).join(", ");
    throw new Error(`killed processes still run after ${KILL_SECONDS} s: ${names}`);
  }
  return processes;
}

function signalAll(processes: LabProcess[], signal: NodeJS.Signals): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      // The process has just ended.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Variables of a process; none when it belongs to another user, has ended, or is a zombie. */
function readEnvironment(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

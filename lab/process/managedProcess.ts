import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../kubernetes/until";
import type { LabFolder } from "../labFolder";
import { mark } from "./labProcesses";
import { describeEnd, type ProcessEnd } from "./processEnd";

/** Milliseconds between two health checks. */
const POLL_INTERVAL = 100;

/** What to run. */
export interface ProcessSpec {
  /** Name in messages, and of the log: etcd, kube-apiserver-1, … */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Variables beside PATH and HOME. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Seconds from SIGTERM to SIGKILL. Default: 10. */
  readonly stopSeconds?: number | undefined;
}

/** A process of the lab, with a log file of its own. */
export class ManagedProcess {
  public readonly name: string;
  /** Fulfilled when the process has ended. */
  public readonly ended: Promise<ProcessEnd>;
  private readonly child: ChildProcess;
  private end: ProcessEnd | undefined;

  constructor(
    private readonly labFolder: LabFolder,
    private readonly spec: ProcessSpec,
  ) {
    this.name = spec.name;
    const log = openSync(labFolder.log(spec.name), "a");
    this.child = spawn(spec.program, spec.args, {
      cwd: labFolder.path,
      env: {
        PATH: process.env.PATH,
        // Programs write nothing outside the lab's folder.
        HOME: labFolder.path,
        ...spec.environment,
        ...mark(labFolder, spec.name),
      },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.ended = new Promise((resolve) => {
      this.child.once("error", (error) => resolve({ code: null, signal: null, error }));
      this.child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    void this.ended.then((end) => {
      this.end = end;
    });
  }

  /** Process id; undefined when it could not start. */
  public get pid(): number | undefined {
    return this.child.pid;
  }

  public get running(): boolean {
    return this.end === undefined;
  }

  /**
   * Waits until a health check succeeds.
   * @param check rejects while the process is not healthy.
   * @param seconds time limit.
   * @throws Error that tells an early end from a time-out, with the last error and the end of the log.
   */
  public async healthy(check: () => Promise<void>, seconds: number): Promise<void> {
    const look = async () => {
      if (this.end !== undefined) throw this.failure(`ended early (${describeEnd(this.end)})`);
      return check().then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
    };
    const options = { seconds, interval: POLL_INTERVAL };
    const problem = await until(look, (found) => found === undefined, options);
    if (problem !== undefined) {
      throw this.failure(`did not become healthy within ${seconds} s (${problem})`);
    }
  }

  /** Asks the process to end, kills it when it does not, and waits until it has ended. */
  public async stop(): Promise<void> {
    if (!this.running) return;
    this.child.kill("SIGTERM");
    const seconds = this.spec.stopSeconds ?? 10;
    await Promise.race([this.ended, sleep(seconds * 1000, undefined, { ref: false })]);
    if (this.running) this.child.kill("SIGKILL");
    await this.ended;
  }

  private failure(problem: string): Error {
    const log = this.labFolder.log(this.name);
    const tail = existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n").slice(-15) : [];
    return new Error(`${this.name} ${problem}; its log ${log} ends with:\n${tail.join("\n")}`);
  }
}

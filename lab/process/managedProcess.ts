import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { LabFolder } from "../labFolder";
import { mark } from "./labProcesses";

/** Milliseconds between two health polls. */
const POLL_INTERVAL = 100;

/** What to run. */
export interface ProcessSpec {
  /** What it is, in messages and as the name of its log: etcd, kube-apiserver-1, … */
  readonly name: string;
  /** Path of the program. */
  readonly program: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** Variables beside PATH and HOME. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Seconds that it has from SIGTERM until SIGKILL, default 10. */
  readonly stopSeconds?: number | undefined;
}

/** A process of the lab, its output in a log file of its own. */
export class ManagedProcess {
  /** What it is. */
  public readonly name: string;
  /** Fulfilled with how it ended, once it did. */
  public readonly ended: Promise<string>;
  private readonly child: ChildProcess;
  private outcome: string | undefined;

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
        // Nothing is written outside the lab.
        HOME: labFolder.path,
        ...spec.environment,
        ...mark(labFolder, spec.name),
      },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.ended = new Promise((resolve) => {
      this.child.once("error", (error) => resolve(error.message));
      this.child.once("exit", (code, signal) =>
        resolve(signal === null ? `exit code ${code}` : `signal ${signal}`),
      );
    });
    void this.ended.then((outcome) => {
      this.outcome = outcome;
    });
  }

  /** Process id; undefined when it could not be started. */
  public get pid(): number | undefined {
    return this.child.pid;
  }

  /** Whether it still runs. */
  public get running(): boolean {
    return this.outcome === undefined;
  }

  /**
   * Waits until a check succeeds.
   * @param check resolves when the process serves; while it rejects, it is asked again.
   * @param seconds how long to wait.
   * @throws Error that tells an early end from a time-out, with the last error and the end of the log.
   */
  public async healthy(check: () => Promise<void>, seconds: number): Promise<void> {
    const deadline = performance.now() + seconds * 1000;
    let last: unknown;
    while (performance.now() < deadline) {
      if (!this.running) throw this.failure(`ended early (${this.outcome})`);
      try {
        return await check();
      } catch (error) {
        last = error;
      }
      await Promise.race([sleep(POLL_INTERVAL), this.ended]);
    }
    throw this.failure(
      `did not get healthy within ${seconds} s (${last instanceof Error ? last.message : last})`,
    );
  }

  /** Asks it to end, kills it when it doesn't, and waits until it has ended. */
  public async stop(): Promise<void> {
    if (!this.running) return;
    this.child.kill("SIGTERM");
    const seconds = this.spec.stopSeconds ?? 10;
    await Promise.race([this.ended, sleep(seconds * 1000, undefined, { ref: false })]);
    if (this.running) this.child.kill("SIGKILL");
    await this.ended;
  }

  private failure(what: string): Error {
    const log = this.labFolder.log(this.spec.name);
    const tail = existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n").slice(-15) : [];
    return new Error(`${this.spec.name} ${what}; its log ${log} ends with:\n${tail.join("\n")}`);
  }
}

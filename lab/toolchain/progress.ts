import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import logUpdate from "log-update";
import { count } from "../../config";
import type { BuildProgress } from "./packageGraph";

/** Seconds between two lines where output is no terminal: a log must show that it lives. */
const LOG_INTERVAL = 30;

/** Seconds that a package took, measured on two processors, where nothing was built yet. */
const DEFAULT_SECONDS = 0.2;

/** Packages that must have been compiled before their pace says something of those to come. */
const SAMPLE = 200;

/** One line of progress of a build: on a terminal it is rewritten every second, in a log it is repeated now and then. */
export class Progress {
  private readonly started = performance.now();
  private readonly timer: NodeJS.Timeout;
  private readonly terminal = process.stdout.isTTY;
  private compilingSince = this.started;
  private progress: BuildProgress = { packages: 0, done: 0, compiled: 0 };

  /**
   * @param secondsPerPackage what a package took last time.
   * @param log where a line goes.
   */
  constructor(
    private readonly secondsPerPackage: number,
    private readonly log: (line: string) => void,
  ) {
    this.timer = setInterval(() => this.print(), this.terminal ? 1000 : LOG_INTERVAL * 1000);
    this.timer.unref();
  }

  /** Takes note of how far the build is. */
  update(progress: BuildProgress): void {
    const first = this.progress.packages === 0;
    this.progress = progress;
    if (!first) return;
    this.compilingSince = performance.now();
    this.print();
  }

  /** Ends the line, and says how long it took. */
  end(outcome: string): void {
    clearInterval(this.timer);
    if (this.terminal) logUpdate.clear();
    this.log(`toolchain: ${outcome} after ${minutes(this.seconds)}`);
  }

  /** Seconds that a package took this time; undefined when too few were compiled to tell. */
  get pace(): number | undefined {
    const { compiled } = this.progress;
    return compiled < SAMPLE ? undefined : secondsSince(this.compilingSince) / compiled;
  }

  private get seconds(): number {
    return secondsSince(this.started);
  }

  private print(): void {
    const line = describe(this.progress, this.seconds, this.pace ?? this.secondsPerPackage);
    if (this.terminal) logUpdate(line);
    else this.log(line);
  }
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

/** What a build is at, in one line. */
export function describe(
  { packages, done, compiled }: BuildProgress,
  seconds: number,
  secondsPerPackage: number,
): string {
  if (packages === 0) return `toolchain: fetching Go modules, ${minutes(seconds)} so far`;
  const left = minutes((packages - done) * secondsPerPackage);
  return (
    `toolchain: ${done} of ${packages} packages (${Math.floor((done / packages) * 100)} %), ${compiled} compiled, ` +
    `${minutes(seconds)} so far, ${done === packages ? "linking" : `about ${left} left`}`
  );
}

/** A time for people: 40 seconds, 12 minutes. */
export function minutes(seconds: number): string {
  if (seconds < 90) return count(Math.ceil(seconds), "second");
  return count(Math.round(seconds / 60), "minute");
}

/** What a package took to build, from one build to the next. */
export class Pace {
  private readonly file: string;

  /** @param folder folder of the cache. */
  constructor(folder: string) {
    this.file = join(folder, "timings", "seconds-per-package");
  }

  /** Seconds, of the last build; of another machine's if none was measured here. */
  async read(): Promise<number> {
    const text = await readFile(this.file, "utf8").catch(() => "");
    return Number(text) || DEFAULT_SECONDS;
  }

  /** Remembers the seconds for the next build. */
  async write(seconds: number): Promise<void> {
    await mkdir(dirname(this.file), { recursive: true });
    await writeFile(this.file, String(seconds));
  }
}

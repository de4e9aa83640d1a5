/** Seconds between two lines about the same thing where output is no terminal (a log must show that it lives). */
const LOG_INTERVAL = 20;

/** One line of progress: on a terminal it is rewritten every second, in a log it is repeated now and then. */
export class Progress {
  private readonly started = performance.now();
  private readonly timer: NodeJS.Timeout;
  private readonly terminal = process.stdout.isTTY;

  /**
   * @param what what is going on, e.g. "[2/9] kube-apiserver v1.36.3".
   * @param lastSeconds seconds that the same took last time, if known.
   * @param log where a line goes.
   */
  constructor(
    private readonly what: string,
    private readonly lastSeconds: number | undefined,
    private readonly log: (line: string) => void,
  ) {
    this.print();
    this.timer = setInterval(() => this.print(), this.terminal ? 1000 : LOG_INTERVAL * 1000);
    this.timer.unref();
  }

  /** Ends the line. */
  end(outcome: string): void {
    clearInterval(this.timer);
    this.log(`${this.terminal ? "\r\x1b[K" : ""}${this.what}: ${outcome}`);
  }

  private print(): void {
    const elapsed = Math.round((performance.now() - this.started) / 1000);
    const last = this.lastSeconds === undefined ? "" : `, last time ${this.lastSeconds} s`;
    const line = `${this.what}: building, ${elapsed} s${last}`;
    if (this.terminal) process.stdout.write(`\r\x1b[K${line}`);
    else this.log(line);
  }
}

import { request as http } from "node:http";
import { request as https } from "node:https";
import { connect } from "node:net";
import type { V1ContainerPort, V1Probe } from "@kubernetes/client-node";

/** What a probe is made from. */
export interface ProbeArgs {
  /** What to ask, how often, and how many answers count; a kubelet's defaults apply. */
  readonly spec: V1Probe;
  /** The pod's address. */
  readonly address: string;
  /** The container's ports, for those that have names. */
  readonly ports: readonly V1ContainerPort[];
  /** Called whenever what it says has changed, and with the first answer that counts. */
  readonly told: (is: boolean) => void;
}

/** Asks a container after its health, as a kubelet does: by HTTP or TCP. */
export class Probe {
  private stopped = false;
  private said: boolean | undefined;
  private sameAnswers = 0;
  private lastAnswer: boolean | undefined;
  private timer: NodeJS.Timeout;

  constructor(private readonly args: ProbeArgs) {
    this.timer = setTimeout(() => void this.ask(), 1000 * (args.spec.initialDelaySeconds ?? 0));
  }

  /** Asks no more. */
  public stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async ask(): Promise<void> {
    const { spec, told } = this.args;
    const answer = await this.answer().then(
      () => true,
      () => false,
    );
    if (this.stopped) return;
    this.sameAnswers = answer === this.lastAnswer ? this.sameAnswers + 1 : 1;
    this.lastAnswer = answer;
    const needed = answer ? (spec.successThreshold ?? 1) : (spec.failureThreshold ?? 3);
    if (answer !== this.said && this.sameAnswers >= needed) {
      this.said = answer;
      told(answer);
    }
    // What is not well yet is asked every second: a lab has less patience than a cluster.
    const seconds = this.said === true ? (spec.periodSeconds ?? 10) : 1;
    if (!this.stopped) this.timer = setTimeout(() => void this.ask(), 1000 * seconds);
  }

  private answer(): Promise<void> {
    const { spec, address } = this.args;
    const timeout = 1000 * (spec.timeoutSeconds ?? 1);
    if (spec.httpGet !== undefined) {
      const { host = address, port, path = "/", scheme = "HTTP", httpHeaders = [] } = spec.httpGet;
      const headers = Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value]));
      const options = {
        host,
        port: this.port(port),
        path,
        headers,
        timeout,
        rejectUnauthorized: false,
      };
      return new Promise((resolve, reject) => {
        const asked = (scheme === "HTTPS" ? https : http)(options, (response) => {
          response.resume();
          const { statusCode = 0 } = response;
          if (statusCode >= 200 && statusCode < 400) resolve();
          else reject(new Error(`HTTP ${statusCode}`));
        });
        asked.on("timeout", () => asked.destroy(new Error("no answer in time")));
        asked.on("error", reject);
        asked.end();
      });
    }
    if (spec.tcpSocket !== undefined) {
      const { host = address, port } = spec.tcpSocket;
      return new Promise((resolve, reject) => {
        const socket = connect({ host, port: this.port(port), timeout }, () => {
          socket.destroy();
          resolve();
        });
        socket.on("timeout", () => socket.destroy(new Error("no answer in time")));
        socket.on("error", reject);
      });
    }
    return Promise.reject(new Error("the lab asks by HTTP and TCP only"));
  }

  private port(port: string | number): number {
    const named = this.args.ports.find(({ name }) => name === port);
    return named?.containerPort ?? Number(port);
  }
}

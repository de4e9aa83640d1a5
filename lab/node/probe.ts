import { request as http } from "node:http";
import { request as https } from "node:https";
import { connect } from "node:net";
import type { V1ContainerPort, V1Probe } from "@kubernetes/client-node";
import { pause } from "../process/pause";

export interface ProbeArgs {
  /** A kubelet's defaults apply. */
  readonly spec: V1Probe;
  /** Address of the pod. */
  readonly address: string;
  /** The container's ports, of which a probe may use the names. */
  readonly ports: readonly V1ContainerPort[];
  /** Called with the first result, and whenever the result has changed. */
  readonly onChange: (healthy: boolean) => void;
}

/** A container's readiness, liveness or startup probe, by HTTP or TCP. */
export class Probe {
  private readonly stopped = new AbortController();
  private result: boolean | undefined;

  constructor(private readonly args: ProbeArgs) {
    void this.run();
  }

  public stop(): void {
    this.stopped.abort();
  }

  private async run(): Promise<void> {
    const { spec, onChange } = this.args;
    const { signal } = this.stopped;
    let last: boolean | undefined;
    let sameInARow = 0;
    await pause(1000 * (spec.initialDelaySeconds ?? 0), signal);
    while (!signal.aborted) {
      const success = await this.request().then(
        () => true,
        () => false,
      );
      if (signal.aborted) return;
      sameInARow = success === last ? sameInARow + 1 : 1;
      last = success;
      const threshold = success ? (spec.successThreshold ?? 1) : (spec.failureThreshold ?? 3);
      if (success !== this.result && sameInARow >= threshold) {
        this.result = success;
        onChange(success);
      }
      // An unhealthy container is probed every second: a lab has less patience than a cluster.
      const seconds = this.result === true ? (spec.periodSeconds ?? 10) : 1;
      await pause(1000 * seconds, signal);
    }
  }

  /** Resolves when the container answers well. */
  private request(): Promise<void> {
    const { spec, address } = this.args;
    const timeout = 1000 * (spec.timeoutSeconds ?? 1);
    if (spec.httpGet !== undefined) {
      const { host = address, port, path = "/", scheme = "HTTP", httpHeaders = [] } = spec.httpGet;
      const headers = Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value]));
      const options = {
        host,
        port: this.portNumber(port),
        path,
        headers,
        timeout,
        rejectUnauthorized: false,
      };
      return new Promise((resolve, reject) => {
        const request = (scheme === "HTTPS" ? https : http)(options, (response) => {
          response.resume();
          const { statusCode = 0 } = response;
          if (statusCode >= 200 && statusCode < 400) resolve();
          else reject(new Error(`HTTP ${statusCode}`));
        });
        request.on("timeout", () => request.destroy(new Error("no answer in time")));
        request.on("error", reject);
        request.end();
      });
    }
    if (spec.tcpSocket !== undefined) {
      const { host = address, port } = spec.tcpSocket;
      return new Promise((resolve, reject) => {
        const socket = connect({ host, port: this.portNumber(port), timeout }, () => {
          socket.destroy();
          resolve();
        });
        socket.on("timeout", () => socket.destroy(new Error("no answer in time")));
        socket.on("error", reject);
      });
    }
    return Promise.reject(new Error("the lab supports HTTP and TCP probes only"));
  }

  private portNumber(port: string | number): number {
    const named = this.args.ports.find(({ name }) => name === port);
    return named?.containerPort ?? Number(port);
  }
}

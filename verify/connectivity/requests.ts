import type { CoreV1Api } from "@kubernetes/client-node";
import { ignoreNotFound } from "../../kubernetes/client";
import { until } from "../../kubernetes/until";
import { failed, passed, unknown, type Verdict } from "../checks/check";
import { serviceIps } from "../facts/loadBalancers";
import { interfaceTo, requestHardwareAddresses } from "./arpRequest";

/** Milliseconds between two requests. */
const INTERVAL = 250;

/** Milliseconds until an HTTP request is given up; on a LAN an answer takes one or two. */
const HTTP_TIMEOUT = 2000;

/** A connectivity test that runs. */
export interface TestRun {
  readonly core: CoreV1Api;
  /** Namespace of its objects. */
  readonly namespace: string;
  /** When it created them, by performance.now(). */
  readonly began: number;
  readonly image: string;
  /** Seconds that each step may take. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

/** Address of a Service; undefined when it gets none in time. */
export function waitForAddress(run: TestRun, name: string): Promise<string | undefined> {
  const { core, namespace } = run;
  return untilDefined(run, async () => {
    const service = await ignoreNotFound(() => core.readNamespacedService({ namespace, name }));
    return service === undefined ? undefined : serviceIps(service)[0];
  });
}

/** Sends HTTP requests to an address until the echo workload answers. */
export async function requestHttp(run: TestRun, address: string): Promise<Verdict> {
  const url = `http://${address.includes(":") ? `[${address}]` : address}/hostname`;
  let problem = "";
  const answer = await untilDefined(run, async () => {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(HTTP_TIMEOUT) });
      const text = (await response.text()).trim();
      if (response.ok) return text;
      problem = `HTTP ${response.status}`;
    } catch (error) {
      const { cause, message } = error as Error;
      problem = cause instanceof Error ? cause.message : message;
    }
    return undefined;
  });
  if (answer !== undefined) return passed(`${answer} answered ${timeSinceRequest(run)}`);
  return failed({
    seen: `${url}: no answer within ${run.timeoutSeconds} s (${problem})`,
    expected: "an answer of the echo workload",
    next: `check that this machine reaches the LAN (ip route get ${address}), that the workload runs (its image: ${run.image}), and which node holds the lease (service-leases, service-announcements)`,
  });
}

/** Sends ARP requests for an address: exactly one hardware address may answer. */
export async function requestArp(address: string): Promise<Verdict> {
  const device = interfaceTo(address);
  if (device === undefined) {
    return unknown(`${address} is on no network of this machine; run it on the LAN`);
  }
  let answers: string[];
  try {
    answers = await requestHardwareAddresses(address, device);
  } catch (error) {
    return unknown((error as Error).message);
  }
  if (answers.length === 1) return passed(`${address} is at ${answers[0]}`);
  return failed({
    seen: `${address}: ${answers.length === 0 ? "no machine answers" : `${answers.join(" and ")} answer`} ARP`,
    expected: "one hardware address",
    next:
      answers.length === 0
        ? "see which node holds the lease, and on which device it announces (service-leases, service-announcements)"
        : "find the other machine with the address: a DHCP server's range or another cluster's pool may contain it",
  });
}

/** Time since the test created its objects: 2.3 s after the request. */
export function timeSinceRequest({ began }: TestRun): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s after the request`;
}

/** The first answer that is defined; undefined when there is none in time. */
function untilDefined<T>(
  { timeoutSeconds, signal }: TestRun,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const options = { seconds: timeoutSeconds, interval: INTERVAL, signal };
  return until(look, (answer) => answer !== undefined, options);
}

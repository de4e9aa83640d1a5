import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { CoreV1Api, type KubeConfig, KubernetesObjectApi } from "@kubernetes/client-node";
import { retryTransient, unlessGone } from "../../kubernetes/client";
import type { Result } from "../checks";
import type { Finding, Verdict } from "../checks/check";
import { arpAnswers, interfaceTo } from "./arp";
import { PROOF_LABEL, proofObjects } from "./manifests";

/** Milliseconds between two questions. */
const INTERVAL = 250;

/** Milliseconds that an answer over TCP may take; on a LAN it takes one or two. */
const ANSWER_TIMEOUT = 2000;

/** Seconds that a namespace has to go away. */
const CLEANUP_SECONDS = 120;

/** Milliseconds after which a proof's namespace belongs to none that still runs: it ends within a few minutes. */
const ABANDONED = 15 * 60_000;

/** How to prove. */
export interface ProofOptions {
  /** Image of agnhost, from a registry that the nodes reach. */
  readonly image: string;
  /** Seconds that each step may take, the pull of the image among them. */
  readonly timeoutSeconds: number;
  /** What the check of Cilium's GatewayClass came to; a Gateway is asked for only when it passed. */
  readonly gatewayClass: Verdict;
  /** Ends it early when it fires; what was made is removed all the same. */
  readonly signal: AbortSignal;
  /** Checks that cannot be made here, by name, and why. */
  readonly notHere: ReadonlyMap<string, string>;
  /** Told what goes on. */
  readonly progress?: (line: string) => void;
}

/** The proof's own checks. */
const CHECKS = {
  address: ["active-address", "a new LoadBalancer Service gets an address"],
  tcp: ["active-tcp", "the address answers over TCP, from here"],
  arp: ["active-arp", "one node answers ARP for the address, from here"],
  gatewayAddress: ["active-gateway-address", "a new Gateway gets an address"],
  gatewayHttp: ["active-gateway-http", "the Gateway answers over HTTP, from here"],
} as const;

const GATEWAY_CHECKS = [CHECKS.gatewayAddress, CHECKS.gatewayHttp];

/** Names and titles of the proof's checks. */
export const PROOF_CHECKS = Object.values(CHECKS).map(([name, title]) => ({ name, title }));

/** The proof's checks where nothing can answer. */
export function notProvable(why: string): Result[] {
  return Object.values(CHECKS).map((check) =>
    result(check, { outcome: "not checkable here", detail: why }),
  );
}

/**
 * Makes an echo workload with an address and a Gateway, asks both from here, and removes everything again, whatever
 * happens; what an earlier, interrupted proof left, too.
 * @throws Error when objects cannot be made or removed.
 */
export async function prove(cluster: KubeConfig, options: ProofOptions): Promise<Result[]> {
  const core = cluster.makeApiClient(CoreV1Api);
  const objects = KubernetesObjectApi.makeApiClient(cluster);
  await removeNamespaces(core, await abandoned(core), options);
  const namespace = `talos-cilium-proof-${randomBytes(3).toString("hex")}`;
  try {
    await core.createNamespace({
      body: { metadata: { name: namespace, labels: { [PROOF_LABEL]: "true" } } },
    });
    const began = performance.now();
    const withGateway = options.gatewayClass.outcome === "passed";
    for (const object of proofObjects(namespace, options.image, withGateway)) {
      await retryTransient(() => objects.create(object));
    }
    const ofService = await proveService(core, namespace, began, options);
    const hasAddress = ofService.every(({ verdict }) => verdict.outcome !== "not judged");
    // Where a Service gets no address, a Gateway's Service gets none either.
    const ofGateway = hasAddress
      ? await proveGateway(core, namespace, began, options)
      : GATEWAY_CHECKS.map((check) => result(check, needs(CHECKS.address[0])));
    return [...ofService, ...ofGateway];
  } finally {
    await removeNamespaces(core, [namespace], options);
  }
}

/** Names of the namespaces that interrupted proofs left. */
async function abandoned(core: CoreV1Api): Promise<string[]> {
  const { items } = await retryTransient(() => core.listNamespace({ labelSelector: PROOF_LABEL }));
  return items
    .filter(({ metadata }) => Date.now() - Number(metadata?.creationTimestamp) > ABANDONED)
    .map(({ metadata }) => metadata?.name ?? "");
}

async function proveService(
  core: CoreV1Api,
  namespace: string,
  began: number,
  options: ProofOptions,
): Promise<Result[]> {
  options.progress?.("waiting for a Service's address");
  const address = await addressOf(core, namespace, "echo", options);
  if (address === undefined) {
    return [
      result(CHECKS.address, noAddress("Service", namespace, options)),
      ...[CHECKS.tcp, CHECKS.arp].map((check) => result(check, needs(CHECKS.address[0]))),
    ];
  }
  const given = secondsSince(began);
  options.progress?.(`asking ${address}`);
  const tcp = await unlessNotHere(CHECKS.tcp, options, () => firstAnswer(address, began, options));
  const arp = await unlessNotHere(CHECKS.arp, options, () => proveArp(address));
  return [
    result(CHECKS.address, {
      outcome: "passed",
      detail: `${address}, ${given} after it was asked for`,
    }),
    result(CHECKS.tcp, tcp),
    result(CHECKS.arp, arp),
  ];
}

async function proveGateway(
  core: CoreV1Api,
  namespace: string,
  began: number,
  options: ProofOptions,
): Promise<Result[]> {
  const { gatewayClass } = options;
  if (gatewayClass.outcome !== "passed") {
    const verdict = gatewayClass.outcome === "failed" ? needs("gateway-class") : gatewayClass;
    return GATEWAY_CHECKS.map((check) => result(check, verdict));
  }
  options.progress?.("waiting for a Gateway's address");
  // Cilium's operator makes a Service of this name for a Gateway.
  const address = await addressOf(core, namespace, "cilium-gateway-echo", options);
  if (address === undefined) {
    return [
      result(CHECKS.gatewayAddress, noAddress("Gateway", namespace, options)),
      result(CHECKS.gatewayHttp, needs(CHECKS.gatewayAddress[0])),
    ];
  }
  options.progress?.(`asking ${address}`);
  return [
    result(CHECKS.gatewayAddress, {
      outcome: "passed",
      detail: `${address}, ${secondsSince(began)} after it was asked for`,
    }),
    result(
      CHECKS.gatewayHttp,
      await unlessNotHere(CHECKS.gatewayHttp, options, () => firstAnswer(address, began, options)),
    ),
  ];
}

/** Address that a Service is given; undefined when it is given none in time. */
function addressOf(
  core: CoreV1Api,
  namespace: string,
  name: string,
  options: ProofOptions,
): Promise<string | undefined> {
  return untilTimeout(options, async () => {
    const service = await unlessGone(() => core.readNamespacedService({ namespace, name }));
    return service?.status?.loadBalancer?.ingress?.[0]?.ip;
  });
}

/** Asks an address over HTTP until the echo workload answers. */
async function firstAnswer(
  address: string,
  began: number,
  options: ProofOptions,
): Promise<Verdict> {
  const url = `http://${address.includes(":") ? `[${address}]` : address}/hostname`;
  let last = "";
  const answer = await untilTimeout(options, async () => {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT) });
      const text = (await response.text()).trim();
      if (response.ok) return text;
      last = `HTTP ${response.status}`;
    } catch (error) {
      const { cause, message } = error as Error;
      last = cause instanceof Error ? cause.message : message;
    }
    return undefined;
  });
  if (answer !== undefined) {
    return {
      outcome: "passed",
      detail: `${answer} answered ${secondsSince(began)} after it was asked for`,
    };
  }
  return failed({
    seen: `${url}: no answer within ${options.timeoutSeconds} s (${last})`,
    expected: "an answer of the echo workload",
    next: `see whether this machine reaches the LAN (ip route get ${address}), whether the workload runs (its image: ${options.image}), and who has the lease (service-leases, service-announcements)`,
  });
}

async function proveArp(address: string): Promise<Verdict> {
  const device = interfaceTo(address);
  if (device === undefined) {
    return {
      outcome: "not checkable here",
      detail: `${address} is on no network of this machine; run it on the LAN`,
    };
  }
  let answers: string[];
  try {
    answers = await arpAnswers(address, device);
  } catch (error) {
    return { outcome: "not checkable here", detail: (error as Error).message };
  }
  if (answers.length === 1) return { outcome: "passed", detail: `${address} is at ${answers[0]}` };
  return failed({
    seen: `${address}: ${answers.length === 0 ? "nobody answers" : `${answers.join(" and ")} answer`} ARP`,
    expected: "one hardware address",
    next:
      answers.length === 0
        ? "see who has the lease and on which device (service-leases, service-announcements)"
        : "find the other owner of the address: a DHCP server's range, another cluster's pool",
  });
}

/** Removes namespaces, and waits until they are gone: the addresses are free again then. */
async function removeNamespaces(
  core: CoreV1Api,
  names: readonly string[],
  { progress }: ProofOptions,
): Promise<void> {
  if (names.length > 0) progress?.("removing what the proof made");
  for (const name of names) await unlessGone(() => core.deleteNamespace({ name }));
  const deadline = performance.now() + CLEANUP_SECONDS * 1000;
  for (const name of names) {
    while ((await unlessGone(() => core.readNamespace({ name }))) !== undefined) {
      if (performance.now() > deadline) {
        throw new Error(
          `the proof's namespace was not removed within ${CLEANUP_SECONDS} s (${name}); see kubectl get namespace ${name} -o yaml`,
        );
      }
      await sleep(INTERVAL);
    }
  }
}

/** Asks again and again until there is an answer; undefined when there is none in time. */
async function untilTimeout<T>(
  { timeoutSeconds, signal }: ProofOptions,
  ask: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    signal.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined || performance.now() > deadline) return answer;
    await sleep(INTERVAL);
  }
}

async function unlessNotHere(
  [name]: readonly [string, string],
  { notHere }: ProofOptions,
  check: () => Promise<Verdict>,
): Promise<Verdict> {
  const why = notHere.get(name);
  return why === undefined ? check() : { outcome: "not checkable here", detail: why };
}

function secondsSince(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(1)} s`;
}

function noAddress(kind: string, namespace: string, { timeoutSeconds }: ProofOptions): Verdict {
  return failed({
    seen: `${kind} ${namespace}/echo: no address within ${timeoutSeconds} s`,
    expected: "an address of a pool",
    next: "kubectl -n kube-system logs deployment/cilium-operator; kubectl get ciliumloadbalancerippools",
  });
}

function needs(name: string): Verdict {
  return { outcome: "not judged", detail: `${name} failed` };
}

function failed(finding: Finding): Verdict {
  return { outcome: "failed", findings: [finding] };
}

function result([name, title]: readonly [string, string], verdict: Verdict): Result {
  return { check: { name, title }, verdict };
}

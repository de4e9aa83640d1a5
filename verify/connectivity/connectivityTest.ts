import { randomBytes } from "node:crypto";
import { CoreV1Api, type KubeConfig, KubernetesObjectApi } from "@kubernetes/client-node";
import { ignoreNotFound, retryTransient } from "../../kubernetes/client";
import { until } from "../../kubernetes/until";
import type { Result } from "../checks";
import { type Finding, skipped, unknown, type Verdict } from "../checks/check";
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
  /** Checks to leave out: reasons by name. */
  readonly skip: ReadonlyMap<string, string>;
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
  return Object.values(CHECKS).map((check) => result(check, unknown(why)));
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
    const hasAddress = ofService[0]?.verdict.outcome === "passed";
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
  const tcp = await unlessSkipped(CHECKS.tcp, options, () => firstAnswer(address, began, options));
  const arp = await unlessSkipped(CHECKS.arp, options, () => proveArp(address));
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
      await unlessSkipped(CHECKS.gatewayHttp, options, () => firstAnswer(address, began, options)),
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
    const service = await ignoreNotFound(() => core.readNamespacedService({ namespace, name }));
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
    return unknown(`${address} is on no network of this machine; run it on the LAN`);
  }
  let answers: string[];
  try {
    answers = await arpAnswers(address, device);
  } catch (error) {
    return unknown((error as Error).message);
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
  for (const name of names) await ignoreNotFound(() => core.deleteNamespace({ name }));
  const left = await until(
    async () => {
      const found = names.map((name) => ignoreNotFound(() => core.readNamespace({ name })));
      return (await Promise.all(found)).flatMap((namespace) => namespace?.metadata?.name ?? []);
    },
    (found) => found.length === 0,
    { seconds: CLEANUP_SECONDS, interval: INTERVAL },
  );
  if (left.length > 0) {
    throw new Error(
      `the proof's namespace was not removed within ${CLEANUP_SECONDS} s (${left.join(", ")}); see kubectl get namespace ${left[0]} -o yaml`,
    );
  }
}

/** Looks until there is an answer; undefined when there is none in time. */
function untilTimeout<T>(
  { timeoutSeconds, signal }: ProofOptions,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  return until(look, (answer) => answer !== undefined, {
    seconds: timeoutSeconds,
    interval: INTERVAL,
    signal,
  });
}

async function unlessSkipped(
  [name]: readonly [string, string],
  { skip }: ProofOptions,
  check: () => Promise<Verdict>,
): Promise<Verdict> {
  const reason = skip.get(name);
  return reason === undefined ? check() : skipped(reason);
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
  return skipped(`${name} failed`);
}

function failed(finding: Finding): Verdict {
  return { outcome: "failed", findings: [finding] };
}

function result([name, title]: readonly [string, string], verdict: Verdict): Result {
  return { check: { name, title }, verdict };
}

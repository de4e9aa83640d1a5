import { randomBytes } from "node:crypto";
import { CoreV1Api, type KubeConfig, KubernetesObjectApi } from "@kubernetes/client-node";
import { ignoreNotFound, retryTransient } from "../../kubernetes/client";
import { until } from "../../kubernetes/until";
import type { Result } from "../checks";
import { failed, passed, skipped, unknown, type Verdict } from "../checks/check";
import {
  requestArp,
  requestHttp,
  type TestRun,
  timeSinceRequest,
  waitForAddress,
} from "./requests";
import { gatewayObjects, serviceObjects, TEST_LABEL } from "./testObjects";

/** Seconds that the deletion of a namespace may take. */
const CLEANUP_SECONDS = 120;

/** Milliseconds between two looks for a namespace that is being deleted. */
const CLEANUP_INTERVAL = 250;

/** Age in milliseconds at which a namespace belongs to an interrupted test: one that runs ends within a few minutes. */
const ABANDONED_AGE = 15 * 60_000;

export interface ConnectivityTestOptions {
  /** Image of agnhost, from a registry that the nodes reach. */
  readonly image: string;
  /** Seconds that each step may take, the pull of the image included. */
  readonly timeoutSeconds: number;
  /** Verdict of the check gateway-class: only if it passed, a Gateway is tested. */
  readonly gatewayClass: Verdict;
  /** Ends the test early when it is aborted; the namespace is deleted all the same. */
  readonly signal: AbortSignal;
  /** Checks to leave out: their names, with reasons. */
  readonly skip: ReadonlyMap<string, string>;
  /** Called with a progress message. */
  readonly onProgress?: (message: string) => void;
}

type Run = ConnectivityTestOptions & TestRun;

const CHECKS = {
  address: { name: "connectivity-address", title: "a new LoadBalancer Service gets an address" },
  tcp: { name: "connectivity-tcp", title: "the Service answers over TCP, from this machine" },
  arp: { name: "connectivity-arp", title: "exactly one node answers ARP for the address" },
  gatewayAddress: { name: "connectivity-gateway-address", title: "a new Gateway gets an address" },
  gatewayHttp: {
    name: "connectivity-gateway-http",
    title: "the Gateway answers over HTTP, from this machine",
  },
} as const;

/** Names and titles of the checks that the test makes. */
export const connectivityChecks = Object.values(CHECKS);

const GATEWAY_CHECKS = [CHECKS.gatewayAddress, CHECKS.gatewayHttp];

/** Results where nothing can answer. */
export function unknownConnectivity(reason: string): Result[] {
  return connectivityChecks.map((check) => ({ check, verdict: unknown(reason) }));
}

/**
 * Creates an echo workload with a Service and a Gateway in a namespace of its own, sends requests to both from this
 * machine, and deletes the namespace whatever happens, and namespaces that interrupted tests left.
 * @throws Error when an object cannot be created, or a namespace not deleted.
 */
export async function testConnectivity(
  cluster: KubeConfig,
  options: ConnectivityTestOptions,
): Promise<Result[]> {
  const core = cluster.makeApiClient(CoreV1Api);
  const objectApi = KubernetesObjectApi.makeApiClient(cluster);
  await deleteNamespaces(core, await abandonedNamespaces(core), options);
  const namespace = `talos-cilium-test-${randomBytes(3).toString("hex")}`;
  try {
    await core.createNamespace({
      body: { metadata: { name: namespace, labels: { [TEST_LABEL]: "true" } } },
    });
    const run: Run = { ...options, core, namespace, began: performance.now() };
    const objects = [
      ...serviceObjects(namespace, options.image),
      ...(options.gatewayClass.outcome === "passed" ? gatewayObjects(namespace) : []),
    ];
    for (const object of objects) await retryTransient(() => objectApi.create(object));
    const service = await testService(run);
    // Where a Service gets no address, the Service of a Gateway gets none either.
    const gateway =
      service[0]?.verdict.outcome === "passed"
        ? await testGateway(run)
        : GATEWAY_CHECKS.map((check) => ({ check, verdict: skippedAfter(CHECKS.address) }));
    return [...service, ...gateway];
  } finally {
    await deleteNamespaces(core, [namespace], options);
  }
}

async function testService(run: Run): Promise<Result[]> {
  run.onProgress?.("waiting for the Service's address");
  const address = await waitForAddress(run, "echo");
  if (address === undefined) {
    return [
      { check: CHECKS.address, verdict: noAddress("Service", run) },
      { check: CHECKS.tcp, verdict: skippedAfter(CHECKS.address) },
      { check: CHECKS.arp, verdict: skippedAfter(CHECKS.address) },
    ];
  }
  const verdict = passed(`${address}, ${timeSinceRequest(run)}`);
  run.onProgress?.(`sending requests to ${address}`);
  return [
    { check: CHECKS.address, verdict },
    await unlessSkipped(CHECKS.tcp, run, () => requestHttp(run, address)),
    await unlessSkipped(CHECKS.arp, run, () => requestArp(address)),
  ];
}

async function testGateway(run: Run): Promise<Result[]> {
  const { gatewayClass } = run;
  if (gatewayClass.outcome !== "passed") {
    const verdict =
      gatewayClass.outcome === "failed" ? skippedAfter({ name: "gateway-class" }) : gatewayClass;
    return GATEWAY_CHECKS.map((check) => ({ check, verdict }));
  }
  run.onProgress?.("waiting for the Gateway's address");
  // Cilium's operator makes a Service of this name for the Gateway echo.
  const address = await waitForAddress(run, "cilium-gateway-echo");
  if (address === undefined) {
    return [
      { check: CHECKS.gatewayAddress, verdict: noAddress("Gateway", run) },
      { check: CHECKS.gatewayHttp, verdict: skippedAfter(CHECKS.gatewayAddress) },
    ];
  }
  const verdict = passed(`${address}, ${timeSinceRequest(run)}`);
  run.onProgress?.(`sending requests to ${address}`);
  return [
    { check: CHECKS.gatewayAddress, verdict },
    await unlessSkipped(CHECKS.gatewayHttp, run, () => requestHttp(run, address)),
  ];
}

async function abandonedNamespaces(core: CoreV1Api): Promise<string[]> {
  const { items } = await retryTransient(() => core.listNamespace({ labelSelector: TEST_LABEL }));
  return items
    .filter(({ metadata }) => Date.now() - Number(metadata?.creationTimestamp) > ABANDONED_AGE)
    .map(({ metadata }) => metadata?.name ?? "");
}

/** Deletes namespaces and waits until they are gone: then their addresses are free again. */
async function deleteNamespaces(
  core: CoreV1Api,
  names: readonly string[],
  { onProgress }: ConnectivityTestOptions,
): Promise<void> {
  if (names.length > 0) onProgress?.("deleting the test's namespace");
  for (const name of names) await ignoreNotFound(() => core.deleteNamespace({ name }));
  const left = await until(
    async () => {
      const reads = names.map((name) => ignoreNotFound(() => core.readNamespace({ name })));
      return (await Promise.all(reads)).flatMap((namespace) => namespace?.metadata?.name ?? []);
    },
    (found) => found.length === 0,
    { seconds: CLEANUP_SECONDS, interval: CLEANUP_INTERVAL },
  );
  if (left.length > 0) {
    throw new Error(
      `the test's namespace was not deleted within ${CLEANUP_SECONDS} s (${left.join(", ")}); see kubectl get namespace ${left[0]} -o yaml`,
    );
  }
}

async function unlessSkipped(
  check: Result["check"],
  { skip }: Run,
  request: () => Promise<Verdict>,
): Promise<Result> {
  const reason = skip.get(check.name);
  return { check, verdict: reason === undefined ? await request() : skipped(reason) };
}

function noAddress(kind: string, { namespace, timeoutSeconds }: Run): Verdict {
  return failed({
    seen: `${kind} ${namespace}/echo: no address within ${timeoutSeconds} s`,
    expected: "an address of a pool",
    next: "kubectl -n kube-system logs deployment/cilium-operator; kubectl get ciliumloadbalancerippools",
  });
}

function skippedAfter({ name }: { readonly name: string }): Verdict {
  return skipped(`${name} failed`);
}

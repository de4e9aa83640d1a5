import type { KubeConfig } from "@kubernetes/client-node";
import type { Settings } from "../config";
import { until } from "../kubernetes/until";
import { judgeFacts, type Result } from "./checks";
import type { CustomResource, Facts } from "./facts/facts";
import { fetchAgentAnswers, fetchClusterFacts } from "./facts/fetch";
import { fetchKubePrism } from "./facts/talosctl";

/** Milliseconds between two looks at a cluster in which a check fails. */
const INTERVAL = 2000;

export interface VerifyOptions {
  /** What the cluster is compared with. */
  readonly settings: Settings;
  /** Seconds that failing checks have to pass. Default 0: one look decides. */
  readonly waitSeconds?: number;
  /** Context of talosconfig, with which talosctl is asked for KubePrism. Default: it is not asked. */
  readonly talosContext?: string | undefined;
  /** Checks to leave out: their names, with reasons. Default: none. */
  readonly skip?: ReadonlyMap<string, string>;
  /**
   * Whether an update goes on, whose engine removes last what is no longer in the stack: pools and policies that Pulumi has
   * made, and that the settings do not have, are looked past. Default: no.
   */
  readonly duringUpdate?: boolean;
  /** Called with a progress message, and after each look with its results. */
  readonly onProgress?: (message: string, results?: readonly Result[]) => void;
}

/**
 * Runs every check, again and again until none fails or the time is over. It changes nothing in the cluster.
 * @throws Error when the Kubernetes API does not answer.
 */
export async function verify(cluster: KubeConfig, options: VerifyOptions): Promise<Result[]> {
  const look = async () => {
    const found = await fetchFacts(cluster, options);
    const facts = options.duringUpdate ? withoutLeaving(found, options.settings) : found;
    const results = judgeFacts(facts, options.settings, options.skip);
    const failed = failedChecks(results);
    if (failed.length > 0) options.onProgress?.(`failed so far: ${failed.join(", ")}`, results);
    return results;
  };
  return until(look, (results) => failedChecks(results).length === 0, {
    seconds: options.waitSeconds ?? 0,
    interval: INTERVAL,
  });
}

function withoutLeaving(facts: Facts, { loadBalancing }: Settings): Facts {
  const isLeaving = ({ metadata }: CustomResource, stays: readonly { name: string }[]) =>
    metadata?.managedFields?.some(({ manager }) => manager?.startsWith("pulumi-kubernetes")) &&
    !stays.some(({ name }) => name === metadata.name);
  return {
    ...facts,
    pools: facts.pools.filter((pool) => !isLeaving(pool, loadBalancing.pools)),
    policies: facts.policies.filter((policy) => !isLeaving(policy, loadBalancing.policies)),
  };
}

function failedChecks(results: readonly Result[]): string[] {
  return results.flatMap(({ check, verdict }) => (verdict.outcome === "failed" ? check.name : []));
}

async function fetchFacts(
  cluster: KubeConfig,
  { onProgress, talosContext }: VerifyOptions,
): Promise<Facts> {
  onProgress?.("asking the Kubernetes API");
  const facts = await fetchClusterFacts(cluster);
  const [agentAnswers, kubePrism] = await Promise.all([
    fetchAgentAnswers(cluster, facts, (done, total) =>
      onProgress?.(`asked ${done} of ${total} agents`),
    ),
    talosContext === undefined ? undefined : fetchKubePrism(talosContext, facts.nodes),
  ]);
  return { ...facts, agentAnswers, kubePrism };
}

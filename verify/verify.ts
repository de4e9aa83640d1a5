import type { KubeConfig } from "@kubernetes/client-node";
import type { Settings } from "../config";
import { until } from "../kubernetes/until";
import { judge, type Result } from "./checks";
import type { Facts } from "./facts/facts";
import { fetchAgentAnswers, fetchClusterFacts } from "./facts/fetch";
import { fetchKubePrism } from "./facts/talosctl";

/** Milliseconds between two looks at a cluster that is not yet as it should be. */
const INTERVAL = 2000;

/** How to verify. */
export interface VerifyOptions {
  /** What was asked for. */
  readonly settings: Settings;
  /** Seconds that controllers and agents have to get there; with 0 one look decides. */
  readonly waitSeconds: number;
  /** Context of talosctl that reaches the nodes; undefined: it is not asked. */
  readonly talosContext: string | undefined;
  /** Checks to leave out: reasons by name; default none. */
  readonly skip?: ReadonlyMap<string, string>;
  /** Told what goes on, and what the checks came to so far. */
  readonly progress?: (line: string, results?: readonly Result[]) => void;
}

/**
 * Looks at a cluster, reading only, and judges it, again and again until every check passes or the time is over.
 * @throws Error when the API cannot be asked: then there is nothing to judge.
 */
export async function verify(cluster: KubeConfig, options: VerifyOptions): Promise<Result[]> {
  const look = async () => {
    const results = judge(await fetchFacts(cluster, options), options.settings, options.skip);
    const failed = failedChecks(results);
    if (failed.length > 0) options.progress?.(`failed so far: ${failed.join(", ")}`, results);
    return results;
  };
  return until(look, (results) => failedChecks(results).length === 0, {
    seconds: options.waitSeconds,
    interval: INTERVAL,
  });
}

function failedChecks(results: readonly Result[]): string[] {
  return results.flatMap(({ check, verdict }) => (verdict.outcome === "failed" ? check.name : []));
}

async function fetchFacts(cluster: KubeConfig, options: VerifyOptions): Promise<Facts> {
  const { progress, talosContext } = options;
  progress?.("asking the API");
  const facts = await fetchClusterFacts(cluster);
  const [agentAnswers, kubePrism] = await Promise.all([
    fetchAgentAnswers(cluster, facts, (asked, all) =>
      progress?.(`asked ${asked} of ${all} agents`),
    ),
    talosContext === undefined ? undefined : fetchKubePrism(talosContext, facts.nodes),
  ]);
  return { ...facts, agentAnswers, kubePrism };
}

import type { Settings } from "../../config";
import type { Facts } from "../facts/facts";
import {
  policiesAsConfigured,
  poolsAsConfigured,
  poolsDoNotConflict,
  poolsHaveAddresses,
} from "./addressPools";
import {
  agentsAnswer,
  agentsRunTheConfig,
  configMapAsReleased,
  controllers,
  datapathDevices,
  directRoutingDevice,
  hostRouting,
  interHostRouting,
  kubeProxyReplacement,
  masquerading,
  mtu,
} from "./agents";
import { type Check, skipped, type Verdict } from "./check";
import { clusterHealth } from "./clusterHealth";
import { gatewayApiRelease, gatewayClassAccepted } from "./gatewayApi";
import { kubePrismStatuses } from "./kubePrism";
import { noVirtualAddress, singleManager } from "./managers";
import { nodePodCidrs, nodesOnOneLan } from "./nodeAddresses";
import {
  apiServerAddress,
  daemonSetRolledOut,
  helmRelease,
  imageVersion,
  operatorRolledOut,
} from "./rollout";
import {
  serviceAddresses,
  serviceAnnouncements,
  serviceHolders,
  serviceLeases,
  servicePolicies,
  serviceTrafficPolicies,
} from "./services";

/** Every check, in the order of the report. A check comes after those that it needs. */
export const checks = [
  gatewayApiRelease,
  gatewayClassAccepted,
  helmRelease,
  singleManager,
  noVirtualAddress,
  daemonSetRolledOut,
  operatorRolledOut,
  imageVersion,
  apiServerAddress,
  configMapAsReleased,
  kubePrismStatuses,
  nodesOnOneLan,
  nodePodCidrs,
  agentsAnswer,
  kubeProxyReplacement,
  interHostRouting,
  directRoutingDevice,
  masquerading,
  hostRouting,
  datapathDevices,
  mtu,
  agentsRunTheConfig,
  controllers,
  clusterHealth,
  poolsAsConfigured,
  poolsDoNotConflict,
  poolsHaveAddresses,
  policiesAsConfigured,
  serviceAddresses,
  serviceTrafficPolicies,
  servicePolicies,
  serviceLeases,
  serviceHolders,
  serviceAnnouncements,
] as const;

export type CheckName = (typeof checks)[number]["name"];

export interface Result {
  readonly check: Pick<Check, "name" | "title">;
  readonly verdict: Verdict;
}

/**
 * Judges facts by every check.
 * @param skip checks to leave out: their names, with reasons.
 */
export function judgeFacts(
  facts: Facts,
  settings: Settings,
  skip: ReadonlyMap<string, string> = new Map(),
): Result[] {
  // Checks that failed, or are skipped for that: with the name of the one that failed.
  const causes = new Map<Check, string>();
  return checks.map((check: Check) => {
    const reason = skip.get(check.name);
    if (reason !== undefined) return { check, verdict: skipped(reason) };
    const [cause] = (check.needs ?? []).flatMap((need) => causes.get(need) ?? []);
    if (cause !== undefined) {
      causes.set(check, cause);
      return { check, verdict: skipped(`${cause} failed`) };
    }
    const verdict = check.judge(facts, settings);
    if (verdict.outcome === "failed") causes.set(check, check.name);
    return { check, verdict };
  });
}

/** Verdict of one check. */
export function verdictOf(results: readonly Result[], name: CheckName): Verdict {
  const found = results.find(({ check }) => check.name === name);
  if (found === undefined) throw new Error(`no result of the check ${name}`);
  return found.verdict;
}

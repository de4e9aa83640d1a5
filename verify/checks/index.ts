import type { Settings } from "../../config";
import type { Facts } from "../facts/facts";
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
import { gatewayApiDefinitions, gatewayClassAccepted } from "./gatewayApi";
import { kubePrismStatuses, nodePodCidrs, nodesOnOneLan } from "./nodes";
import { noVirtualAddress, oneOwner } from "./owners";
import {
  policiesAsConfigured,
  poolsAsConfigured,
  poolsDoNotConflict,
  poolsHaveAddresses,
} from "./pools";
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

/** Every check, in the order in which they are told; one comes after those that it needs. */
export const checks: readonly Check[] = [
  gatewayApiDefinitions,
  gatewayClassAccepted,
  helmRelease,
  oneOwner,
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
];

/** A check and what it came to. */
export interface Result {
  readonly check: Pick<Check, "name" | "title">;
  readonly verdict: Verdict;
}

/**
 * Judges facts by every check.
 * @param facts all there is to know.
 * @param settings what was asked for.
 * @param skip checks to leave out: reasons by name.
 */
export function judge(
  facts: Facts,
  settings: Settings,
  skip: ReadonlyMap<string, string> = new Map(),
): Result[] {
  const failed = new Set<string>();
  return checks.map((check) => {
    const why = skip.get(check.name);
    if (why !== undefined) return { check, verdict: skipped(why) };
    const cause = check.needs?.find((name) => failed.has(name));
    const verdict: Verdict =
      cause === undefined ? check.judge(facts, settings) : skipped(`${cause} failed`);
    if (verdict.outcome === "failed" || verdict.outcome === "skipped") failed.add(check.name);
    return { check, verdict };
  });
}

import { isDeepStrictEqual } from "node:util";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import type { Settings } from "../schema";
import { type HelmValues, valueAt } from "./helmValues";
import { managedValues } from "./managedValues";

/** A value that cilium.values sets to something else than the key that manages it. */
export interface ValueConflict {
  /** Path in the chart's values. */
  readonly path: string;
  /** Key of the configuration that manages the value. */
  readonly key: string;
  /** What the program sets because of the key. */
  readonly managed: unknown;
  /** What cilium.values sets. */
  readonly user: unknown;
}

/** Values that both a key and cilium.values set, and differently. */
export function conflictingValues(settings: Settings): ValueConflict[] {
  return managedValues(settings).flatMap(({ path, key, value: managed }) => {
    const user = valueAt(settings.cilium.values, path);
    const isConflict =
      managed !== undefined && user !== undefined && !isDeepStrictEqual(managed, user);
    return isConflict ? [{ path, key, managed, user }] : [];
  });
}

/** Values that no template of the chart reads, old or misspelt, and what to do instead. */
const DEAD: Readonly<Record<string, string>> = {
  "externalIPs.enabled": "leave it out: kubeProxyReplacement does it (since 1.18)",
  "cgroup.automount": "leave it out: the program sets cgroup.autoMount",
  hostServices: "leave it out: kubeProxyReplacement does it",
  enableGatewayAPI: "leave it out: the program sets gatewayAPI.enabled",
  "bpf.masqueradeInterface": "set routing.devices instead",
  "l2announcements.leaseRenewDeadlineSeconds": "set loadBalancing.leaseRenewDeadline instead",
};

/** Those of the user's values that do nothing. */
export function deadValues(
  values: Readonly<HelmValues>,
): { path: string; value: unknown; instead: string }[] {
  return Object.entries(DEAD)
    .map(([path, instead]) => ({ path, value: valueAt(values, path), instead }))
    .filter(({ value }) => value !== undefined);
}

/** Values that templates read though the chart's values.yaml does not have them. */
const UNLISTED = [
  "devices",
  "l2announcements.leaseDuration",
  "l2announcements.leaseRenewDeadline",
  "l2announcements.leaseRetryPeriod",
  "loadBalancer.algorithm",
  "loadBalancer.mode",
  "loadBalancer.dsrDispatch",
  "socketLB.hostNamespaceOnly",
].map((path) => path.split("."));

/**
 * Paths of the user's values that the chart does not have. Below a value that the chart leaves empty ({} or null)
 * anything goes.
 * @param values the user's values.
 * @param chart the chart's values.yaml, parsed.
 */
export function unknownValues(
  values: Readonly<HelmValues>,
  chart: Readonly<HelmValues>,
  above: readonly string[] = [],
): string[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const keys = [...above, key];
    if (UNLISTED.some((known) => isDeepStrictEqual(known, keys))) return [];
    if (!Object.hasOwn(chart, key)) return [keys.join(".")];
    const below = chart[key];
    return isPlainObject(value) && isPlainObject(below) && Object.keys(below).length > 0
      ? unknownValues(value, below, keys)
      : [];
  });
}

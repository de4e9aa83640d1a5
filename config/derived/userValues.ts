import { isDeepStrictEqual } from "node:util";
import type { Settings } from "../schema";
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

/** Values that no template reads, or that are misspelt, and what to do instead. */
const DEAD: Readonly<Record<string, string>> = {
  "externalIPs.enabled": "leave it out: kubeProxyReplacement does it (since 1.18)",
  "cgroup.automount": "write cgroup.autoMount, though it is set already",
  hostServices: "leave it out: kubeProxyReplacement does it",
  enableGatewayAPI: "leave it out: gatewayAPI.enabled is set already",
  "bpf.masqueradeInterface": "set routing.devices instead",
  "l2announcements.leaseRenewDeadlineSeconds": "set loadBalancing.leaseRenewDeadline instead",
};

/** Values of the user's own that do nothing. */
export function deadValues(
  values: Readonly<Record<string, unknown>>,
): { path: string; value: unknown; instead: string }[] {
  return Object.entries(DEAD)
    .map(([path, instead]) => ({ path, value: valueAt(values, path), instead }))
    .filter(({ value }) => value !== undefined);
}

/**
 * Paths of the user's own values that the chart does not have, for which see its values.yaml. Below a value that the
 * chart leaves empty ({} or null) anything goes.
 * @param values the user's own.
 * @param chart the chart's values.yaml, parsed.
 * @param known paths that templates read though values.yaml does not have them.
 */
export function unknownValues(
  values: Readonly<Record<string, unknown>>,
  chart: Readonly<Record<string, unknown>>,
  known: readonly string[] = UNLISTED,
  prefix = "",
): string[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const path = `${prefix}${key}`;
    if (known.includes(path)) return [];
    if (!(key in chart)) return [path];
    const theirs = chart[key];
    return isTree(value) && isTree(theirs) && Object.keys(theirs).length > 0
      ? unknownValues(value, theirs, known, `${path}.`)
      : [];
  });
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
];

function valueAt(values: Readonly<Record<string, unknown>>, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((tree, key) => (isTree(tree) ? tree[key] : undefined), values);
}

function isTree(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

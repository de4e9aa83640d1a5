import { isDeepStrictEqual } from "node:util";
import {
  deadValues,
  GATEWAY_API_ANNOTATION,
  managedValues,
  TALOS_VALUES,
  VALUE_MAPPINGS,
  valueAt,
} from "../config";
import type { Dropped, Missing } from "./importReport";
import { REQUIRED, readWithStandIns } from "./standIns";
import {
  isSameValue,
  type Leaf,
  leavesOf,
  pathsMeet,
  removeAt,
  showValue,
  type Tree,
} from "./tree";

/** How a path of the chart's values is mapped. */
const MAPPINGS = new Map(VALUE_MAPPINGS.map((mapping) => [mapping.path, mapping]));

/** The chart's values, divided by where they go. */
export interface DividedValues {
  /** Values that keys of the configuration manage. */
  readonly managed: readonly Leaf[];
  /** Values for cilium.values. */
  readonly user: readonly Leaf[];
  /** Values that are not needed. */
  readonly dropped: readonly Dropped[];
}

/** Divides the chart's values by where they go. */
export function divideValues(values: Tree): DividedValues {
  const [managed, user]: [Leaf[], Leaf[]] = [[], []];
  const dead = deadValues(values);
  const dropped: Dropped[] = dead.map(({ path, value, instead }) => ({
    what: describeValue(path, value),
    why: `no template of the chart reads it; ${instead}`,
  }));
  for (const leaf of leavesOf(values, new Set(MAPPINGS.keys()))) {
    const { keys, path, value } = leaf;
    const what = describeValue(path, value);
    if (dead.some((other) => pathsMeet(path, other.path))) continue;
    if (value === null) dropped.push({ what, why: "the program leaves null out" });
    // JavaScript takes it for an object's prototype, and the schema of cilium.values leaves it out.
    else if (keys.includes("__proto__")) dropped.push({ what, why: "no key can have this name" });
    else if (isSetByProgram(path, value)) dropped.push({ what, why: "set already" });
    else if (MAPPINGS.has(path)) managed.push(leaf);
    else user.push(leaf);
  }
  return { managed, user, dropped };
}

/** The configuration's keys that the chart's managed values lead to, with their values. */
export function keysFrom(managed: readonly Leaf[], values: Tree): [key: string, value: unknown][] {
  return managed.flatMap(({ path, value }) => {
    const mapping = MAPPINGS.get(path);
    const read = mapping?.fromChart?.(value, values);
    return mapping === undefined || read === undefined ? [] : [[mapping.key, read]];
  });
}

/**
 * Removes the keys without which the program sets the very same values: a key with its default, or one that has no
 * effect beside the others. The schema alone cannot tell: some defaults come from other keys (operatorReplicas from the
 * nodes, services from the pools), and whether a key has an effect does, too.
 * @param expected keys that stay all the same.
 */
export function removeNeedlessKeys(config: Tree, expected: readonly string[]): void {
  const { settings, missing } = readWithStandIns(config);
  const set = managedValues(settings);
  const stay = [...expected, ...[...REQUIRED, ...missing].map(({ path }) => path)];
  for (const { key, fromChart } of VALUE_MAPPINGS) {
    if (fromChart === undefined || stay.some((other) => pathsMeet(other, key))) continue;
    if (valueAt(config, key) === undefined) continue;
    const without = structuredClone(config);
    removeAt(without, key.split("."));
    if (isDeepStrictEqual(managedValues(readWithStandIns(without).settings), set)) {
      removeAt(config, key.split("."));
    }
  }
}

/** Compares each managed value with the one that the program sets because of the configuration. */
export function compareValues(
  managed: readonly Leaf[],
  config: Tree,
  values: Tree,
): { kept: Leaf[]; dropped: Dropped[]; missing: Missing[] } {
  const { settings, missing: misshapen } = readWithStandIns(config);
  const set = new Map(managedValues(settings).map(({ path, value }) => [path, value]));
  const kept: Leaf[] = [];
  const [dropped, missing]: [Dropped[], Missing[]] = [[], []];
  for (const leaf of managed) {
    const { path, value } = leaf;
    const mapping = MAPPINGS.get(path);
    const becomes = set.get(path);
    if (mapping === undefined || isSameValue(becomes, value)) continue;
    const { key, fromChart, keepUnmanaged, exact, notRead, byHand } = mapping;
    // That one is reported as missing anyway.
    if (misshapen.some((other) => pathsMeet(other.path, key))) continue;
    const isCarriedOver =
      fromChart !== undefined &&
      !exact &&
      isDeepStrictEqual(fromChart(value, values), valueAt(settings, key));
    if (keepUnmanaged && becomes === undefined) kept.push(leaf);
    else if (byHand !== undefined) missing.push({ path: key, why: byHand });
    else if (!isCarriedOver) {
      const because = notRead === undefined ? "" : ` (${notRead})`;
      const result = becomes === undefined ? "is left out" : `becomes ${showValue(becomes)}`;
      dropped.push({
        what: describeValue(path, value),
        why: `${key} decides it${because}; it ${result}`,
      });
    }
  }
  return { kept, dropped, missing };
}

/** Whether the program sets a value by itself, to the same; the order in a list (capabilities) does not matter. */
function isSetByProgram(path: string, value: unknown): boolean {
  // A digest of the cluster's own CRDs.
  if (path === `operator.podAnnotations.${GATEWAY_API_ANNOTATION}`) return true;
  return (
    Object.hasOwn(TALOS_VALUES, path) && isSameValue(sorted(TALOS_VALUES[path]), sorted(value))
  );
}

function sorted(value: unknown): unknown {
  return Array.isArray(value) ? [...value].sort() : value;
}

function describeValue(path: string, value: unknown): string {
  return `${path} (${showValue(value)})`;
}

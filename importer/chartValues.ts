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

/** Mappings by their paths in the chart's values. */
const MAPPINGS = new Map(VALUE_MAPPINGS.map((mapping) => [mapping.path, mapping]));

/** The chart's values by where they go: to a key of the configuration, to cilium.values, or nowhere. */
export interface DividedValues {
  readonly managed: readonly Leaf[];
  readonly user: readonly Leaf[];
  readonly dropped: readonly Dropped[];
}

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
    if (value === null) dropped.push({ what, why: "the program leaves out values that are null" });
    // To JavaScript it is an object's prototype, and the schema of cilium.values ignores it.
    else if (keys.includes("__proto__")) dropped.push({ what, why: "no key can have this name" });
    else if (isSetByProgram(path, value))
      dropped.push({ what, why: "the program sets the same value" });
    else if (MAPPINGS.has(path)) managed.push(leaf);
    else user.push(leaf);
  }
  return { managed, user, dropped };
}

/** Reads keys of the configuration from the chart's managed values. */
export function keysFrom(managed: readonly Leaf[], values: Tree): [key: string, value: unknown][] {
  return managed.flatMap(({ path, value }) => {
    const mapping = MAPPINGS.get(path);
    const read = mapping?.fromChart?.(value, values);
    return mapping === undefined || read === undefined ? [] : [[mapping.key, read]];
  });
}

/**
 * Removes each key without which the program sets the same values. To compare a key with its default in the schema would
 * not find them all: some defaults depend on other keys (operatorReplicas on the nodes, services on the pools), and some
 * keys have no effect beside others.
 * @param expected keys that stay in any case.
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

/** Compares each managed value with the one that the program sets for the configuration. */
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
    const { key, fromChart, keepUnmanaged, yields, exact, notRead, byHand } = mapping;
    // The report names the key as missing.
    if (misshapen.some((other) => pathsMeet(other.path, key))) continue;
    const isCarriedOver =
      fromChart !== undefined &&
      !exact &&
      isDeepStrictEqual(fromChart(value, values), valueAt(settings, key));
    if ((keepUnmanaged && becomes === undefined) || (yields && notRead !== undefined)) {
      kept.push(leaf);
    } else if (byHand !== undefined) missing.push({ path: key, why: byHand });
    else if (!isCarriedOver) {
      const because = notRead === undefined ? "" : ` (${notRead})`;
      const result = becomes === undefined ? "is left out" : `becomes ${showValue(becomes)}`;
      dropped.push({
        what: describeValue(path, value),
        why: `${key} manages this value${because}; it ${result}`,
      });
    }
  }
  return { kept, dropped, missing };
}

/** Whether the program sets a value to the same for every stack; the order of a list (capabilities) does not matter. */
function isSetByProgram(path: string, value: unknown): boolean {
  // The value is a digest of the CRDs, which the program knows better.
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

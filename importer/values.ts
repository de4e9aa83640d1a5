import { isDeepStrictEqual } from "node:util";
import { deadValues, managedValues } from "../config";
import { INVERSE, TYPED } from "./inverse";
import { meets, probe, REQUIRED } from "./probe";
import type { Dropped, Missing } from "./report";
import { isSetAlready } from "./setAlready";
import { type Leaf, leavesOf, remove, sameValue, show, type Tree, valueAt } from "./tree";

/** Divides the chart's values: values that keys of the configuration decide, values for cilium.values, and what nobody needs. */
export function sortOut(values: Tree): { typed: Leaf[]; extra: Leaf[]; dropped: Dropped[] } {
  const [typed, extra]: [Leaf[], Leaf[]] = [[], []];
  const dead = deadValues(values);
  const dropped: Dropped[] = dead.map(({ path, value, instead }) => ({
    what: describe(path, value),
    why: `no template of the chart reads it; ${instead}`,
  }));
  for (const leaf of leavesOf(values, new Set(TYPED.keys()))) {
    const { path, value } = leaf;
    const what = describe(path, value);
    if (dead.some((other) => meets(path, other.path))) continue;
    if (value === null) dropped.push({ what, why: "the program leaves null out" });
    else if (isSetAlready(path, value)) dropped.push({ what, why: "set already" });
    else if (TYPED.has(path)) typed.push(leaf);
    else extra.push(leaf);
  }
  return { typed, extra, dropped };
}

/**
 * Takes every key out of a configuration that the chart's values are the same without: it says the default, or nothing.
 * @param expected keys that stay all the same.
 */
export function prune(config: Tree, expected: readonly string[]): void {
  const { settings, missing: misshapen } = probe(config);
  const ours = managedValues(settings);
  const stays = [...expected, ...[...REQUIRED, ...misshapen].map(({ path }) => path)];
  for (const { key, read } of INVERSE) {
    if (read === undefined || stays.some((other) => meets(other, key))) continue;
    if (valueAt(config, key) === undefined) continue;
    const without = structuredClone(config);
    remove(without, key.split("."));
    if (isDeepStrictEqual(managedValues(probe(without).settings), ours)) {
      remove(config, key.split("."));
    }
  }
}

/** Compares each typed value with what the program makes of the configuration, and says where that differs. */
export function compare(
  typed: readonly Leaf[],
  config: Tree,
  values: Tree,
): { kept: Leaf[]; dropped: Dropped[]; missing: Missing[] } {
  const { settings, missing: misshapen } = probe(config);
  const ours = new Map(managedValues(settings).map(({ path, value }) => [path, value]));
  const kept: Leaf[] = [];
  const [dropped, missing]: [Dropped[], Missing[]] = [[], []];
  for (const leaf of typed) {
    const { path, value } = leaf;
    const inverse = TYPED.get(path);
    const becomes = ours.get(path);
    if (inverse === undefined || sameValue(becomes, value)) continue;
    const { key, read, keep, exact, notRead, byHand } = inverse;
    // That one is reported as missing anyway.
    if (misshapen.some((other) => meets(other.path, key))) continue;
    if (keep && becomes === undefined) kept.push(leaf);
    else if (byHand !== undefined) missing.push({ path: key, why: byHand });
    else if (!read || exact || !isDeepStrictEqual(read(value, values), valueAt(settings, key))) {
      const because = notRead === undefined ? "" : ` (${notRead})`;
      const result = becomes === undefined ? "is left out" : `becomes ${show(becomes)}`;
      dropped.push({
        what: describe(path, value),
        why: `${key} decides it${because}; it ${result}`,
      });
    }
  }
  return { kept, dropped, missing };
}

function describe(path: string, value: unknown): string {
  return `${path} (${show(value)})`;
}

import { isDeepStrictEqual } from "node:util";
import { pick } from "es-toolkit/object/pick";
import { schema, valueAt } from "../config";
import { compareValues, divideValues, keysFrom, removeNeedlessKeys } from "./chartValues";
import type { Dropped, Missing } from "./importReport";
import { type Files, type ImportedManifests, importManifests } from "./manifests";
import { problemsIn, readWithStandIns } from "./standIns";
import { setAt, showValue, type Tree } from "./tree";

/** What the values and manifests do not say. */
export interface Given {
  /** Values of the configuration by their paths (cilium.version, lan.cidr); default: none. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Files that the manifests came from; default: unknown. */
  readonly files?: Files;
}

/** An imported configuration, and a report of the import. */
export interface Imported {
  /** The configuration; keys are without the project's prefix, in the order of the schema. */
  readonly config: Record<string, unknown>;
  readonly dropped: Dropped[];
  readonly missing: Missing[];
}

/** Keys that are written with these values when the files have none, as a reader looks for them. */
const EXPECTED: readonly [key: string, value: unknown][] = [
  ["kubePrism.host", "localhost"],
  ["kubePrism.port", 7445],
  // The chart's default, and so what the cluster does; the schema's default is native.
  ["routing.mode", "tunnel"],
];

/**
 * Turns values of Cilium's Helm chart, and the manifests beside them, into a stack's configuration. Nothing is lost
 * silently: each value is in the configuration, or is a default of it, or is reported as dropped or missing.
 * @param values the values file, parsed.
 * @param manifests the manifests, parsed; those of other kinds than pools and policies are dropped.
 */
export function importValues(
  values: object,
  manifests: readonly object[],
  given: Given = {},
): Imported {
  const imported = importManifests(manifests, given.files);
  const { managed, user, dropped } = divideValues(values as Tree);

  const config: Tree = {};
  const keys = [
    ...Object.entries(given.settings ?? {}),
    ...keysFromManifests(imported),
    ...keysFrom(managed, values as Tree),
  ];
  for (const [key, value] of keys) setAt(config, key.split("."), value);
  for (const [key, value] of EXPECTED) {
    if (valueAt(config, key) === undefined) setAt(config, key.split("."), value);
  }
  removeNeedlessKeys(
    config,
    EXPECTED.map(([key]) => key),
  );

  const compared = compareValues(managed, config, values as Tree);
  for (const { keys, value } of [...user, ...compared.kept]) {
    setAt(config, ["cilium", "values", ...keys], value);
  }
  const read = readWithStandIns(config);
  return {
    config: pick(config, Object.keys(schema)),
    dropped: [...imported.dropped, ...dropped, ...compared.dropped],
    missing: [
      ...contradictions(config, given.settings),
      ...read.missing,
      ...compared.missing,
      // Values and manifests may both have BGP.
      ...imported.missing.filter(
        ({ path }) => !compared.missing.some((other) => other.path === path),
      ),
      ...problemsIn(read),
    ],
  };
}

function keysFromManifests({ pools, policies }: ImportedManifests): [string, unknown][] {
  return [
    ...(pools.length > 0 ? [["loadBalancing.pools", pools] as [string, unknown]] : []),
    ...(policies.length > 0 ? [["loadBalancing.policies", policies] as [string, unknown]] : []),
  ];
}

/** Settings that were given and that the files contradict. */
function contradictions(config: Tree, settings: Given["settings"] = {}): Missing[] {
  return Object.entries(settings)
    .filter(([path, value]) => !isDeepStrictEqual(valueAt(config, path), value))
    .map(([path, value]) => ({
      path,
      why: `given as ${showValue(value)}, but the files say ${showValue(valueAt(config, path))}; keep the right one`,
    }));
}

import { isDeepStrictEqual } from "node:util";
import { pick } from "es-toolkit/object/pick";
import { schema, valueAt } from "../config";
import { compareValues, divideValues, keysFrom, removeNeedlessKeys } from "./chartValues";
import type { Dropped, Missing } from "./importReport";
import { type Files, type ImportedManifests, importManifests } from "./manifests";
import { problemsIn, readWithStandIns } from "./standIns";
import { setAt, showValue, type Tree } from "./tree";

/** What values and manifests do not tell, given beside them. */
export interface Given {
  /** Values of the configuration by their paths (cilium.version, lan.cidr); default none. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Names of the files that the manifests came from; default: unknown. */
  readonly files?: Files;
}

/** An imported configuration, and what did not get into it. */
export interface Imported {
  /** Values of the configuration's keys, without the project's prefix, in the order of the schema. */
  readonly config: Record<string, unknown>;
  /** What was in the files and is not in the configuration. */
  readonly dropped: Dropped[];
  /** What must be written or corrected by hand. */
  readonly missing: Missing[];
}

/** Keys that are written even when nothing says them, since a reader looks for them. */
const EXPECTED: readonly [key: string, value: unknown][] = [
  ["kubePrism.host", "localhost"],
  ["kubePrism.port", 7445],
  // Not the schema's default: a chart that is not told otherwise tunnels, and so does the cluster as it is.
  ["routing.mode", "tunnel"],
];

/**
 * Turns values of Cilium's Helm chart, and the manifests beside them, into a stack's configuration. Nothing is lost
 * without a word: a value is in the configuration (or says what it says by default), in what was dropped, or missing.
 * @param values the values file, parsed.
 * @param manifests the manifests, parsed; those that are not about LoadBalancer addresses are dropped.
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
      // Values and manifests may both tell of BGP.
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

/** What was given, and is not what the files say. */
function contradictions(config: Tree, settings: Given["settings"] = {}): Missing[] {
  return Object.entries(settings)
    .filter(([path, value]) => !isDeepStrictEqual(valueAt(config, path), value))
    .map(([path, value]) => ({
      path,
      why: `given as ${showValue(value)}, but the files say ${showValue(valueAt(config, path))}; keep the one that is true`,
    }));
}

import { isDeepStrictEqual } from "node:util";
import { schema } from "../config";
import { TYPED } from "./inverse";
import { type Files, importManifests } from "./manifests";
import { probe } from "./probe";
import type { Dropped, Missing } from "./report";
import { put, show, type Tree, valueAt } from "./tree";
import { compare, prune, sortOut } from "./values";

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
  const { typed, extra, dropped } = sortOut(values as Tree);

  const config = withManifestsAndGiven(imported, given.settings);
  for (const { path, value } of typed) {
    const inverse = TYPED.get(path);
    const made = inverse?.read?.(value, values as Tree);
    if (inverse !== undefined && made !== undefined) put(config, inverse.key.split("."), made);
  }
  for (const [key, value] of EXPECTED) {
    if (valueAt(config, key) === undefined) put(config, key.split("."), value);
  }
  prune(
    config,
    EXPECTED.map(([key]) => key),
  );

  const compared = compare(typed, config, values as Tree);
  for (const { keys, value } of [...extra, ...compared.kept]) {
    put(config, ["cilium", "values", ...keys], value);
  }
  const { missing, problems } = probe(config);
  return {
    config: Object.fromEntries(
      Object.keys(schema).flatMap((key) => (key in config ? [[key, config[key]]] : [])),
    ),
    dropped: [...imported.dropped, ...dropped, ...compared.dropped],
    missing: [
      ...contradicted(config, given.settings),
      ...missing,
      ...compared.missing,
      // Values and manifests may both tell of BGP.
      ...imported.missing.filter(
        ({ path }) => !compared.missing.some((other) => other.path === path),
      ),
      ...problems,
    ],
  };
}

function withManifestsAndGiven(
  { pools, policies }: ReturnType<typeof importManifests>,
  settings: Given["settings"] = {},
): Tree {
  const config: Tree = {};
  for (const [path, value] of Object.entries(settings)) put(config, path.split("."), value);
  if (pools.length > 0) put(config, ["loadBalancing", "pools"], pools);
  if (policies.length > 0) put(config, ["loadBalancing", "policies"], policies);
  return config;
}

/** What was given, and is not what the files say. */
function contradicted(config: Tree, settings: Given["settings"] = {}): Missing[] {
  return Object.entries(settings)
    .filter(([path, value]) => !isDeepStrictEqual(valueAt(config, path), value))
    .map(([path, value]) => ({
      path,
      why: `given as ${show(value)}, but the files say ${show(valueAt(config, path))}; keep the one that is true`,
    }));
}

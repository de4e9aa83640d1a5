import { TYPED } from "./import/inverse";
import { type Files, importManifests } from "./import/manifests";
import { probe } from "./import/probe";
import type { Dropped, Missing } from "./import/report";
import { put, type Tree, valueAt } from "./import/tree";
import { compare, prune, sortOut } from "./import/values";
import { schema } from "./schema";

/** What values and manifests do not tell, given beside them. */
export interface Given {
  /** Version of Cilium: 1.18.4. */
  readonly ciliumVersion?: string;
  /** Release of the Gateway API: v1.3.0. */
  readonly gatewayApiVersion?: string;
  /** Addresses of the control planes; none or absent: unknown. */
  readonly controlPlanes?: readonly string[];
  /** Addresses of the workers; default none. */
  readonly workers?: readonly string[];
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

  const config = withManifestsAndGiven(imported, given);
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
  { ciliumVersion, gatewayApiVersion, controlPlanes = [], workers = [] }: Given,
): Tree {
  const config: Tree = {};
  const known: [path: string, value: unknown][] = [
    ["nodes.controlPlanes", controlPlanes.length > 0 ? [...controlPlanes] : undefined],
    ["nodes.workers", workers.length > 0 ? [...workers] : undefined],
    ["gatewayApi.version", gatewayApiVersion],
    ["cilium.version", ciliumVersion],
    ["loadBalancing.pools", pools.length > 0 ? pools : undefined],
    ["loadBalancing.policies", policies.length > 0 ? policies : undefined],
  ];
  for (const [path, value] of known) {
    if (value !== undefined) put(config, path.split("."), value);
  }
  return config;
}

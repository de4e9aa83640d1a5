import { isDeepStrictEqual } from "node:util";
import { pick } from "es-toolkit/object/pick";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import semver from "semver";
import { schema, type UnknownValue, unknownUserValues, valueAt } from "../config";
import { isSaid, withChartDefaults } from "./chartDefaults";
import { compareValues, divideValues, keysFrom, removeNeedlessKeys } from "./chartValues";
import { type Change, type Missing, mostHarmfulFirst } from "./importReport";
import { type Files, type ImportedManifests, importManifests } from "./manifests";
import { inTodaysWords } from "./oldValues";
import { readPodCidrs } from "./podCidrs";
import { problemsIn, readWithStandIns } from "./standIns";
import { setAt, showValue, type Tree } from "./tree";

/** What the values and manifests do not say. */
export interface Given {
  /** Keys of the configuration by their paths (cilium.version, lan.cidr); they win over what files say. Default: none. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Keys that other files or the cluster say (Chart.yaml, a machine config). Default: none. */
  readonly found?: Readonly<Record<string, unknown>>;
  /** Files that the manifests came from; default: unknown. */
  readonly files?: Files;
}

/** An imported configuration, and a report of the import. */
export interface Imported {
  /** The configuration; keys are without the project's prefix, in the order of the schema. */
  readonly config: Record<string, unknown>;
  /** Paths of values that the program sets to the same. */
  readonly already: readonly string[];
  /** Keys that a person must write or correct. */
  readonly missing: readonly Missing[];
  /** What is lost, or done differently, the most harmful first. */
  readonly changes: readonly Change[];
}

/** Keys that are written in any case, as a reader looks for them. */
const EXPECTED = ["kubePrism.host", "kubePrism.port", "routing.mode"];

/**
 * Turns values of Cilium's Helm chart, and the manifests beside them, into a stack's configuration. Nothing is lost
 * silently: each value is in the configuration, or is a default of it, or is reported. A value that is absent counts as
 * what the chart does without it, not as the default of the configuration.
 * @param values the values file, parsed.
 * @param manifests the manifests, parsed.
 */
export function importValues(
  values: object,
  manifests: readonly object[],
  given: Given = {},
): Imported {
  const imported = importManifests(manifests, given.files);
  const { values: owned, changes: renamed } = inTodaysWords(values as Tree);
  const settings = { ...given.found, ...given.settings };
  const { managed, user, already, changes } = divideValues(owned, unknownIn(owned, settings));
  const complete = withChartDefaults(owned);
  keepHostRouting(owned, complete);
  const pods = readPodCidrs(
    complete,
    settings["network.podCidrs"],
    takenAddresses(settings, imported),
  );

  const config: Tree = {};
  const keys = [
    ...Object.entries(settings),
    ...keysOf(imported),
    ...keysFrom(complete),
    ["network.podCidrs", pods.podCidrs] as const,
    ["network.nativeRoutingCidrs", pods.nativeRoutingCidrs] as const,
  ];
  for (const [key, value] of keys) {
    if (value !== undefined) setAt(config, key.split("."), value);
  }
  for (const [key, value] of [
    ["kubePrism.host", "localhost"],
    ["kubePrism.port", 7445],
  ] as const) {
    if (valueAt(config, key) === undefined) setAt(config, key.split("."), value);
  }
  removeNeedlessKeys(config, EXPECTED);

  const compared = compareValues(managed, config, owned, complete);
  const clusterPool =
    isSaid(owned, "ipam.mode") || valueAt(config, "cilium.values.ipam.mode") !== undefined
      ? []
      : [{ keys: ["ipam", "mode"], value: "cluster-pool" }];
  for (const { keys, value } of [...user, ...compared.kept, ...clusterPool]) {
    setAt(config, ["cilium", "values", ...keys], value);
  }
  const read = readWithStandIns(config);
  return {
    config: pick(config, Object.keys(schema)),
    already,
    missing: [
      ...contradictions(config, given.settings),
      ...read.missing.map(({ path, why }) => ({
        path,
        why: path === "network.podCidrs" ? `${why}${pods.hint}` : why,
      })),
      ...compared.missing,
      // Values and manifests may both have BGP.
      ...imported.missing.filter(
        ({ path }) => !compared.missing.some((other) => other.path === path),
      ),
      ...problemsIn(read),
    ],
    changes: mostHarmfulFirst([
      ...versionChange(given),
      ...imported.changes,
      ...pods.changes,
      ...clusterPoolChange(clusterPool.length > 0),
      ...identityChange(owned),
      ...compared.changes,
      ...renamed,
      ...changes,
    ]),
  };
}

/**
 * Without eBPF masquerading, or without the replacement of kube-proxy, an agent routes by the host's network stack
 * whatever bpf.hostLegacyRouting says (Cilium, daemon: "Falling back to legacy host routing"), so an absent one is true.
 */
function keepHostRouting(owned: Tree, complete: Tree): void {
  const isOn = valueAt(complete, "bpf.masquerade") === true;
  if (!isOn && !isSaid(owned, "bpf.hostLegacyRouting")) {
    setAt(complete, ["bpf", "hostLegacyRouting"], true);
  }
}

/** Values that the stack's chart does not have. */
function unknownIn(values: Tree, settings: Readonly<Record<string, unknown>>): UnknownValue[] {
  const { "cilium.version": version, "cilium.chart": chart } = settings;
  return unknownUserValues({
    chart: typeof chart === "string" ? chart : "cilium",
    version: typeof version === "string" && semver.valid(version) ? version : undefined,
    values,
    allowUntested: settings["cilium.allowUntested"] === true,
  });
}

/** Keys of the configuration that manifests lead to; undefined where they have nothing for one. */
function keysOf({ pools, policies, bgp }: ImportedManifests): [key: string, value: unknown][] {
  return [
    ["loadBalancing.pools", pools.length > 0 ? pools : undefined],
    ["loadBalancing.policies", policies.length > 0 ? policies : undefined],
    ["bgp", bgp],
  ];
}

/** Addresses of nodes and pools; those that are none are left to the schema. */
function takenAddresses(
  settings: Readonly<Record<string, unknown>>,
  { pools }: ImportedManifests,
): string[] {
  return [
    settings["nodes.controlPlanes"],
    settings["nodes.workers"],
    pools.flatMap((pool) => [pool, ...(pool.blocks ?? [])]).map(({ start }) => start),
  ]
    .flat()
    .filter(
      (address) =>
        typeof address === "string" && schema.lan.safeParse({ gateway: address }).success,
    ) as string[];
}

/** Cilium's own default of ipam.mode stays: another one gives every pod another address. */
function clusterPoolChange(isKept: boolean): Change[] {
  return isKept
    ? [
        {
          harm: "data path",
          what: "ipam.mode (absent: cluster-pool)",
          why: "kept, as cilium.values.ipam.mode: Cilium gives out the pods' addresses, and not Talos by cluster.network.podSubnets; TO CHANGE IT GIVES EVERY POD ANOTHER ADDRESS",
        },
      ]
    : [];
}

/** A cluster whose values have neither name nor id keeps Cilium's, as they are part of each workload's identity. */
function identityChange(owned: Tree): Change[] {
  if (isSaid(owned, "cluster.name") || isSaid(owned, "cluster.id")) return [];
  return [
    {
      harm: "other",
      what: "cluster.name and cluster.id (absent: default, 0)",
      why: "kept; nothing changes, but such a cluster can never be meshed, and another name or id later restarts every workload",
    },
  ];
}

function versionChange({ settings = {}, found = {} }: Given): Change[] {
  const [ours, theirs] = [settings["cilium.version"], found["cilium.version"]];
  return theirs === undefined || ours === undefined || ours === theirs
    ? []
    : [
        {
          harm: "other",
          what: `cilium.version (${showValue(theirs)} by the files)`,
          why: `becomes ${showValue(ours)}, as given: the first update is an update of Cilium, too`,
        },
      ];
}

/** Settings that were given and that the files contradict. */
function contradictions(config: Tree, settings: Given["settings"] = {}): Missing[] {
  return Object.entries(settings)
    .filter(([path]) => !path.startsWith("gatewayApi"))
    .filter(
      ([path, value]) => !isDeepStrictEqual(valueAt(config, path), value) && !isPlainObject(value),
    )
    .map(([path, value]) => ({
      path,
      why: `given as ${showValue(value)}, but the files say ${showValue(valueAt(config, path))}; keep the right one`,
    }));
}

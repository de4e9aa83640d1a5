import { isDeepStrictEqual } from "node:util";
import get from "es-toolkit/compat/get";
import { z } from "zod";
import {
  ConfigError,
  type Key,
  type Problem,
  problemsOfIssue,
  readSettings,
  type Settings,
  schema,
  valueAt,
} from "../config";
import type { Missing } from "./importReport";
import { pathsMeet, removeAt, setAt, type Tree } from "./tree";

/** A key that an import may have to ask for. */
interface RequiredKey {
  readonly path: string;
  /** Why an import may lack it; what to write. */
  readonly why: string;
  /**
   * What stands in for it meanwhile, three times. What a rule says of one stand-in and not of the others is about the
   * stand-in, and is not reported.
   */
  readonly standIns: readonly [unknown, unknown, unknown];
  /** Whether the configuration needs it; default: always. */
  readonly isNeeded?: (config: Tree) => boolean;
}

/** Keys that every import needs, and that a chart's values may lack. */
export const REQUIRED: readonly RequiredKey[] = [
  {
    path: "cluster.name",
    why: "the values have none, so the cluster runs as default; write one, and plan to restart every workload, as the name is part of its identity",
    standIns: ["stand-in", "stand-in-2", "stand-in-3"],
  },
  {
    path: "cluster.id",
    why: "the values have none, so the cluster runs with 0; write a number from 1 to 255 that no other cluster of yours has, and plan to restart every workload, as the id is part of its identity",
    standIns: [1, 2, 3],
  },
  {
    path: "nodes.controlPlanes",
    why: "no value has the nodes' addresses; write the address of each node, or pass them with --set",
    // Addresses for documentation (RFC 5737), and enough nodes for every rule.
    standIns: [
      ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
      ["198.51.100.1", "198.51.100.2", "198.51.100.3", "2001:db8:1::4"],
      ["2001:db8:2::1", "2001:db8:2::2", "2001:db8:2::3", "192.0.2.9"],
    ],
  },
  {
    path: "network.podCidrs",
    why: "the values name no pod CIDR; write those of Talos' cluster.network.podSubnets",
    standIns: [["198.18.0.0/16", "2001:db8:a::/56"], ["198.19.0.0/16"], ["2001:db8:b::/56"]],
  },
  {
    path: "network.serviceCidrs",
    why: "no value of Cilium's chart has them; write those of Talos' cluster.network.serviceSubnets, which are 10.96.0.0/12 if the machine config names none",
    standIns: [["203.0.113.0/25", "2001:db8:c::/112"], ["203.0.113.128/25"], ["2001:db8:d::/112"]],
  },
  {
    path: "gatewayApi.version",
    why: "no value of Cilium's chart has it; write the release, such as v1.3.0, or pass it with --set",
    standIns: ["1.0.0", "1.0.0", "1.0.0"],
    isNeeded: (config) =>
      config.gatewayApi !== undefined && valueAt(config, "gatewayApi.enabled") !== false,
  },
  {
    path: "cilium.version",
    why: "the files do not name the chart's version; write it, or pass it with --set",
    standIns: ["1.17.99", "1.18.99", "1.20.99"],
  },
];

/** An imported configuration as the program would read it if nothing were missing. */
export interface ImportedSettings {
  /** A key that is absent or misshapen has its default here, or a stand-in. */
  readonly settings: Settings;
  /** The imported configuration. */
  readonly config: Tree;
  /** Keys that are absent or misshapen. */
  readonly missing: readonly Missing[];
}

const CONFIGURATION = z.object(schema);

/** Reads an imported configuration, with stand-ins for the keys that it lacks. */
export function readWithStandIns(config: Tree): ImportedSettings {
  const missing: Missing[] = absentKeys(config).map(({ path, why }) => ({ path, why }));
  return { settings: readWith(config, 0, missing).settings, config, missing };
}

function readWith(
  config: Tree,
  which: number,
  missing: Missing[],
): { settings: Settings; complete: Tree } {
  const complete = structuredClone(config);
  addStandIns(complete, which);
  // The rules about versions say nothing of a stand-in.
  if (missing.some(({ path }) => path.endsWith(".version"))) {
    setAt(complete, ["cilium", "allowUntested"], true);
  }
  let read = CONFIGURATION.safeParse(complete);
  for (const misshapen of read.success ? [] : misshapenIn(complete)) {
    if (!missing.some(({ path }) => pathsMeet(path, misshapen.path))) missing.push(misshapen);
  }
  while (!read.success) {
    // One at a time: to remove an element moves the others of its list.
    const [issue] = read.error.issues as [z.core.$ZodIssue];
    removeAt(complete, presentKeys(complete, issue));
    addStandIns(complete, which);
    read = CONFIGURATION.safeParse(complete);
  }
  return { settings: read.data as Settings, complete };
}

/**
 * Problems that the rules find in an imported configuration; those of missing keys, and those that depend on what stands
 * in for one, are left out.
 */
export function problemsIn({ config, missing }: ImportedSettings): Missing[] {
  const [first = [], ...others] = [0, 1, 2].map((which) =>
    problemsOf(readWith(config, which, [...missing]).complete),
  );
  return first
    .filter((problem) =>
      others.every((problems) => problems.some((other) => isDeepStrictEqual(other, problem))),
    )
    .filter(({ path }) => !missing.some((other) => pathsMeet(path, other.path)))
    .map(({ path, wrong, fix }) => ({ path, why: explain(valueAt(config, path), wrong, fix) }));
}

function problemsOf(config: Tree): readonly Problem[] {
  try {
    readSettings({ getObject: (key) => config[key] });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

function absentKeys(config: Tree): RequiredKey[] {
  return REQUIRED.filter(
    ({ path, isNeeded = () => true }) => valueAt(config, path) === undefined && isNeeded(config),
  );
}

function addStandIns(config: Tree, which: number): void {
  for (const { path, standIns } of absentKeys(config)) {
    setAt(config, path.split("."), standIns[which]);
  }
}

function misshapenIn(config: Tree): Missing[] {
  return (Object.keys(schema) as Key[]).flatMap((key) =>
    (schema[key].safeParse(config[key]).error?.issues ?? [])
      .flatMap((issue) => problemsOfIssue(key, config[key], issue))
      .map(({ path, wrong, fix }) => ({ path, why: explain(valueAt(config, path), wrong, fix) })),
  );
}

/** A placeholder is not a wrong value, but one that nobody has put in yet. */
function explain(value: unknown, wrong: string, fix: string): string {
  return typeof value === "string" && placeholdersOf(value).length > 0
    ? `a placeholder (${value}); render the files first, or write the value`
    : `${wrong}; ${fix}`;
}

/** Placeholders in a text: ${NAME} of envsubst, Flux and Terraform, {{ }} of templates. */
export function placeholdersOf(text: string): string[] {
  return text.match(/\$\{[^}]+\}|\{\{.+?\}\}/g) ?? [];
}

/** Keys that lead to what an issue is about, or to the innermost tree around it when it is absent. */
function presentKeys(config: Tree, issue: z.core.$ZodIssue): PropertyKey[] {
  const unknown = issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
  const keys = [...issue.path, ...unknown];
  const absent = keys.findIndex((_, index) => get(config, keys.slice(0, index + 1)) === undefined);
  return absent < 0 ? keys : keys.slice(0, absent);
}

import type { z } from "zod";
import {
  ConfigError,
  type Key,
  problemsOfIssue,
  readSettings,
  type Settings,
  schema,
} from "../config";
import type { Missing } from "./report";
import { put, remove, type Tree, valueAt } from "./tree";

/** What every configuration needs: why values and manifests may not have it, and what stands in for it meanwhile. */
export const REQUIRED: readonly { path: string; why: string; standIn: unknown }[] = [
  {
    path: "cluster.name",
    why: "the values have none; write the name that the cluster was bootstrapped with",
    standIn: "stand-in",
  },
  {
    path: "cluster.id",
    why: "the values have none; write a number from 1 to 255 that no other cluster of yours has",
    standIn: 1,
  },
  {
    path: "nodes.controlPlanes",
    why: "no value has the nodes' addresses; write each node's own, or give them with --set",
    // Of the documentation's range, and as many as no rule finds too few.
    standIn: ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
  },
  {
    path: "network.podCidrs",
    why: "the values name no pod CIDR (ipv4NativeRoutingCIDR); write those of Talos' cluster.network.podSubnets",
    standIn: ["198.18.0.0/16", "2001:db8::/56"],
  },
  {
    path: "gatewayApi.version",
    why: "no value of Cilium's chart has it; write the release, such as v1.3.0, or give it with --set",
    standIn: "1.0.0",
  },
  {
    path: "cilium.version",
    why: "a chart's values do not say of which version they are; write it, or give it with --set",
    standIn: "1.0.1",
  },
  {
    path: "loadBalancing.pools",
    why: "no manifest has a pool; write the first and the last address for Services, as start and stop",
    standIn: [{ start: "203.0.113.1", stop: "203.0.113.1" }],
  },
];

/** What the program makes of an imported configuration, though it may not be complete yet. */
export interface Probe {
  /** The settings; what is absent or misshapen has its default or a stand-in. */
  readonly settings: Settings;
  /** What is absent or misshapen. */
  readonly missing: readonly Missing[];
  /** Problems that the rules find in what is there. */
  readonly problems: readonly Missing[];
}

/** Reads an imported configuration as the program would, with stand-ins for what it does not have. */
export function probe(config: Tree): Probe {
  const missing: Missing[] = REQUIRED.filter(({ path }) => valueAt(config, path) === undefined).map(
    ({ path, why }) => ({ path, why }),
  );
  const standing = withStandIns(structuredClone(config));
  // Which versions go together is no question while one of them is a stand-in.
  if (missing.some(({ path }) => path.endsWith(".version"))) {
    put(standing, ["cilium", "allowUntested"], true);
  }
  for (let issue = firstIssue(standing); issue !== undefined; issue = firstIssue(standing)) {
    const { path, why } = issue;
    if (!missing.some((other) => meets(path, other.path))) missing.push({ path, why });
    remove(standing, issue.present);
    withStandIns(standing);
  }
  return {
    settings: parsed(standing),
    missing,
    problems: problemsIn(standing).filter(
      ({ path }) => !missing.some((other) => meets(path, other.path)),
    ),
  };
}

function withStandIns(config: Tree): Tree {
  for (const { path, standIn } of REQUIRED) {
    if (valueAt(config, path) === undefined) put(config, path.split("."), standIn);
  }
  return config;
}

/** Whether one of two paths is the other, or leads to it. */
export function meets(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}.`) || other.startsWith(`${path}.`);
}

/** The first thing that is misshapen, and the keys to take out for it. */
function firstIssue(config: Tree): (Missing & { present: readonly PropertyKey[] }) | undefined {
  for (const key of Object.keys(schema) as Key[]) {
    const issue = schema[key].safeParse(config[key]).error?.issues[0];
    if (issue === undefined) continue;
    const [problem] = problemsOfIssue(key, config[key], issue);
    if (problem === undefined) continue;
    const keys = [key, ...issue.path, ...unknownKey(issue)];
    const seen = keys.map((_, index) => valueIn(config, keys.slice(0, index + 1)));
    // What is absent cannot be taken out, only what it belongs to.
    const absent = seen.indexOf(undefined);
    return {
      path: problem.path,
      why: `${problem.wrong}; ${problem.fix}`,
      present: absent < 0 ? keys : keys.slice(0, absent),
    };
  }
  return undefined;
}

function unknownKey(issue: z.core.$ZodIssue): string[] {
  return issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
}

function valueIn(config: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key],
    config,
  );
}

function parsed(config: Tree): Settings {
  return Object.fromEntries(
    (Object.keys(schema) as Key[]).map((key) => [key, schema[key].parse(config[key])]),
  ) as Settings;
}

function problemsIn(config: Tree): Missing[] {
  try {
    readSettings({ getObject: (key) => config[key] });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, wrong, fix }) => ({ path, why: `${wrong}; ${fix}` }));
  }
}

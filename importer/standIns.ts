import get from "es-toolkit/compat/get";
import { z } from "zod";
import {
  ConfigError,
  type Key,
  problemsOfIssue,
  readSettings,
  type Settings,
  schema,
  valueAt,
} from "../config";
import type { Missing } from "./importReport";
import { pathsMeet, removeAt, setAt, type Tree } from "./tree";

/** Keys that every configuration needs: why an import may lack one, and what stands in for it meanwhile. */
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
    why: "no value has the nodes' addresses; write the address of each node, or pass them with --set",
    // Addresses for documentation (RFC 5737), and enough nodes for every rule.
    standIn: ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
  },
  {
    path: "network.podCidrs",
    why: "the values name no pod CIDR (ipv4NativeRoutingCIDR); write those of Talos' cluster.network.podSubnets",
    standIn: ["198.18.0.0/16", "2001:db8::/56"],
  },
  {
    path: "gatewayApi.version",
    why: "no value of Cilium's chart has it; write the release, such as v1.3.0, or pass it with --set",
    standIn: "1.0.0",
  },
  {
    path: "cilium.version",
    why: "the values do not name the chart's version; write it, or pass it with --set",
    standIn: "1.0.1",
  },
  {
    path: "loadBalancing.pools",
    why: "no manifest has a pool; write the first and the last address for Services, as start and stop",
    standIn: [{ start: "203.0.113.1", stop: "203.0.113.1" }],
  },
];

/** An imported configuration as the program would read it if nothing were missing. */
export interface ImportedSettings {
  /** A key that is absent or misshapen has its default here, or a stand-in. */
  readonly settings: Settings;
  /** The configuration that the settings are read from. */
  readonly complete: Tree;
  /** Keys that are absent or misshapen. */
  readonly missing: readonly Missing[];
}

const CONFIGURATION = z.object(schema);

/** Reads an imported configuration, with stand-ins for the keys that it lacks. */
export function readWithStandIns(config: Tree): ImportedSettings {
  const missing: Missing[] = REQUIRED.filter((key) => isMissing(config, key)).map(
    ({ path, why }) => ({ path, why }),
  );
  const complete = structuredClone(config);
  addStandIns(complete);
  // The rules about versions say nothing of a stand-in.
  if (missing.some(({ path }) => path.endsWith(".version"))) {
    setAt(complete, ["cilium", "allowUntested"], true);
  }
  for (const misshapen of misshapenIn(complete)) {
    if (!missing.some(({ path }) => pathsMeet(path, misshapen.path))) missing.push(misshapen);
  }
  for (;;) {
    const { data, error } = CONFIGURATION.safeParse(complete);
    if (error === undefined) return { settings: data, complete, missing };
    // One at a time: to remove an element moves the others of its list.
    const [issue] = error.issues as [z.core.$ZodIssue];
    removeAt(complete, presentKeys(complete, issue));
    addStandIns(complete);
  }
}

/** Problems that the rules find in an imported configuration; those of missing keys are left out. */
export function problemsIn({ complete, missing }: ImportedSettings): Missing[] {
  try {
    readSettings({ getObject: (key) => complete[key] });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems
      .filter(({ path }) => !missing.some((other) => pathsMeet(path, other.path)))
      .map(({ path, wrong, fix }) => ({ path, why: `${wrong}; ${fix}` }));
  }
}

function addStandIns(config: Tree): void {
  for (const key of REQUIRED) {
    if (isMissing(config, key)) setAt(config, key.path.split("."), key.standIn);
  }
}

function isMissing(config: Tree, { path }: { path: string }): boolean {
  const isOff = path.startsWith("gatewayApi.") && valueAt(config, "gatewayApi.enabled") === false;
  return !isOff && valueAt(config, path) === undefined;
}

function misshapenIn(config: Tree): Missing[] {
  return (Object.keys(schema) as Key[]).flatMap((key) =>
    (schema[key].safeParse(config[key]).error?.issues ?? [])
      .flatMap((issue) => problemsOfIssue(key, config[key], issue))
      .map(({ path, wrong, fix }) => ({ path, why: `${wrong}; ${fix}` })),
  );
}

/** Keys that lead to what an issue is about, or to the innermost tree around it when it is absent. */
function presentKeys(config: Tree, issue: z.core.$ZodIssue): PropertyKey[] {
  const unknown = issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
  const keys = [...issue.path, ...unknown];
  const absent = keys.findIndex((_, index) => get(config, keys.slice(0, index + 1)) === undefined);
  return absent < 0 ? keys : keys.slice(0, absent);
}

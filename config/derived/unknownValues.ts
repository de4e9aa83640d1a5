import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import semver from "semver";
import { chartKind } from "../chartReference";
import { minorOf } from "../compatibility";
import type { Settings } from "../schema";
import { isOlder, type KnownChart, knownCharts, type PathTree, pathTree } from "./chartPaths";
import { type HelmValues, ownValueAt } from "./helmValues";
import { RETIRED_VALUES, type RetiredValue } from "./retiredValues";

/** A value that the chart does not have: Helm takes it, no template reads it, and nothing says so. */
export interface UnknownValue {
  /** The keys that lead to it. */
  readonly keys: readonly string[];
  /** The keys joined with dots. */
  readonly path: string;
  readonly value: unknown;
  /** What is wrong, with the value seen. */
  readonly wrong: string;
  readonly fix: string;
  /** Whether it is known; a chart that is newer than those known, or the user's own, may have the value. */
  readonly isCertain: boolean;
  /** Whether charts had it once, or people often write it and no chart has it. */
  readonly isRetired: boolean;
}

/** A key that the chart does not have, and what it holds. */
interface UnknownKey {
  readonly keys: readonly string[];
  readonly value: unknown;
}

/**
 * Those of the user's values that the chart of a version of Cilium does not have. Of a version that is older than the
 * known charts only {@link RETIRED_VALUES} are known.
 * @param version undefined: values that no known chart has.
 */
export function unknownValues(
  values: Readonly<HelmValues>,
  version: string | undefined,
): UnknownValue[] {
  const charts = knownCharts();
  const { chart, text, isNewer } = chartFor(version, charts);
  if (chart === undefined) return retiredValues(values, version);
  return unknownKeys(values, chart.paths)
    .filter(
      ({ keys }) =>
        version !== undefined || isDead(keys) || !charts.some(({ paths }) => has(paths, keys)),
    )
    .map(({ keys, value }) => {
      const retired = retiredAt(keys, value);
      const since = retired === undefined ? goneSince(keys, chart, charts) : retired.since;
      const later = charts.find(
        ({ minor, paths }) => isOlder(chart.minor, minor) && has(paths, keys),
      );
      const wrong = since === undefined ? text : `no chart since Cilium ${since} has such a value`;
      const until = `leave it out until you run Cilium ${later?.minor}, whose chart has it`;
      return {
        keys,
        path: keys.join("."),
        value,
        wrong: `${wrong} (${show(value)})`,
        fix:
          retired?.instead ??
          (later ? until : since ? "leave it out" : adviceFor(keys, value, chart.paths)),
        isCertain: !isNewer || since !== undefined || retired !== undefined,
        isRetired: since !== undefined || retired !== undefined,
      };
    });
}

/** What decides which values a chart has. */
type ChartChoice = Pick<Settings["cilium"], "chart" | "values" | "allowUntested"> & {
  /** Undefined while nobody has said it. */
  readonly version: string | undefined;
};

/**
 * Those of cilium.values that the stack's chart does not have. A chart that is a folder is looked into before an update;
 * here only {@link RETIRED_VALUES} are known of it.
 */
export function unknownUserValues({
  chart,
  version,
  values,
  allowUntested,
}: ChartChoice): UnknownValue[] {
  const unknown =
    chartKind(chart) === "folder" ? retiredValues(values, version) : unknownValues(values, version);
  return unknown.map((each) => ({
    ...each,
    isCertain: each.isCertain && (each.isRetired || !allowUntested),
  }));
}

/**
 * Those of the user's values that a chart does not have.
 * @param paths paths of the chart's values.
 * @param where where the chart is, in words.
 */
export function unknownToChart(
  values: Readonly<HelmValues>,
  paths: readonly string[],
  where: string,
): UnknownValue[] {
  const tree = pathTree(paths);
  return unknownKeys(values, tree).map(({ keys, value }) => {
    const retired = retiredAt(keys, value);
    return {
      keys,
      path: keys.join("."),
      value,
      wrong: `the chart has no such value (${show(value)}, and ${where})`,
      fix: retired?.instead ?? adviceFor(keys, value, tree),
      isCertain: true,
      isRetired: retired !== undefined,
    };
  });
}

/** The chart to compare with, and the beginning of a message; no chart for a version older than those known. */
function chartFor(
  version: string | undefined,
  charts: readonly KnownChart[],
): { chart: KnownChart | undefined; text: string; isNewer: boolean } {
  const [oldest, newest] = [charts[0], charts.at(-1)];
  const minor = version === undefined ? newest?.minor : minorOf(version);
  const own = charts.find((chart) => chart.minor === minor);
  if (version === undefined) {
    const text = `no chart of Cilium ${oldest?.minor} to ${newest?.minor} has such a value`;
    return { chart: newest, text, isNewer: false };
  }
  if (own !== undefined) {
    const isNewer = semver.gt(version, own.version);
    const name = isNewer ? `${own.version}, the newest ${minor} that is known,` : minor;
    return { chart: own, text: `the chart of Cilium ${name} has no such value`, isNewer };
  }
  const isOld = newest === undefined || isOlder(minorOf(version), newest.minor);
  return {
    chart: isOld ? undefined : newest,
    text: `the chart of Cilium ${newest?.minor}, the newest that is known, has no such value`,
    isNewer: true,
  };
}

/** The highest keys that a chart does not have, and those that a template reads and that do nothing all the same. */
function unknownKeys(
  values: Readonly<HelmValues>,
  paths: PathTree,
  above: readonly string[] = [],
): UnknownKey[] {
  return Object.entries(values).flatMap(([key, value]) => {
    const keys = [...above, key];
    const below = paths.get(key);
    if (below === undefined || isDead(keys)) return [{ keys, value }];
    return isPlainObject(value) && below.size > 0 ? unknownKeys(value, below, keys) : [];
  });
}

/** Whether no chart acts on a value, though a template may read it. */
function isDead(keys: readonly string[]): boolean {
  const retired = RETIRED[keys.join(".")];
  return retired !== undefined && retired.since === undefined;
}

/** Values that are retired in a version, in any where nobody has said one, or never were there. */
function retiredValues(values: Readonly<HelmValues>, version: string | undefined): UnknownValue[] {
  const isThere = (since: string) => version !== undefined && isOlder(minorOf(version), since);
  return Object.entries(RETIRED_VALUES).flatMap(([path, { since, instead }]) => {
    const keys = path.split(".");
    const value = ownValueAt(values, keys);
    if (value === undefined || (since !== undefined && isThere(since))) return [];
    const wrong =
      since === undefined
        ? "no template of the chart reads it"
        : `no chart since Cilium ${since} has such a value`;
    const text = `${wrong} (${show(value)})`;
    return [{ keys, path, value, wrong: text, fix: instead, isCertain: true, isRetired: true }];
  });
}

const RETIRED: Readonly<Record<string, RetiredValue | undefined>> = Object.assign(
  Object.create(null),
  RETIRED_VALUES,
);

/** What is known of a retired value at some keys, or of one below them that is set. */
function retiredAt(keys: readonly string[], value: unknown): RetiredValue | undefined {
  const path = keys.join(".");
  const [, below] =
    Object.entries(RETIRED_VALUES).find(
      ([other]) =>
        other.startsWith(`${path}.`) &&
        ownValueAt(value, other.slice(path.length + 1).split(".")) !== undefined,
    ) ?? [];
  return RETIRED[path] ?? below;
}

/** The first minor version whose chart is without a path that an older one has. */
function goneSince(
  keys: readonly string[],
  { minor }: KnownChart,
  charts: readonly KnownChart[],
): string | undefined {
  const upToThis = charts.filter((chart) => !isOlder(minor, chart.minor));
  const last = upToThis.findLastIndex(({ paths }) => has(paths, keys));
  return last < 0 ? undefined : upToThis[last + 1]?.minor;
}

function adviceFor(keys: readonly string[], value: unknown, paths: PathTree): string {
  const nested = keys.join(".").split(".");
  if (nested.length > keys.length && has(paths, nested)) {
    return `write it as keys in each other, ${nested.join(": { ")}: …${" }".repeat(nested.length - 1)}`;
  }
  const similar = similarPath(keys, value, paths);
  return similar === undefined
    ? "leave it out, as it does nothing; the chart's values.yaml has those that do"
    : `did you mean ${similar}?`;
}

/** A path that was probably meant: another spelling beside it, or the one place where the chart has such a key. */
function similarPath(keys: readonly string[], value: unknown, paths: PathTree): string | undefined {
  const above = keys.slice(0, -1);
  const key = keys.at(-1) ?? "";
  const beside = [...(treeAt(paths, above)?.keys() ?? [])];
  const other =
    beside.find((name) => letters(name) === letters(key)) ??
    beside.find((name) => isCloseTo(letters(name), letters(key)));
  if (other !== undefined) return [...above, other].join(".");
  const inner = isPlainObject(value) ? Object.keys(value) : [];
  const wanted = inner.length === 1 ? [key, inner[0] ?? ""] : [key];
  const elsewhere = wanted.map((name) =>
    pathsIn(paths).filter((path) => letters(path.at(-1) ?? "") === letters(name)),
  );
  return elsewhere.find((found) => found.length === 1)?.[0]?.join(".");
}

function letters(key: string): string {
  return key.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** Whether two words differ in one place, by at most two letters. */
function isCloseTo(word: string, other: string): boolean {
  const longest = Math.max(word.length, other.length);
  let start = 0;
  while (start < longest && word[start] === other[start]) start++;
  let end = 0;
  while (end < longest - start && word.at(-1 - end) === other.at(-1 - end)) end++;
  const differing = longest - start - end;
  return differing <= 2 && longest > 4 && Math.abs(word.length - other.length) <= 2;
}

function pathsIn(tree: PathTree, above: readonly string[] = []): string[][] {
  return [...tree].flatMap(([key, below]) => [[...above, key], ...pathsIn(below, [...above, key])]);
}

/** Whether a chart has a path, or one above it below which there may be anything. */
function has(paths: PathTree, keys: readonly string[]): boolean {
  let tree: PathTree = paths;
  for (const [index, key] of keys.entries()) {
    if (index > 0 && tree.size === 0) return true;
    const below = tree.get(key);
    if (below === undefined) return false;
    tree = below;
  }
  return true;
}

function treeAt(paths: PathTree, keys: readonly string[]): PathTree | undefined {
  return keys.reduce<PathTree | undefined>((tree, key) => tree?.get(key), paths);
}

/** A value on one line, cut where it is long. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

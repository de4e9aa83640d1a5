import semver from "semver";
import data from "./knownCharts.json";

/** Paths of a chart's values as a tree; what has no branches stands for all that may be below it. */
export type PathTree = ReadonlyMap<string, PathTree>;

/** A chart of Cilium whose paths are known. */
export interface KnownChart {
  /** Minor version of Cilium: 1.20. */
  readonly minor: string;
  /** The release that the paths are of. */
  readonly version: string;
  readonly paths: PathTree;
}

let charts: readonly KnownChart[] | undefined;

/** Charts whose paths knownCharts.json has, the oldest first. `npm run chart-paths` makes that file. */
export function knownCharts(): readonly KnownChart[] {
  charts ??= Object.entries(data.charts).map(([minor, version]) => ({
    minor,
    version,
    paths: pathTree(
      Object.entries(data.paths)
        .filter(([minors]) => minors.split(" ").includes(minor))
        .flatMap(([, paths]) => paths),
    ),
  }));
  return charts;
}

/** The tree of paths whose keys are joined with dots. */
export function pathTree(paths: readonly string[]): PathTree {
  const root = new Map<string, Map<string, unknown>>();
  for (const path of paths) {
    let tree: Map<string, unknown> = root;
    for (const key of path.split(".")) {
      const below = (tree.get(key) as Map<string, unknown> | undefined) ?? new Map();
      tree.set(key, below);
      tree = below;
    }
  }
  return root as unknown as PathTree;
}

/** Whether the first minor version is older than the second. */
export function isOlder(minor: string, other: string): boolean {
  return semver.lt(`${minor}.0`, `${other}.0`);
}

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import semver from "semver";
import { minorOf } from "../config";
import { readChartPaths } from "../sources/chartPaths";
import { chartPath } from "./toolchain/sources";
import { CILIUM_MODULES } from "./toolchain/versions";

/** The file with the paths, which is generated. */
export const CHART_PATHS = join(__dirname, "../config/derived/knownCharts.json");

/**
 * The text of that file: the release that stands for each minor version of Cilium, and the paths of its chart's values,
 * under the minor versions whose charts have them.
 */
export async function chartPathsText(): Promise<string> {
  const versions = CILIUM_MODULES.map(({ version }) => version.slice(1)).sort(semver.compare);
  const charts = new Map<string, string>();
  const minorsOf = new Map<string, string[]>();
  for (const version of versions) {
    const minor = minorOf(version);
    if (charts.has(minor)) throw new Error(`Cilium ${minor}: two charts are pinned; keep one`);
    charts.set(minor, version);
    for (const path of await readChartPaths(await chartPath(version))) {
      minorsOf.set(path, [...(minorsOf.get(path) ?? []), minor]);
    }
  }
  const paths: Record<string, string[]> = {};
  for (const path of [...minorsOf.keys()].sort()) {
    const minors = minorsOf.get(path)?.join(" ") ?? "";
    paths[minors] = [...(paths[minors] ?? []), path];
  }
  const sorted = Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ charts: Object.fromEntries(charts), paths: sorted }, null, 2)}\n`;
}

async function write(): Promise<void> {
  writeFileSync(CHART_PATHS, await chartPathsText());
}

if (require.main === module) void write();

import { chartDefault, TALOS_VALUES, VALUE_MAPPINGS, valueAt } from "../config";
import { setAt, type Tree } from "./tree";

/** Paths of the chart that the program sets: by a key of the configuration, or for Talos. */
const PROGRAM_PATHS: readonly string[] = [
  ...new Set([...VALUE_MAPPINGS.map(({ path }) => path), ...Object.keys(TALOS_VALUES)]),
];

/** Whether values say something at a path; a null or an empty text is the chart's default. */
export function isSaid(values: Tree, path: string): boolean {
  const value = valueAt(values, path);
  return value !== undefined && value !== null && value !== "";
}

/** The values, with the chart's default at each path that the program sets and they do not. */
export function withChartDefaults(values: Tree): Tree {
  const complete = structuredClone(values);
  for (const path of PROGRAM_PATHS) {
    const value = chartDefault(path);
    if (value !== undefined && !isSaid(values, path)) setAt(complete, path.split("."), value);
  }
  return complete;
}

import { stat } from "node:fs/promises";
import { RunError } from "@pulumi/pulumi";
import { ConfigError, unknownToChart } from "../config";
import { readChartPaths } from "./chartPaths";

/**
 * Checks the user's own values against those of a chart that is a folder: Helm accepts a misspelt value silently (the
 * chart's schema lets any key through). Of other charts the configuration knows the values by their versions.
 * @param chart chart as the configuration names it.
 * @param values the user's own values.
 * @throws RunError naming every value that the chart does not have.
 */
export async function checkChartValues(
  chart: string,
  values: Readonly<Record<string, unknown>>,
): Promise<void> {
  const isFolder = await stat(chart).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!isFolder) return;
  const unknown = unknownToChart(values, await readChartPaths(chart), `it is in ${chart}`);
  if (unknown.length > 0) {
    const error = new ConfigError(
      unknown.map(({ path, wrong, fix }) => ({ path: `cilium.values.${path}`, wrong, fix })),
    );
    throw new RunError(error.message);
  }
}

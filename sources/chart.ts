import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { RunError } from "@pulumi/pulumi";
import { parse } from "yaml";
import { ConfigError, unknownValues } from "../config";

/**
 * Checks the user's own values against those of a chart that is a folder: Helm accepts a misspelt value silently (the
 * chart's schema lets any key through).
 * @param chart chart as the configuration names it; one that is a name, an archive or a URL is not checked.
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
  const chartValues = parse(await readFile(join(chart, "values.yaml"), "utf8"));
  const unknown = unknownValues(values, chartValues);
  if (unknown.length > 0) {
    const error = new ConfigError(
      unknown.map((path) => ({
        path: `cilium.values.${path}`,
        wrong: `the chart has no such value (${chart})`,
        fix: "see the chart's values.yaml for its spelling, or remove it",
      })),
    );
    throw new RunError(error.message);
  }
}

import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** Pairs of runs. */
const PAIRS = 15;

/**
 * What reading and checking the configuration adds to a preview: a process that loads the program with everything that
 * comes from config/ replaced by nothing, against one that loads all of it and reads prod's configuration. In pairs,
 * each first in turn.
 */
function main(): void {
  const project = join(__dirname, "..");
  const without = `
    const { relative } = require("node:path");
    const load = require.extensions[".ts"];
    require.extensions[".ts"] = (module, file) =>
      relative("config", file).startsWith("..") ? load(module, file) : undefined;
    require("yaml");
    require("./index");`;
  const withConfiguration = `
    require("./index");
    require("./config/stackFile").readStackSettings("prod");`;
  const differences: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const order = pair % 2 === 0 ? [without, withConfiguration] : [withConfiguration, without];
    const times = new Map(order.map((program) => [program, milliseconds(program, project)]));
    differences.push((times.get(withConfiguration) ?? 0) - (times.get(without) ?? 0));
  }
  const sorted = differences.toSorted((a, b) => a - b).map(Math.round);
  console.log(
    `configuration adds ${sorted[Math.floor(PAIRS / 2)]} ms (median of ${PAIRS} pairs, ${sorted[0]} to ${sorted.at(-1)})`,
  );
}

/** Duration of a process that runs a program under ts-node, transpiling only, as Pulumi does. */
function milliseconds(program: string, cwd: string): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--require", "ts-node/register/transpile-only", "--eval", program],
    { cwd, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(stderr);
  return performance.now() - started;
}

main();

import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** Pairs of runs. */
const PAIRS = 15;

/**
 * What reading and checking the configuration adds to a preview: a process that loads what every Pulumi program loads,
 * against one that reads and checks prod's configuration besides, in pairs, each first in turn.
 */
function main(): void {
  const project = join(__dirname, "..");
  const base = "require('@pulumi/pulumi'); require('@pulumi/kubernetes'); require('yaml');";
  const settings =
    "const { readSettings } = require('./config');" +
    "const { config } = require('yaml').parse(require('node:fs').readFileSync('Pulumi.prod.yaml', 'utf8'));" +
    "readSettings({ getObject: (key) => config['talos-cilium:' + key] });";
  const differences: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const programs = [base, base + settings];
    const times = new Map<string, number>();
    for (const program of pair % 2 === 0 ? programs : programs.toReversed()) {
      times.set(program, milliseconds(program, project));
    }
    differences.push((times.get(base + settings) ?? 0) - (times.get(base) ?? 0));
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

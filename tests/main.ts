import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { printSummary, type Summary } from "./summary";

/**
 * The groups of tests, one after the other. Labs at control-plane depth run side by side, and wait for each other's
 * processes rarely; a lab at network depth needs both cores, and its tests look at the host.
 */
const GROUPS = [
  ["--parallel", "--jobs=2", "tests/unit/**/*.test.ts"],
  ["--parallel", "--jobs=3", "tests/lab/*.test.ts"],
  ["tests/lab/network/*.test.ts"],
];

/** Runs every group, and prints one summary of all. Ends with 1 when a group failed. */
function main(): void {
  const folder = mkdtempSync(join(tmpdir(), "talos-cilium-tests-"));
  try {
    const summaries = GROUPS.map((group, index): Summary => {
      const file = join(folder, `${index}.json`);
      const { status, signal } = spawnSync(
        process.execPath,
        [require.resolve("mocha/bin/mocha.js"), `--reporter-option=summary=${file}`, ...group],
        { stdio: "inherit" },
      );
      if (status !== 0) process.exitCode = 1;
      if (signal !== null) throw new Error(`mocha was ended by ${signal}: ${group.join(" ")}`);
      return JSON.parse(readFileSync(file, "utf8"));
    });
    printSummary(summaries);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

main();

import { sortBy, sum } from "es-toolkit";

/** How many tests a summary lists. */
const SLOWEST = 10;

/** What a run of mocha came to. */
export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Titles and milliseconds of the tests, hooks not included. */
  readonly durations: readonly (readonly [title: string, milliseconds: number])[];
}

/** Prints the slowest tests of several runs, and as the last line the counts in the form `N passed, N failed`. */
export function printSummary(runs: readonly Summary[]): void {
  const durations = sortBy(
    runs.flatMap((run) => run.durations),
    [([, milliseconds]) => -milliseconds],
  );
  console.log("the slowest tests:");
  for (const [title, milliseconds] of durations.slice(0, SLOWEST)) {
    console.log(`  ${(milliseconds / 1000).toFixed(1).padStart(6)} s  ${title}`);
  }
  const [passed, failed, skipped] = (["passed", "failed", "skipped"] as const).map((outcome) =>
    sum(runs.map((run) => run[outcome])),
  );
  console.log(`${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`);
}

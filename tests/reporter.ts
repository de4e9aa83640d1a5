import { writeFileSync } from "node:fs";
import { Runner, reporters, type Test } from "mocha";
import { printSummary, type Summary } from "./summary";

/** The usual report, and at its end a summary; or the summary as JSON to the file that the option `summary` names. */
export default class SummaryReporter extends reporters.Spec {
  constructor(runner: Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const tests: Test[] = [];
    runner.on(Runner.constants.EVENT_TEST_END, (test) => tests.push(test));
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes: passed, failures: failed, pending: skipped } = this.stats;
      const durations = tests.map((test): [string, number] => [
        test.fullTitle(),
        test.duration ?? 0,
      ]);
      const summary: Summary = { passed, failed, skipped, durations };
      const { summary: file } = (options.reporterOptions ?? {}) as { summary?: string };
      if (file === undefined) printSummary([summary]);
      else writeFileSync(file, JSON.stringify(summary));
    });
  }
}

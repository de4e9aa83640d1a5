import { Runner, reporters } from "mocha";

/** The usual report, and as the last line the counts in the form that a machine reads: `N passed, N failed`. */
export default class CountingReporter extends reporters.Spec {
  constructor(runner: Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      console.log(
        `${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ""}`,
      );
    });
  }
}

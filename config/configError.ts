import { RunError } from "@pulumi/pulumi";

/** One thing that is wrong with the configuration. */
export interface Problem {
  /** Where, as the stack file has it: `loadBalancing.pool.start`. */
  readonly path: string;
  /** What is wrong, with the value seen. */
  readonly wrong: string;
  /** What to do about it. */
  readonly fix: string;
}

/** A problem in one sentence. */
export function describeProblem({ path, wrong, fix }: Problem): string {
  return `${path}: ${wrong}; ${fix}`;
}

/** Everything that is wrong with a stack's configuration. Pulumi prints its message alone, without a stack trace. */
export class ConfigError extends RunError {
  /**
   * @param problems all of them, not the first one; at least one.
   */
  constructor(public readonly problems: readonly Problem[]) {
    super(
      [
        `the stack's configuration cannot work (${problems.length} ${problems.length === 1 ? "problem" : "problems"}):`,
        ...problems.map((problem) => `  ${describeProblem(problem)}`),
      ].join("\n"),
    );
  }
}

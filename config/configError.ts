import { count } from "./text";

/** One mistake in the configuration. */
export interface Problem {
  /** Key in the stack file, such as `loadBalancing.pools.0.start`. */
  readonly path: string;
  /** The mistake, with the value seen in parentheses. */
  readonly wrong: string;
  /** The remedy, as an order: "use a /12 or longer". */
  readonly fix: string;
}

export function describeProblem({ path, wrong, fix }: Problem): string {
  return `${path}: ${wrong}; ${fix}`;
}

/** Everything that is wrong with a stack's configuration. */
export class ConfigError extends Error {
  /** @param problems every problem, at least one. */
  constructor(public readonly problems: readonly Problem[]) {
    super(
      [
        `the stack's configuration cannot work (${count(problems.length, "problem")}):`,
        ...problems.map((problem) => `  ${describeProblem(problem)}`),
      ].join("\n"),
    );
  }
}

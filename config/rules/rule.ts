import type { Problem } from "../configError";
import type { Settings } from "../schema";

/** One rule of the field: a pure check of settings whose shape is already right. */
export interface Rule {
  /** The requirement in a few words, subject first. Its fixtures in tests/fixtures have this name, too. */
  readonly name: string;
  /** One or two sentences of Markdown for docs/configuration.md: the requirement, then the reason. */
  readonly description: string;
  /** An error refuses the configuration; a warning is printed and lets it through. */
  readonly severity: "error" | "warning";
  /** Returns every problem that the rule finds. */
  check(settings: Settings): Problem[];
}

/** The problem as a list, empty where the condition does not hold. */
export function problemIf(condition: boolean, problem: Problem): Problem[] {
  return condition ? [problem] : [];
}

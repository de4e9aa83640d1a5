import type { Problem } from "../configError";
import type { Settings } from "../schema";

/** One rule of the field: a pure check of settings whose shape is already right. */
export interface Rule {
  /** Name, which is also that of its fixtures in tests/fixtures. */
  readonly name: string;
  /** Set for a rule whose problems are printed, but stop nothing. */
  readonly warnsOnly?: true;
  /** Returns what is wrong, nothing when all is well. */
  check(settings: Settings): Problem[];
}

/** A problem, in the order in which it is printed. */
export function problem(path: string, wrong: string, fix: string): Problem {
  return { path, wrong, fix };
}

/** A problem if a condition holds, else none. */
export function problemIf(condition: boolean, path: string, wrong: string, fix: string): Problem[] {
  return condition ? [problem(path, wrong, fix)] : [];
}

/** Things that occur more than once, each with the positions of all its owners. */
export function repeated<T>(items: readonly T[], keyOf: (item: T) => string): [string, number[]][] {
  const owners = new Map<string, number[]>();
  for (const [index, item] of items.entries()) {
    const key = keyOf(item);
    owners.set(key, [...(owners.get(key) ?? []), index]);
  }
  return [...owners].filter(([, positions]) => positions.length > 1);
}

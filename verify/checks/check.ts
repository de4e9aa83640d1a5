import { count, type Settings } from "../../config";
import type { Facts } from "../facts/facts";

/** Something that is not as the stack asks. */
export interface Finding {
  /** What was seen, and where. */
  readonly seen: string;
  readonly expected: string;
  /** What to do, or the next command to run. */
  readonly next: string;
}

/** Result of a check. */
export type Verdict =
  /** As the stack asks; the detail says in a few words what was seen. */
  | { readonly outcome: "passed"; readonly detail: string }
  | { readonly outcome: "failed"; readonly findings: readonly Finding[] }
  /** Not checked, because a check that it needs failed, or because the caller skips it; the detail says which, or why. */
  | { readonly outcome: "skipped"; readonly detail: string }
  /** Could not be checked from here (or not yet); the detail says why. Never counts as passed. */
  | { readonly outcome: "unknown"; readonly detail: string }
  /** The stack or the cluster has nothing that the check applies to; the detail says what is missing. */
  | { readonly outcome: "not-applicable"; readonly detail: string };

export type Outcome = Verdict["outcome"];

/** A pure judgement of facts. */
export interface Check<Name extends string = string> {
  /** Lower-case words with hyphens. */
  readonly name: Name;
  /** A sentence that is true when the check passes. */
  readonly title: string;
  /** Checks whose failure this one would only repeat: then it is skipped. */
  readonly needs?: readonly Check[];
  judge(facts: Facts, settings: Settings): Verdict;
}

/** Keeps the name as a literal type, of which CheckName is made. */
export function defineCheck<const Name extends string>(check: Check<Name>): Check<Name> {
  return check;
}

export function passed(detail: string): Verdict {
  return { outcome: "passed", detail };
}

export function failed(...findings: readonly [Finding, ...Finding[]]): Verdict {
  return { outcome: "failed", findings };
}

export function skipped(detail: string): Verdict {
  return { outcome: "skipped", detail };
}

export function unknown(detail: string): Verdict {
  return { outcome: "unknown", detail };
}

export function notApplicable(detail: string): Verdict {
  return { outcome: "not-applicable", detail };
}

/** Failed with the findings, or passed when there are none. */
export function passedUnless(findings: readonly Finding[], detail: string): Verdict {
  const [first, ...others] = findings;
  return first === undefined ? passed(detail) : failed(first, ...others);
}

/** Unknown where KWOK simulates nodes, since no agent runs there; undefined where agents run. */
export function unknownIfSimulated({ agentAnswers }: Facts): Verdict | undefined {
  const simulated = [...agentAnswers.values()].filter((answer) => "simulated" in answer).length;
  return simulated === 0
    ? undefined
    : unknown(`${count(simulated, "node")} simulated by KWOK: no agent runs there`);
}

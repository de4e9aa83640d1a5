import type { Settings } from "../../config";
import type { Facts } from "../facts/facts";

/** Something that is not as it was asked for. */
export interface Finding {
  /** What was seen, and where. */
  readonly seen: string;
  /** What was expected. */
  readonly expected: string;
  /** What to do, or the next command to run. */
  readonly next: string;
}

/** Result of a check. */
export type Verdict =
  /** As the stack asks; the detail says what was seen, in a few words. */
  | { readonly outcome: "passed"; readonly detail: string }
  | { readonly outcome: "failed"; readonly findings: readonly Finding[] }
  /** Left out: a check that it needs failed, or the caller asked for it; the detail says which, or why. */
  | { readonly outcome: "skipped"; readonly detail: string }
  /** Could not be checked from here, or not yet; the detail says why. Never counts as passed. */
  | { readonly outcome: "unknown"; readonly detail: string }
  /** The stack or the cluster has nothing that it applies to; the detail says what is missing. */
  | { readonly outcome: "not-applicable"; readonly detail: string };

/** The five outcomes, also as values in JSON. */
export type Outcome = Verdict["outcome"];

/** One check: a pure judgement of facts. */
export interface Check {
  /** Name: lower-case words with hyphens. */
  readonly name: string;
  /** What it proves, as a sentence that is true when it passes. */
  readonly title: string;
  /** Checks without which this one would only repeat what they found. */
  readonly needs?: readonly string[];
  /** Judges. */
  judge(facts: Facts, settings: Settings): Verdict;
}

/** Passed, when nothing was found; else failed. */
export function verdict(findings: readonly Finding[], detail: string): Verdict {
  return findings.length === 0 ? { outcome: "passed", detail } : { outcome: "failed", findings };
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

/** Unknown where KWOK simulates nodes, since no agent runs there; undefined where agents run. */
export function unknownIfSimulated({ agentAnswers }: Facts): Verdict | undefined {
  const simulated = [...agentAnswers.values()].filter((answer) => "simulated" in answer).length;
  return simulated === 0
    ? undefined
    : unknown(`${count(simulated, "node")} simulated by KWOK: no agent runs there`);
}

/** A count with its noun: 1 node, 5 nodes. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : noun.endsWith("s") ? "es" : "s"}`;
}

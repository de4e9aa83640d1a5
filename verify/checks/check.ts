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

/** What a check comes to. */
export type Verdict =
  /** All is as asked for; what was seen, in a few words. */
  | { readonly outcome: "passed"; readonly detail: string }
  | { readonly outcome: "failed"; readonly findings: readonly Finding[] }
  /** It has no object in this cluster or stack; why. */
  | { readonly outcome: "not asked for"; readonly detail: string }
  /** Its object cannot be looked at from here; why. Never a pass. */
  | { readonly outcome: "not checkable here"; readonly detail: string }
  /** A check that it needs has failed; which. */
  | { readonly outcome: "not judged"; readonly detail: string };

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

/** There is nothing to check. */
export function notAskedFor(detail: string): Verdict {
  return { outcome: "not asked for", detail };
}

/** Nobody to look at, where KWOK plays a node; undefined where agents run. */
export function simulated({ agentAnswers }: Facts): Verdict | undefined {
  const played = [...agentAnswers.values()].filter((answer) => "simulated" in answer).length;
  if (played === 0) return undefined;
  return {
    outcome: "not checkable here",
    detail: `${count(played, "node")} simulated by KWOK: no agent runs there`,
  };
}

/** A count with its noun: 1 node, 5 nodes. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : noun.endsWith("s") ? "es" : "s"}`;
}

import Table from "cli-table3";
import junit from "junit-report-builder";
import type { Result } from "./checks";
import type { Finding, Outcome } from "./checks/check";

/** What a verification came to, as a machine reads it. */
export interface Report {
  /** Name of the stack. */
  readonly stack: string;
  /** When it began, ISO 8601. */
  readonly began: string;
  /** How long it took, seconds. */
  readonly seconds: number;
  /** Whether no check failed. */
  readonly passed: boolean;
  /** Each check. */
  readonly checks: readonly ReportedCheck[];
}

/** A check in a report. */
export interface ReportedCheck {
  readonly name: string;
  readonly title: string;
  readonly outcome: Outcome;
  /** What was seen, or why there was nothing to see; empty when it failed. */
  readonly detail: string;
  /** What is wrong; empty unless it failed. */
  readonly findings: readonly Finding[];
}

/** The form that a report is printed in. */
export type Format = "table" | "json" | "markdown" | "junit";

const SIGNS: Readonly<Record<Outcome, string>> = {
  passed: "✔",
  failed: "✘",
  skipped: "·",
  unknown: "?",
  "not-applicable": "-",
};

/** Columns of a table where no terminal says how wide it is. */
const WIDTH = 140;

/** Makes a report out of results. */
export function report(stack: string, began: Date, results: readonly Result[]): Report {
  const checks = results.map(({ check: { name, title }, verdict }) => ({
    name,
    title,
    outcome: verdict.outcome,
    detail: "detail" in verdict ? verdict.detail : "",
    findings: "findings" in verdict ? verdict.findings : [],
  }));
  return {
    stack,
    began: began.toISOString(),
    seconds: Math.round((Date.now() - began.getTime()) / 100) / 10,
    passed: !checks.some(({ outcome }) => outcome === "failed"),
    checks,
  };
}

/** The report in one of its forms. */
export function format(done: Report, form: Format): string {
  switch (form) {
    case "json":
      return JSON.stringify(done, undefined, 2);
    case "markdown":
      return markdown(done);
    case "junit":
      return junitXml(done);
    case "table":
      return `${table(done.checks)}\n${summary(done)}`;
  }
}

/** A finding in one sentence: what, what was expected, what to do. */
export function sentence({ seen, expected, next }: Finding): string {
  return `${seen}; expected ${expected}; next: ${next}`;
}

/** How many checks came to what. */
export function summary({ checks, seconds }: Report): string {
  const outcomes = Object.keys(SIGNS).flatMap((outcome) => {
    const number = checks.filter((check) => check.outcome === outcome).length;
    return number === 0 && outcome !== "failed" ? [] : [`${number} ${outcome}`];
  });
  return `${outcomes.join(", ")} (${seconds} s)`;
}

/** The checks as a table, a row each. */
export function table(checks: readonly ReportedCheck[]): string {
  const width = process.stdout.columns ?? WIDTH;
  const names = Math.max(...checks.map(({ name }) => name.length)) + 2;
  const states = 22;
  const made = new Table({
    head: ["check", "", "seen"],
    colWidths: [names, states, Math.max(width - names - states - 4, 40)],
    wordWrap: true,
    style: { head: [], border: [] },
    // No line between two rows: there are many.
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  made.push(
    ...checks.map((check) => [check.name, `${SIGNS[check.outcome]} ${check.outcome}`, seen(check)]),
  );
  return made.toString();
}

function seen({ detail, findings }: ReportedCheck): string {
  return [detail, ...findings.map(sentence)].filter((line) => line !== "").join("\n");
}

function markdown(done: Report): string {
  const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", "<br>");
  return [
    `### ${done.stack}: ${summary(done)}`,
    "",
    "| check | outcome | seen |",
    "|---|---|---|",
    ...done.checks.map(
      (check) =>
        `| ${check.name} | ${SIGNS[check.outcome]} ${check.outcome} | ${cell(seen(check))} |`,
    ),
  ].join("\n");
}

function junitXml(done: Report): string {
  const builder = junit.newBuilder();
  const suite = builder.testSuite().name(`talos-cilium ${done.stack}`).timestamp(done.began);
  for (const check of done.checks) {
    const test = suite.testCase().className(done.stack).name(`${check.name}: ${check.title}`);
    if (check.outcome === "failed") test.failure(seen(check));
    else if (check.outcome !== "passed")
      test.skipped().standardOutput(`${check.outcome}: ${check.detail}`);
    else test.standardOutput(check.detail);
  }
  return builder.build();
}

import Table from "cli-table3";
import junit from "junit-report-builder";
import type { Result } from "./checks";
import type { Finding, Outcome } from "./checks/check";

/** Report of a verification; in JSON it has the same form. */
export interface Report {
  /** Name of the stack. */
  readonly stack: string;
  /** Start of the verification, ISO 8601. */
  readonly began: string;
  /** Its duration. */
  readonly seconds: number;
  /** Whether no check failed. */
  readonly passed: boolean;
  readonly checks: readonly ReportedCheck[];
}

export interface ReportedCheck {
  readonly name: string;
  readonly title: string;
  readonly outcome: Outcome;
  /** What was seen, or why nothing was; empty when the check failed. */
  readonly detail: string;
  /** Empty unless the check failed. */
  readonly findings: readonly Finding[];
}

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

/** Columns for an outcome with its sign. */
const OUTCOME_WIDTH = 18;

export function createReport(stack: string, began: Date, results: readonly Result[]): Report {
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

export function formatReport(report: Report, format: Format): string {
  switch (format) {
    case "json":
      return JSON.stringify(report, undefined, 2);
    case "markdown":
      return markdown(report);
    case "junit":
      return junitXml(report);
    case "table":
      return `${checksTable(report.checks)}\n${summarize(report)}`;
  }
}

/** A finding in one sentence: what was seen, what was expected, what to do. */
export function describeFinding({ seen, expected, next }: Finding): string {
  return `${seen}; expected ${expected}; next: ${next}`;
}

/** Number of checks with each outcome: 30 passed, 1 failed, 4 skipped (2.1 s). */
export function summarize({ checks, seconds }: Report): string {
  const counts = Object.keys(SIGNS).flatMap((outcome) => {
    const number = checks.filter((check) => check.outcome === outcome).length;
    const isShown = number > 0 || outcome === "passed" || outcome === "failed";
    return isShown ? [`${number} ${outcome}`] : [];
  });
  return `${counts.join(", ")} (${seconds} s)`;
}

/** A table with a row per check, as wide as the terminal. */
export function checksTable(checks: readonly ReportedCheck[]): string {
  const width = process.stdout.columns ?? WIDTH;
  const nameWidth = Math.max(...checks.map(({ name }) => name.length)) + 2;
  const table = new Table({
    head: ["check", "outcome", "seen"],
    colWidths: [nameWidth, OUTCOME_WIDTH, Math.max(width - nameWidth - OUTCOME_WIDTH - 4, 40)],
    wordWrap: true,
    style: { head: [], border: [] },
    // No line between two rows: there are many.
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  table.push(...checks.map((check) => [check.name, outcomeWithSign(check), describeSeen(check)]));
  return table.toString();
}

function outcomeWithSign({ outcome }: ReportedCheck): string {
  return `${SIGNS[outcome]} ${outcome}`;
}

/** The detail, or the findings, a line each. */
function describeSeen({ detail, findings }: ReportedCheck): string {
  return [detail, ...findings.map(describeFinding)].filter((line) => line !== "").join("\n");
}

function markdown(report: Report): string {
  const escapeCell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", "<br>");
  return [
    `### ${report.stack}: ${summarize(report)}`,
    "",
    "| check | outcome | seen |",
    "|---|---|---|",
    ...report.checks.map(
      (check) =>
        `| ${check.name} | ${outcomeWithSign(check)} | ${escapeCell(describeSeen(check))} |`,
    ),
  ].join("\n");
}

/** JUnit knows passed, failed and skipped; what is not judged is skipped there, with its outcome in the output. */
function junitXml(report: Report): string {
  const builder = junit.newBuilder();
  const suite = builder.testSuite().name(`talos-cilium ${report.stack}`).timestamp(report.began);
  for (const check of report.checks) {
    const test = suite.testCase().className(report.stack).name(`${check.name}: ${check.title}`);
    if (check.outcome === "failed") test.failure(describeSeen(check));
    else if (check.outcome === "passed") test.standardOutput(check.detail);
    else test.skipped().standardOutput(`${check.outcome}: ${check.detail}`);
  }
  return builder.build();
}

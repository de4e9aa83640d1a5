import type { ComparedWithBase } from "./compareWithBase";
import { jsonReport } from "./jsonReport";
import { commentMarker, markdownReport } from "./markdownReport";
import { code, fence } from "./markdownText";
import type { ReportContext } from "./reportContext";
import { visible } from "./showValue";
import { textReport } from "./textReport";

export type Format = "text" | "markdown" | "json";

/** Characters of a problem in a comment, which has a limit; the command prints all of it as text. */
const MOST_OF_PROBLEM = 20_000;

/**
 * The report of a comparison, or of why there is none.
 * @param command that prints all of it again.
 */
export function report(
  format: Format,
  stack: string,
  { base, notes, result }: ComparedWithBase,
  command: string,
): string {
  const context: ReportContext = { base, notes, command };
  if ("problem" in result) return problemReport(format, stack, context, result.problem);
  if (format === "markdown") return markdownReport(result, context);
  return format === "json" ? asJson(jsonReport(result, context)) : textReport(result, context);
}

function problemReport(
  format: Format,
  stack: string,
  { base, notes }: ReportContext,
  problem: string,
): string {
  const wrong = "not compared, as the base cannot be rendered; what is here can";
  const next = `Read what is here instead: npm run -s render -- --stack ${stack}`;
  if (format === "json") return asJson({ version: 1, stack, base, notes, problem });
  if (format === "text") {
    return `${[`${stack}, compared with ${base}: ${wrong}`, problem, next].map(visible).join("\n")}\n`;
  }
  return `${[
    commentMarker(stack),
    `### Stack ${code(stack)}, compared with ${code(base)}`,
    `**Not compared**, as the base cannot be rendered; what is here can. The base says:`,
    fence("", problem.slice(0, MOST_OF_PROBLEM).split("\n")),
    `Read what is here instead: ${code(`npm run -s render -- --stack ${stack}`)}`,
  ].join("\n\n")}\n`;
}

function asJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

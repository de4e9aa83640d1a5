import { structuredPatch } from "diff";
import { stringify } from "yaml";
import { count, firstOf } from "../config";
import { type Comparison, isEmpty } from "./compareStacks";
import type { Finding } from "./effects";
import { code, fence, html, plain } from "./markdownText";
import type { FieldChange, ObjectChange } from "./objectChange";
import type { StackObject } from "./renderedStack";
import { NO_CHANGES, type ReportContext } from "./reportContext";
import { shownFields } from "./shownFields";
import { showPath, showValue } from "./showValue";
import { describeLabels, summaryOf } from "./textReport";

/** Characters that a comment on GitHub may have. */
const COMMENT_LIMIT = 65_536;

/** Lines of one object's diff where a comment is too long with all of them. */
const LINES_WHEN_CUT = 60;

/** Rows of the table, and characters of what one says; beyond these the objects below say the rest. */
const MOST_ROWS = 40;
const LONGEST_ROW = 400;

/** Lines that two texts may differ in and still be compared line by line, which takes ever longer. */
const MOST_EDITS = 2_000;

/** The line by which the comment of a stack is found, to be replaced. */
export function commentMarker(stack: string): string {
  return `<!-- talos-cilium:render:${stack} -->`;
}

/**
 * The report as a comment: a table of what the change does, then a folded diff for each object, the most harmful first.
 * What does not fit is left out from the end, and said.
 * @param limit characters; default: those of a comment on GitHub.
 */
export function markdownReport(
  comparison: Comparison,
  context: ReportContext,
  limit = COMMENT_LIMIT,
): string {
  const { stack, changes, onlyVersionLabels } = comparison;
  const head = [
    commentMarker(stack),
    `### Stack ${code(stack)}, compared with ${code(context.base)}`,
    isEmpty(comparison) ? NO_CHANGES : `${summaryOf(comparison)}.`,
    ...context.notes.map(plain),
  ];
  if (isEmpty(comparison)) return join(head);
  head.push(...table(comparison.findings, context));
  const labels =
    onlyVersionLabels.length > 0 ? [`${plain(describeLabels(onlyVersionLabels))}.`] : [];
  const whole = [...head, ...changes.map((change) => section(change)), ...labels];
  if (join(whole).length <= limit) return join(whole);
  return cut(head, changes, labels, context, limit);
}

/** As many objects as fit, the most harmful first, each with its first lines. */
function cut(
  head: readonly string[],
  changes: readonly ObjectChange[],
  labels: readonly string[],
  context: ReportContext,
  limit: number,
): string {
  const end = (left: readonly ObjectChange[]) => [
    ...labels,
    `**Left out**, as a comment is not longer: ${leftOut(left)}. All of it: ${code(context.command)}`,
  ];
  const parts = [...head];
  for (const [index, change] of changes.entries()) {
    const part = section(change, LINES_WHEN_CUT);
    if (join([...parts, part, ...end(changes)]).length > limit) {
      return join([...parts, ...end(changes.slice(index))]);
    }
    parts.push(part);
  }
  return join([...parts, ...end([])]);
}

function leftOut(changes: readonly ObjectChange[]): string {
  if (changes.length === 0) return "the further lines of long diffs";
  const names = changes.map(({ object }) => code(object));
  return `${count(changes.length, "object")} (${firstOf(names, 20)}), the least harmful, and the further lines of long diffs`;
}

function table(findings: readonly Finding[], { command }: ReportContext): string[] {
  const rows = findings.filter(({ effect }) => effect !== "harmless");
  if (rows.length === 0) return ["All of it is harmless."];
  const more = rows.length - MOST_ROWS;
  return [
    [
      "| effect | object | what happens |",
      "|---|---|---|",
      ...rows
        .slice(0, MOST_ROWS)
        .map(
          ({ effect, object, what, source }) =>
            `| **${effect}** | ${code(object)} | ${plain(shortened(what))}${link(source)} |`,
        ),
    ].join("\n"),
    ...(more > 0 ? [`And ${count(more, "more row")}: ${code(command)}`] : []),
  ];
}

function shortened(what: string): string {
  return what.length > LONGEST_ROW ? `${what.slice(0, LONGEST_ROW)}…` : what;
}

function link(source: string | undefined): string {
  return source === undefined ? "" : ` ([source](${source}))`;
}

/** @param most lines of the diff; default: all. */
function section(change: ObjectChange, most = Number.POSITIVE_INFINITY): string {
  const { object, effect, judgements } = change;
  const all = diffLines(change);
  const more = all.length - most;
  const lines = more > 0 ? [...all.slice(0, most), `# and ${count(more, "more line")}`] : all;
  const notes = judgements.map(
    (each) => `- ${each.effect}: ${plain(each.what)}${link(each.source)}`,
  );
  return [
    `<details><summary>${html(object)} ${change.change}: ${effect}</summary>`,
    ...(notes.length > 0 ? [notes.join("\n")] : []),
    fence("diff", lines),
    "</details>",
  ].join("\n\n");
}

function diffLines(change: ObjectChange): string[] {
  if (change.change === "added") return yamlLines(change.after).map((line) => `+ ${line}`);
  if (change.change === "removed") return yamlLines(change.before).map((line) => `- ${line}`);
  const { fields, descriptions } = shownFields(change);
  return [
    ...fields.flatMap(fieldLines),
    ...(descriptions > 0 ? [`# and ${count(descriptions, "description")} in the schema`] : []),
  ];
}

function yamlLines(made: StackObject | undefined): string[] {
  return stringify(made?.object, { lineWidth: 0, aliasDuplicateObjects: false })
    .trimEnd()
    .split("\n");
}

function fieldLines(field: FieldChange): string[] {
  const { before, after, isList, isHidden } = field;
  const path = showPath(field);
  if (isHidden) return [`! ${path}: (not shown), changed`];
  if (isList) {
    return [
      ...(before as unknown[]).map((each) => `- ${path}: ${showValue(each)}`),
      ...(after as unknown[]).map((each) => `+ ${path}: ${showValue(each)}`),
    ];
  }
  if ([before, after].every((each) => typeof each === "string" && each.includes("\n"))) {
    return [`  ${path}:`, ...textLines(String(before), String(after))];
  }
  return [
    ...(before === undefined ? [] : [`- ${path}: ${showValue(before)}`]),
    ...(after === undefined ? [] : [`+ ${path}: ${showValue(after)}`]),
  ];
}

/** The lines in which two texts differ, with those around them. */
function textLines(before: string, after: string): string[] {
  const patch = structuredPatch("", "", before, after, "", "", {
    context: 2,
    maxEditLength: MOST_EDITS,
  });
  if (patch === undefined)
    return [`! ${count(after.split("\n").length, "line")}, nearly all of them other`];
  return patch.hunks.flatMap(({ lines }, index) => [
    ...(index > 0 ? ["  …"] : []),
    ...lines.map((line) => `${line.slice(0, 1)}   ${line.slice(1, 201)}`),
  ]);
}

function join(parts: readonly string[]): string {
  return `${parts.join("\n\n")}\n`;
}

import { count, firstOf } from "../config";
import { type Comparison, isEmpty } from "./compareStacks";
import type { ObjectChange } from "./objectChange";
import { NO_CHANGES, type ReportContext } from "./reportContext";
import { shownFields } from "./shownFields";
import { describeField, visible } from "./showValue";

/** Fields of an object that are shown; a new schema of a CRD has thousands. */
const MOST_FIELDS = 40;

/** The report for a terminal. */
export function textReport(comparison: Comparison, { base, notes }: ReportContext): string {
  if (isEmpty(comparison)) return `${NO_CHANGES}\n`;
  const { stack, changes, findings, onlyVersionLabels } = comparison;
  const lines = [`${stack}, compared with ${base}: ${summaryOf(comparison)}`, ...notes, ""];
  for (const { effect, object, what, source } of findings) {
    lines.push(`${effect}: ${object}: ${what}${source === undefined ? "" : ` (${source})`}`);
  }
  if (findings.length > 0) lines.push("");
  for (const change of changes) lines.push(...objectLines(change));
  if (onlyVersionLabels.length > 0) lines.push(describeLabels(onlyVersionLabels));
  return `${lines.map(visible).join("\n")}\n`;
}

/** How many objects come, change and go: `1 added, 3 changed, 0 removed`. */
export function summaryOf(comparison: Comparison): string {
  if (isEmpty(comparison)) return NO_CHANGES;
  const { changes, onlyVersionLabels } = comparison;
  const of = (kind: ObjectChange["change"]) =>
    changes.filter(({ change }) => change === kind).length;
  const labels = onlyVersionLabels.length;
  const more = labels === 0 ? "" : `, ${labels} only in labels that name a version`;
  return `${count(of("added"), "object")} added, ${of("changed")} changed, ${of("removed")} removed${more}`;
}

/** The line for objects in which nothing else changes. */
export function describeLabels(objects: readonly string[]): string {
  return `only labels that name a version change in ${count(objects.length, "object")}: ${firstOf(objects, 5)}`;
}

function objectLines(objectChange: ObjectChange): string[] {
  const { object, change, effect } = objectChange;
  const { fields, descriptions } = shownFields(objectChange);
  const more = fields.length - MOST_FIELDS;
  return [
    `${change} ${object} (${effect})`,
    ...fields.slice(0, MOST_FIELDS).map((field) => `  ${describeField(field)}`),
    ...(more > 0 ? [`  and ${count(more, "more field")}`] : []),
    ...(descriptions > 0 ? [`  and ${count(descriptions, "description")} in the schema`] : []),
  ];
}

import { stripVTControlCharacters } from "node:util";
import { markerLine } from "./keepOnePost";

/** Text that is folded, and cut where a post would be too long. */
export interface Log {
  readonly title: string;
  readonly text: string;
}

export interface PostParts {
  readonly marker: string;
  /** Markdown, as it is. */
  readonly reports: readonly string[];
  readonly logs: readonly Log[];
}

/** What is left for a log that is cut, at least; less says nothing. */
const SHORTEST_LOG = 200;

const CUT = "The rest is longer than a comment may be: the job's summary has all of it.";

/**
 * Puts a post together. Logs are cut first, at their beginning, as the end says how it went. Reports that are still too long
 * lose their last folded parts, and say so.
 * @param limit characters that the post may have.
 */
export function postBody({ marker, reports, logs }: PostParts, limit: number): string {
  const head = fitting(
    [markerLine(marker), ...reports.map((report) => report.trim())].join("\n\n"),
    limit,
  );
  const room = limit - joined(head).length;
  const each = Math.floor(room / Math.max(1, logs.length));
  return joined([...head, ...logs.map((log) => foldedLog(log, each)).filter(Boolean)]);
}

/** The text as it is, or without its last folded parts. */
function fitting(text: string, limit: number): string[] {
  if (joined([text]).length <= limit) return [text];
  const parts = text.split(/\n+(?=<details>)/);
  do parts.pop();
  while (parts.length > 0 && joined([...parts, CUT]).length > limit);
  // A text without folded parts begins with the marker all the same.
  return parts.length > 0 ? [...parts, CUT] : [text.split("\n", 1)[0] ?? "", CUT];
}

function joined(parts: readonly string[]): string {
  return `${parts.join("\n\n")}\n`;
}

/** @param room characters, what surrounds the text included. */
function foldedLog({ title, text }: Log, room: number): string {
  const clean = stripVTControlCharacters(text).trimEnd();
  // A fence that the text cannot end.
  const longest = Math.max(2, ...[...clean.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  const around = (shown: string) =>
    `<details><summary>${escapeHtml(title)}</summary>\n\n${fence}\n${shown}\n${fence}\n\n</details>`;
  // Two line feeds are before it.
  const left = room - around("").length - 2;
  if (clean.length <= left) return around(clean);
  const note = "(cut: the whole text is in the job's log)\n";
  if (left < SHORTEST_LOG) return "";
  return around(`${note}${clean.slice(clean.length - left + note.length)}`);
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

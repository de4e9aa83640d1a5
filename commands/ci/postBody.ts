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

const TOO_LONG =
  "The report is longer than a comment may be. It is in the job's summary, and `npm run -s render -- --stack NAME --against REF` prints it.";

/**
 * Puts a post together. Logs are cut first, at their beginning, as the end says how it went; a report that is still too
 * long is left out, with a sentence.
 * @param limit characters that the post may have.
 */
export function postBody({ marker, reports, logs }: PostParts, limit: number): string {
  const head = [markerLine(marker), ...reports.map((report) => report.trim())];
  const room = limit - joined(head).length;
  if (room < 0) return joined([markerLine(marker), TOO_LONG]);
  const each = Math.floor(room / Math.max(1, logs.length));
  return joined([...head, ...logs.map((log) => foldedLog(log, each)).filter(Boolean)]);
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

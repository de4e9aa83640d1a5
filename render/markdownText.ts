import { visible } from "./showValue";

// What a value holds must stay text in a comment: GitHub would notify whom it mentions, and show its HTML.

/** A value as code, also in the cell of a table. No mention in code notifies anybody. */
export function code(value: string): string {
  const line = visible(value).replace(/\s+/g, " ");
  // Entities, as no backslash and no longer run of backticks keeps a pipe in its cell.
  return /^[^`|\\<>&@]+$/.test(line) && !/^ | $/.test(line)
    ? `\`${line}\``
    : `<code>${entities(line)}</code>`;
}

/** Text with nothing in it that Markdown or GitHub take for more, also in the cell of a table. */
export function plain(text: string): string {
  return (
    visible(text)
      .replace(/\s+/g, " ")
      .replace(/[&<>]/g, entity)
      .replace(/[\\`*_{}[\]()#+!|~$]/g, "\\$&")
      // An entity would be text again by the time that mentions and links are looked for.
      .replace(/@(?=\w)|#(?=\d)|:(?=\/\/)|(?<=\bwww)\./gi, (sign) => `${sign}\u200b`)
  );
}

/** A value inside of HTML, on one line: a blank line would end the HTML. */
export function html(value: string): string {
  return `<code>${visible(value)
    .replace(/\s+/g, " ")
    .replace(/[&<>"]/g, entity)}</code>`;
}

/** Lines in a fence that none of them can end. */
export function fence(language: string, lines: readonly string[]): string {
  const text = lines.map(visible).join("\n");
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const marks = "`".repeat(longest + 1);
  return `${marks}${language}\n${text}\n${marks}`;
}

function entities(text: string): string {
  return text.replace(/[^A-Za-z0-9 ./-]/g, entity);
}

function entity(character: string): string {
  return `&#${character.codePointAt(0)};`;
}

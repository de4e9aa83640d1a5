import { THERE } from "./fields";
import type { FieldChange } from "./objectChange";
import { NOT_SHOWN } from "./renderedStack";

/** A value on one line, cut where it is long; undefined for nothing. */
export function showValue(value: unknown): string | undefined {
  if (value === undefined || value === THERE || value === NOT_SHOWN) return value;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const [line = ""] = text.split("\n");
  const isCut = text.includes("\n") || line.length > 100;
  return visible(
    isCut ? `${line.slice(0, 100)}… (${text.length} characters)` : JSON.stringify(value),
  );
}

/**
 * Text whose control characters can be seen, line ends and tabs aside: one of a value could move the cursor of a terminal,
 * or turn the direction of writing around.
 */
export function visible(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Path of a field, and whether its values are the elements that differ of a list. */
export function showPath({ path, isList }: FieldChange): string {
  return visible(isList ? `${path} (elements)` : path);
}

/** A change of a field on one line: `data.mtu: "0" → "1400"`. */
export function describeField(field: FieldChange): string {
  if (field.isHidden) return `${showPath(field)}: ${NOT_SHOWN}, changed`;
  const [before = "nothing", after = "nothing"] = [field.before, field.after].map(showValue);
  return `${showPath(field)}: ${before} → ${after}`;
}

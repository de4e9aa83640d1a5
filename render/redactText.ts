import type { KnownSecrets } from "./knownSecrets";
import { NOT_SHOWN } from "./renderedStack";
import { isHarmless, isSecretKey } from "./secretKeys";
import { replacePatterns } from "./secretPatterns";

/** A text with what is secret in it taken out. */
export interface RedactedText {
  readonly shown: string;
  /** What was taken out, in order. */
  readonly secrets: readonly string[];
}

interface TextOptions {
  /** Whether it is documentation, in which a colon behind a key is no assignment. */
  readonly isProse?: boolean;
  /** How many encodings it was in. */
  readonly depth?: number;
}

/** Stands, while a text is looked through, for what is hidden already: no pattern takes a part of it. */
const HIDDEN = "\u0001";

/** Deeper encodings are not looked into. */
const MAX_DEPTH = 3;

/** How texts give a value to a key: files of settings of any kind, command lines, queries of URLs. */
const ASSIGNMENTS: readonly RegExp[] = [
  // The block below a key.
  /^(?<before>[ \t]*(?:- )?["']?(?<key>[\w./-]+)["']?:[ \t]*[|>][-+\d]*[ \t]*\n)(?<value>(?:[ \t]+\S.*(?:\n|$))+)/gm,
  // The rest of a line, a comment, too.
  /^(?<before>[ \t#;/]*(?:export |- )?["']?(?<key>[\w./-]+)["']?[ \t]*[=:][ \t]*)(?<value>\S.*)$/gm,
  // A part of a line.
  /(?<before>(?<![\w./-])["']?(?<key>[\w./-]+)\\?["']?(?:=|\s*:\s*(?=\\?["'])))(?<value>\\?"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'&;]+)/g,
  // An argument behind its flag.
  /(?<before>(?<![\w-])(?<key>--?[\w.-]+)[ \t]+)(?<value>"[^"]*"|'[^']*'|[^\s"'-][^\s"']*)/g,
  // A header.
  /(?<before>\b(?<key>[\w-]+):[ \t]+)(?<value>[^\s"',]+(?: [^\s"',]+)?)/g,
];

/** Base64, also in several lines. */
const BASE64 =
  /[A-Za-z0-9+/_-]{16,}(?:\s*\n\s*[A-Za-z0-9+/]{16,})*(?:\s*\n\s*[A-Za-z0-9+/]{1,76}(?===?))?={0,2}/g;

/** Takes what is secret out of a text: what is known, what a key names, what looks like one, also in base64. */
export function redactText(
  text: string,
  known: KnownSecrets,
  { isProse = false, depth = 0 }: TextOptions = {},
): RedactedText {
  const secrets: string[] = [];
  const hide = (secret: string): string => {
    secrets.push(secret);
    return HIDDEN;
  };
  let shown = known.replace(text.replaceAll(NOT_SHOWN, HIDDEN), hide);
  if (!isProse) {
    for (const pattern of ASSIGNMENTS) shown = replaceAssignments(shown, pattern, hide);
  }
  shown = replacePatterns(shown, hide);
  if (depth < MAX_DEPTH) {
    shown = shown.replace(BASE64, (word) => {
      const decoded = decode(word);
      const isSecret =
        decoded !== undefined &&
        redactText(decoded, known, { isProse, depth: depth + 1 }).secrets.length > 0;
      return isSecret ? hide(word) : word;
    });
  }
  return { shown: shown.replaceAll(HIDDEN, NOT_SHOWN), secrets };
}

function replaceAssignments(
  text: string,
  pattern: RegExp,
  hide: (secret: string) => string,
): string {
  return text.replace(pattern, (whole, ...rest) => {
    const { before, key, value } = rest.at(-1) as Record<"before" | "key" | "value", string>;
    const plain = value.replace(/^(\\?["'])(.*)\1[,;]?$/s, "$2");
    const isHidden = plain === HIDDEN || plain.startsWith(`${HIDDEN} #`);
    return isHidden || !isSecretKey(key) || isHarmless(plain) ? whole : before + hide(plain);
  });
}

/** The text that is in base64; undefined when it is none. */
function decode(word: string): string | undefined {
  const decoded = Buffer.from(word, "base64").toString();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these tell that it is no text.
  return /[\uFFFD\u0000-\u0008\u000E-\u001F]/.test(decoded) ? undefined : decoded;
}

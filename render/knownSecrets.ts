import { escapeRegExp } from "es-toolkit/string/escapeRegExp";

/** A shorter text is found only where it stands alone, and one shorter than 6 characters not at all. */
const LONG = 8;
const SHORT = 6;

/** Secrets that are known by their values, wherever they stand: as they are, or in an encoding. */
export class KnownSecrets {
  private readonly long: readonly string[];
  private readonly short: RegExp | undefined;

  /** @param open texts that are no secrets although one reads so: names of objects. */
  constructor(secrets: Iterable<string>, open: ReadonlySet<string> = new Set()) {
    const texts = new Set([...secrets].flatMap(partsOf).filter((text) => !open.has(text)));
    const all = [...texts].filter((text) => text.length >= SHORT);
    this.long = [...new Set(all.filter((text) => text.length >= LONG).flatMap(encodingsOf))].sort(
      // What contains another one goes first.
      (a, b) => b.length - a.length,
    );
    const short = all.filter((text) => text.length < LONG).map(escapeRegExp);
    this.short =
      short.length === 0
        ? undefined
        : new RegExp(`(?<![\\w-])(?:${short.join("|")})(?![\\w-])`, "g");
  }

  /**
   * Replaces the known secrets in a text.
   * @param hide is given each secret, and returns what stands in its place.
   */
  public replace(text: string, hide: (secret: string) => string): string {
    let shown = text;
    for (const secret of this.long) {
      if (shown.includes(secret)) shown = shown.replaceAll(secret, () => hide(secret));
    }
    return this.short === undefined ? shown : shown.replace(this.short, hide);
  }
}

/** A secret, and the long words of one that has several lines: they may stand elsewhere without the rest. */
function partsOf(secret: string): string[] {
  const text = secret.trim();
  if (!text.includes("\n")) return [text];
  const words = text.split(/[\s"'=:,;]+/).filter((word) => word.length >= 16);
  return [text, ...words.filter((word) => /\d/.test(word) && /[A-Za-z]/.test(word))];
}

function encodingsOf(text: string): string[] {
  const base64 = Buffer.from(text).toString("base64");
  const withNewline = Buffer.from(`${text}\n`).toString("base64");
  return [
    text,
    ...[base64, withNewline].map((each) => each.replace(/=+$/, "")),
    Buffer.from(text).toString("hex"),
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
  ];
}

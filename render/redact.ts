import { isEqual } from "es-toolkit/predicate/isEqual";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import { type Document, isCollection, parseAllDocuments, stringify } from "yaml";
import type { StackConfig } from "../config";
import { elementPaths, fieldPath } from "../sources/fieldPaths";
import type { RenderedObject } from "../sources/helm";
import { KnownSecrets } from "./knownSecrets";
import type { Marks } from "./marks";
import { redactText } from "./redactText";
import { NOT_SHOWN, type StackObject } from "./renderedStack";
import { isAboutSecret, isHarmless, isSecretKey } from "./secretKeys";

/** Where a value stands. */
interface Place {
  readonly path: string;
  /** Whether all of it is one field, as a list without names is. */
  readonly isOneField: boolean;
  /** Whether a key above it says that it is secret. */
  readonly isSecret: boolean;
  /** Whether all of it is hidden, whatever it is. */
  readonly isHidden: boolean;
}

const TOP: Place = { path: "", isOneField: false, isSecret: false, isHidden: false };

/** Holds an object as it was applied, a Secret's data, too. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** Keys of a Secret's data that say whose or where it is. */
const BESIDE =
  /^(?:db|database|smtp|redis)?[-_.]?(?:user|username|host|hostname|port|database|namespace|region|type|name|email)$/i;

/**
 * Takes what is secret out of objects: by their kinds (data of Secrets), by keys (passwords, tokens), by what a value looks
 * like (PEM, JWT, tokens), and wherever a value stands again that is secret in another place. What each rendering makes anew
 * is not shown either.
 * @param secrets further values that are secret, such as the encrypted ones of a stack.
 */
export function redact(
  objects: readonly Omit<StackObject, "hidden">[],
  secrets: readonly string[],
  marks: Marks,
): StackObject[] {
  const open = new Set(objects.flatMap(({ object }) => openTexts(object)));
  // First without what is known, to know it.
  const found = objects.flatMap((made) => new Redactor(made).secrets());
  const known = new KnownSecrets([...secrets, ...found], open);
  return objects.map((made) => new Redactor(made, known).redacted(marks));
}

/** A message about a configuration, with what is secret in that taken out of it. */
export function redactMessage(
  message: string,
  config: StackConfig,
  secrets: readonly string[],
): string {
  const object = { kind: "", metadata: { name: "" }, config };
  const found = new Redactor({ object, madeBy: "Pulumi", hooks: [], generated: [] }).secrets();
  return redactText(message, new KnownSecrets([...secrets, ...found])).shown;
}

/** Names of an object, which others refer to. */
function openTexts({ kind, metadata }: RenderedObject): string[] {
  return [kind, metadata.name, metadata.namespace ?? ""];
}

class Redactor {
  /** What was taken out, by the path of the field. */
  private readonly found = new Map<string, string[]>();
  /** Paths of what a Secret has beside a secret, which stands elsewhere without being one. */
  private readonly beside = new Set<string>();
  private readonly generated: ReadonlySet<string>;
  private readonly isCrd: boolean;

  constructor(
    private readonly made: Omit<StackObject, "hidden">,
    private readonly known = new KnownSecrets([]),
  ) {
    this.generated = new Set(made.generated);
    // Its keys are those of a schema, and its texts are documentation.
    this.isCrd = made.object.kind === "CustomResourceDefinition";
  }

  public redacted(marks: Marks): StackObject {
    const object = this.walk(this.made.object, TOP) as RenderedObject;
    const hidden = [...this.found].map(([path, secrets]) => [path, marks.of(secrets)]);
    return { ...this.made, object, hidden: Object.fromEntries(hidden) };
  }

  /** What is secret in the object, also as it is when decoded, and what is secret in a text that is so as a whole. */
  public secrets(): string[] {
    this.walk(this.made.object, TOP);
    const whole = [...this.found].flatMap(([path, secrets]) =>
      this.beside.has(path) ? [] : secrets,
    );
    const decoded = whole.map((secret) => Buffer.from(secret, "base64").toString());
    const texts = [...whole, ...decoded.filter((text) => !text.includes("\uFFFD"))];
    return [...texts, ...texts.flatMap((text) => redactText(text, this.known).secrets)];
  }

  private walk(value: unknown, place: Place): unknown {
    if (place.isHidden || this.generated.has(place.path)) return this.hide(value, place);
    if (isPlainObject(value)) return this.walkFields(value, place);
    if (Array.isArray(value)) return this.walkList(value, place);
    if (place.isSecret && !this.isCrd && !isHarmless(value)) return this.hide(value, place);
    return typeof value === "string" ? this.text(value, place) : value;
  }

  private walkFields(fields: Readonly<Record<string, unknown>>, place: Place): unknown {
    const isSecretObject = fields.kind === "Secret";
    // An entry of a list of variables or headers.
    const isSecretPair = [fields.name, fields.key, fields.header].some(
      (name) => typeof name === "string" && isSecretKey(name),
    );
    const entries = Object.entries(fields).map(([key, value]): [string, unknown] => {
      const isData = isSecretObject && (key === "data" || key === "stringData");
      const shownKey = this.text(key, place);
      const inner: Place = {
        ...place,
        path: place.isOneField ? place.path : fieldPath(place.path, shownKey),
        isSecret:
          isSecretKey(key) ||
          (isSecretPair && key === "value") ||
          (place.isSecret && !isAboutSecret(key)),
      };
      if (isData) return [shownKey, this.hideEach(value, inner)];
      return [
        shownKey,
        this.walk(value, key === LAST_APPLIED ? { ...inner, isHidden: true } : inner),
      ];
    });
    return Object.fromEntries(entries);
  }

  /** The keys of a Secret's data are shown. */
  private hideEach(data: unknown, place: Place): unknown {
    if (!isPlainObject(data)) return this.hide(data, place);
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => {
        const path = place.isOneField ? place.path : fieldPath(place.path, key);
        if (BESIDE.test(key)) this.beside.add(path);
        return [key, this.hide(value, { ...place, path })];
      }),
    );
  }

  private walkList(list: readonly unknown[], place: Place): unknown {
    const paths = place.isOneField ? undefined : elementPaths(place.path, list);
    return list.map((element, index) => {
      const before = list[index - 1];
      // Two arguments: --token VALUE.
      const isArgument =
        typeof before === "string" &&
        typeof element === "string" &&
        /^--?[\w.-]+$/.test(before) &&
        !element.startsWith("-") &&
        isSecretKey(before);
      return this.walk(element, {
        ...place,
        path: paths?.[index] ?? place.path,
        isOneField: paths === undefined,
        isSecret: place.isSecret || isArgument,
      });
    });
  }

  private text(text: string, place: Place): string {
    const inner = this.isCrd ? text : this.structuredText(text, place);
    const { shown, secrets } = redactText(inner, this.known, { isProse: this.isCrd });
    if (secrets.length > 0) this.add(place.path, secrets);
    return shown;
  }

  /** A text that is YAML or JSON itself, with the same taken out of it by its keys; any other text as it is. */
  private structuredText(text: string, place: Place): string {
    if (!MAY_BE_STRUCTURED.test(text) || !MAY_BE_SECRET.test(text)) return text;
    const documents = parseAllDocuments(text, { logLevel: "silent" });
    const isStructured = [...documents].every(
      ({ errors, contents }) => errors.length === 0 && isCollection(contents),
    );
    if (!isStructured) return text;
    let isChanged = false;
    const shown = [...documents].map((document) => {
      const before: unknown = document.toJS();
      const after = this.walk(before, { ...place, isOneField: true });
      if (isEqual(before, after)) return String(document);
      isChanged = true;
      // Comments and the style of the rest stay.
      return inPlace(document, before, after);
    });
    return isChanged ? shown.join("---\n") : text;
  }

  private hide(value: unknown, { path }: Place): string {
    this.add(path, typeof value === "string" ? [value] : leavesOf(value));
    return NOT_SHOWN;
  }

  private add(path: string, secrets: readonly string[]): void {
    this.found.set(path, [...(this.found.get(path) ?? []), ...secrets]);
  }
}

function leavesOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [String(value)];
  return Object.values(value).flatMap(leavesOf);
}

const MAY_BE_STRUCTURED = /\n|^\s*[[{]/;

/** Most texts have no such word, and parsing them all would take longer than all else. */
const MAY_BE_SECRET =
  /pass|pwd|psk|jwt|token|secret|cred|key|auth|dsn|htpasswd|kubeconfig|docker|cookie|bundle|ca.crt|last-applied/i;

/** A document of YAML with some of its values replaced. */
function inPlace(document: Document.Parsed, before: unknown, after: unknown): string {
  try {
    replaceIn(document, [], before, after);
    return document.toString({ lineWidth: 0 });
  } catch {
    // Below an alias nothing can be replaced.
    return stringify(after, { lineWidth: 0 });
  }
}

function replaceIn(
  document: Document.Parsed,
  path: readonly (string | number)[],
  before: unknown,
  after: unknown,
): void {
  if (isEqual(before, after)) return;
  if (Array.isArray(before) && Array.isArray(after)) {
    for (const [index, value] of after.entries())
      replaceIn(document, [...path, index], before[index], value);
  } else if (
    isPlainObject(before) &&
    isPlainObject(after) &&
    isEqual(Object.keys(before), Object.keys(after))
  ) {
    for (const [key, value] of Object.entries(after))
      replaceIn(document, [...path, key], before[key], value);
  } else {
    document.setIn(path, after);
  }
}

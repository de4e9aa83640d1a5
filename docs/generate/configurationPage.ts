import { z } from "zod";

/** Schemas of a configuration by key; {@link schema} is the one there is, tests plant mistakes into copies. */
export type Schemas = Readonly<Record<string, z.ZodType>>;

/** A rule, as the page lists it. */
export interface RuleEntry {
  /** Its name. */
  readonly name: string;
  /** Whether its problems only warn; else they refuse the configuration. */
  readonly warns: boolean;
  /** What it demands, one or two sentences. */
  readonly sentence: string;
}

/** A worked example. */
export interface Example {
  /** Name of the stack file. */
  readonly file: string;
  /** Its text. */
  readonly text: string;
}

/** What this program uses of a JSON schema. */
export interface SchemaNode {
  /** Type of the value; missing where anything goes. */
  readonly type?: "object" | "array" | "string" | "integer" | "boolean";
  /** Format of a text, in words or as JSON schema names it. */
  readonly format?: string;
  /** Regular expression that a text matches. */
  readonly pattern?: string;
  /** Texts to choose from. */
  readonly enum?: readonly string[];
  /** Least integer. */
  readonly minimum?: number;
  /** Greatest integer. */
  readonly maximum?: number;
  /** Least length of a list. */
  readonly minItems?: number;
  /** Greatest length of a list. */
  readonly maxItems?: number;
  /** Items of a list. */
  readonly items?: SchemaNode;
  /** Keys of an object. */
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  /** Those of its keys that must be there. */
  readonly required?: readonly string[];
  /** Values of a map; false for an object, whose keys are all known. */
  readonly additionalProperties?: SchemaNode | false;
  /** Value of a key that is left out; missing where there is none. */
  readonly default?: unknown;
  /** What it is. */
  readonly description?: string;
}

/** The JSON schema of a whole configuration, as the stack file has it: before defaults are filled in. */
export function jsonSchema(schemas: Schemas): SchemaNode {
  return z.toJSONSchema(z.strictObject(schemas), { io: "input" }) as SchemaNode;
}

/** The page that documents a configuration, in Markdown. */
export function configurationPage(
  schemas: Schemas,
  rules: readonly RuleEntry[],
  examples: readonly Example[],
): string {
  const root = jsonSchema(schemas);
  const sections = Object.entries(root.properties ?? {}).map(([key, node]) =>
    section(key, node, isRequired(root, key)),
  );
  return [INTRODUCTION, ...sections, rulesSection(rules), examplesSection(examples)].join("\n");
}

const INTRODUCTION = `<!-- Made by \`npm run docs\` out of config/schema and config/rules: change those, not this file. -->

# Configuration

A stack is configured in \`Pulumi.<stack>.yaml\`, beside \`Pulumi.yaml\`; each key below stands there under \`config\` with
\`talos-cilium:\` before it. Before any resource exists, every mistake is reported at once, as
\`path: what is wrong (value seen); how to fix it\`. A key that is not listed here is a mistake, too.

In the tables, \`pools[].start\` is the key \`start\` of each item of the list \`pools\`, and \`none\` means that nothing is
set when the key is left out.
`;

function section(key: string, node: SchemaNode, required: boolean): string {
  const inner = rows(node, "");
  const table = inner.length > 0 ? inner : [row(key, node, required)];
  return `## ${key}

${node.description ?? ""} ${required ? "Required." : "Optional."}

| key | type | default | what it is |
| --- | ---- | ------- | ---------- |
${table.join("\n")}
`;
}

/** A row for every key within an object, or within the items of a list, at every depth. */
function rows(node: SchemaNode, path: string): string[] {
  if (node.items !== undefined) return rows(node.items, `${path}[]`);
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const inner = path === "" ? key : `${path}.${key}`;
    return [row(inner, child, isRequired(node, key)), ...rows(child, inner)];
  });
}

function row(path: string, node: SchemaNode, required: boolean): string {
  return tableRow(`\`${path}\``, typeOf(node), defaultOf(node, required), node.description ?? "");
}

function isRequired(parent: SchemaNode, key: string): boolean {
  return parent.required?.includes(key) ?? false;
}

/** The default as JSON, which is YAML, too. */
function defaultOf(node: SchemaNode, required: boolean): string {
  if (required) return "**required**";
  return node.default === undefined ? "none" : `\`${JSON.stringify(node.default)}\``;
}

function typeOf(node: SchemaNode): string {
  switch (node.type) {
    case "array":
      return `list${inParentheses(range(node.minItems, node.maxItems))}: ${typeOf(node.items ?? {})}`;
    case "object":
      return node.additionalProperties
        ? `map from text to ${typeOf(node.additionalProperties)}`
        : "object";
    case "integer":
      return `integer${inParentheses(range(node.minimum, node.maximum))}`;
    case "boolean":
      return "true or false";
    default:
      return node.format === "uri" ? "URL" : (node.format ?? textOf(node));
  }
}

function textOf(node: SchemaNode): string {
  if (node.enum !== undefined) return `one of ${node.enum.map((text) => `\`${text}\``).join(", ")}`;
  if (node.pattern !== undefined) return `text that matches \`${node.pattern}\``;
  return node.type === undefined ? "anything" : "text";
}

/** Bounds in words; those that every integer of JavaScript has are none. */
function range(least = Number.MIN_SAFE_INTEGER, greatest = Number.MAX_SAFE_INTEGER): string {
  const lower = least !== Number.MIN_SAFE_INTEGER;
  const upper = greatest !== Number.MAX_SAFE_INTEGER;
  if (lower && upper) return `${least} to ${greatest}`;
  if (lower) return `at least ${least}`;
  return upper ? `at most ${greatest}` : "";
}

function inParentheses(text: string): string {
  return text === "" ? "" : ` (${text})`;
}

function rulesSection(rules: readonly RuleEntry[]): string {
  return `## Rules

What is checked beyond the shape of each key, in the order in which it is reported. A rule refuses the configuration, or
it warns and lets it through. Each has an example that it accepts and one that it does not, with every word of what it
says: \`tests/fixtures/valid/<rule>.yaml\` and \`tests/fixtures/invalid/<rule>.yaml\`.

| rule | on a problem | what it is about |
| ---- | ------------ | ---------------- |
${rules
  .map(({ name, warns, sentence }) =>
    tableRow(`\`${name}\``, warns ? "warns" : "refuses", sentence),
  )
  .join("\n")}
`;
}

function examplesSection(examples: readonly Example[]): string {
  return `## Examples

A company with two sites: dual stack, and BGP instead of L2 announcements. The second site has no internet.

${examples.map(({ file, text }) => `\`${file}\`:\n\n\`\`\`yaml\n${text}\`\`\`\n`).join("\n")}`;
}

function tableRow(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

import { z } from "zod";
import type { Rule } from "../../config";

/** The schema of each key of a configuration. */
export type Schemas = Readonly<Record<string, z.ZodType>>;

/** The part of JSON schema that the generator uses. */
export interface SchemaNode {
  /** Missing where any type is accepted. */
  readonly type?: "object" | "array" | "string" | "integer" | "boolean";
  /** Format of a text: a name of JSON schema's, or words from config/schema/types.ts. */
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: SchemaNode;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  /** Values of a map; false for an object, which accepts no other keys than its properties. */
  readonly additionalProperties?: SchemaNode | false;
  readonly default?: unknown;
  readonly description?: string;
}

/** The JSON schema of a configuration as a stack file has it, before defaults are filled in. */
export function jsonSchema(schemas: Schemas): SchemaNode {
  return z.toJSONSchema(z.strictObject(schemas), { io: "input" }) as SchemaNode;
}

/** The page that documents a configuration, in Markdown. */
export function configurationPage(schemas: Schemas, rules: readonly Rule[]): string {
  const root = jsonSchema(schemas);
  const sections = Object.entries(root.properties ?? {}).map(([key, node]) =>
    section(key, node, isRequired(root, key)),
  );
  return [INTRODUCTION, ...sections, rulesSection(rules), EXAMPLES].join("\n");
}

const INTRODUCTION = `<!-- Made by \`npm run docs\` from config/schema and config/rules: change those, not this file. -->

# Configuration

A stack is configured in \`Pulumi.<stack>.yaml\`, beside \`Pulumi.yaml\`. Write each key below under \`config\`, with the
prefix \`talos-cilium:\`. Before any resource exists, all mistakes are reported at once, as
\`path: what is wrong (value seen); how to fix it\`. A key that is not listed here is also a mistake.

In the tables, \`pools[].start\` is the key \`start\` of each item of the list \`pools\`. The default \`none\` means that a key
that is left out sets nothing.
`;

/** Links, as the stack files belong to whoever runs the project: this page must not change with them. */
const EXAMPLES = `## Examples

| stack file | what it shows |
| ---------- | ------------- |
| [Pulumi.prod.yaml](../Pulumi.prod.yaml) | three control planes on one LAN, with L2 announcements |
| [Pulumi.site-a.yaml](../Pulumi.site-a.yaml) | dual stack, with BGP instead of L2 announcements |
| [Pulumi.site-b.yaml](../Pulumi.site-b.yaml) | a second such site, without internet |
| [Pulumi.lab.yaml](../Pulumi.lab.yaml) | the embedded lab |
`;

function section(key: string, node: SchemaNode, required: boolean): string {
  const inner = rows(node, "");
  const table = inner.length > 0 ? inner : [row(key, node, required)];
  return `## ${key}

${node.description ?? ""} ${required ? "Required." : "Optional."}

| key | type | default | description |
| --- | ---- | ------- | ----------- |
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

/** The default as JSON, which a stack file may have as it is. */
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

/** Bounds in words. zod gives every integer the bounds of JavaScript's safe integers; these are left out. */
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

function rulesSection(rules: readonly Rule[]): string {
  return `## Rules

Once every key has the right shape, these rules check their values. Problems are reported in this order. An error refuses
the configuration; a warning is printed and lets it through. Each rule has a configuration that it accepts and one that it
refuses, with its exact words: \`tests/fixtures/valid/<rule>.yaml\` and \`tests/fixtures/invalid/<rule>.yaml\`.

| rule | severity | requirement and reason |
| ---- | -------- | ---------------------- |
${rules.map(({ name, severity, description }) => tableRow(`\`${name}\``, severity, description)).join("\n")}
`;
}

function tableRow(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

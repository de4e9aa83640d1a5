import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMap, isScalar, type Pair, parseDocument } from "yaml";
import { rules, schema } from "../../config";
import {
  configurationPage,
  jsonSchema,
  type RuleEntry,
  type SchemaNode,
  type Schemas,
} from "./configurationPage";
import { verificationPage } from "./verificationPage";

const ROOT = join(__dirname, "../..");

/** Stack files that the page shows as examples. */
const EXAMPLES = ["Pulumi.site-a.yaml", "Pulumi.site-b.yaml"];

/** A file that is made out of the schema. */
export interface GeneratedFile {
  /** Path within the repository. */
  readonly path: string;
  /** Its text. */
  readonly text: string;
}

/**
 * Makes docs/configuration.md, Pulumi.yaml and docs/verification.md, in memory.
 * @param schemas the schema of each key of the configuration.
 * @throws Error when a rule has no doc comment, and what {@link projectFile} throws.
 */
export function generatedFiles(schemas: Schemas = schema): GeneratedFile[] {
  const examples = EXAMPLES.map((file) => ({ file, text: readText(file) }));
  return [
    {
      path: "docs/configuration.md",
      text: configurationPage(schemas, ruleEntries(), examples),
    },
    { path: "Pulumi.yaml", text: projectFile(readText("Pulumi.yaml"), schemas) },
    { path: "docs/verification.md", text: verificationPage() },
  ];
}

/**
 * Declares the keys of a schema in Pulumi.yaml; everything else in it stays, comments included.
 * @param text Pulumi.yaml as it is.
 * @throws Error when it has no map under config, or when a key is optional and has no default.
 */
export function projectFile(text: string, schemas: Schemas): string {
  const document = parseDocument(text);
  const config = document.get("config");
  if (!isMap(config)) throw new Error("Pulumi.yaml: there is no map under config");
  const pairs = new Map(config.items.map((pair) => [nameOf(pair), pair]));
  const { properties = {}, required = [] } = jsonSchema(schemas);

  config.items = config.items.filter((pair) => nameOf(pair).includes(":"));
  for (const [key, node] of Object.entries(properties)) {
    if (!required.includes(key) && node.default === undefined) {
      throw new Error(
        `${key}: an optional key needs a default, else Pulumi demands it of every stack; end it with .prefault({})`,
      );
    }
    // The key as it was, with the comment before it.
    config.items.push(document.createPair(pairs.get(key)?.key ?? key, declaration(node)));
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** What Pulumi is told of a key. */
function declaration({ type, description = "", properties, default: value }: SchemaNode): object {
  const keys = properties === undefined ? "" : ` Keys: ${Object.keys(properties).join(", ")}.`;
  return {
    type,
    description: `${description}${keys}`,
    ...(value !== undefined && { default: value }),
  };
}

function nameOf({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key);
}

/** Every rule, with the doc comment above it. */
function ruleEntries(): RuleEntry[] {
  const folder = "config/rules";
  const sources = readdirSync(join(ROOT, folder)).map((file) => readText(join(folder, file)));
  const sentences = ruleSentences(sources.join("\n"));
  return rules.map(({ name, warnsOnly }) => {
    const sentence = sentences.get(name);
    if (sentence === undefined) throw new Error(`${folder}: the rule ${name} has no doc comment`);
    return { name, warns: warnsOnly === true, sentence };
  });
}

const COMMENT = String.raw`/\*\*((?:(?!\*/)[^])*)\*/\s*`;

/**
 * Doc comments of rules by the rule's name. One that only refers to the function that makes the rule is replaced with
 * that function's.
 */
function ruleSentences(source: string): Map<string, string> {
  const functions = new RegExp(String.raw`${COMMENT}(?:export )?function (\w+)\(`, "g");
  const makers = new Map(
    [...source.matchAll(functions)].map(([, comment = "", name = ""]) => [name, proseOf(comment)]),
  );
  const declarations = new RegExp(
    String.raw`${COMMENT}export const \w+(?:: Rule)? = (?:\{\s*name: |(\w+)\(\s*)"([^"]+)"`,
    "g",
  );
  return new Map(
    [...source.matchAll(declarations)].map(([, comment = "", maker = "", name = ""]) => {
      const own = proseOf(comment);
      return [name, own.startsWith("See ") ? (makers.get(maker) ?? own) : own];
    }),
  );
}

/** A doc comment as prose on one line, without what says only that it is about a rule. */
function proseOf(comment: string): string {
  return comment
    .replace(/\s*\n\s*\*?\s*/g, " ")
    .trim()
    .replace(/^A rule that ./, (start) => start.slice(-1).toUpperCase());
}

function readText(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

if (require.main === module) {
  for (const { path, text } of generatedFiles()) writeFileSync(join(ROOT, path), text);
}

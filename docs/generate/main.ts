import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMap, isScalar, type Pair, parseDocument } from "yaml";
import { rules, schema } from "../../config";
import { configurationPage, jsonSchema, type SchemaNode, type Schemas } from "./configurationPage";
import { verificationPage } from "./verificationPage";

const ROOT = join(__dirname, "../..");

/** A file that is made from the fields of the schema, the rules and the checks. */
export interface GeneratedFile {
  /** Path within the repository. */
  readonly path: string;
  readonly text: string;
}

/**
 * Makes docs/configuration.md, Pulumi.yaml and docs/verification.md, in memory.
 * @param schemas default: the schema that the program has; tests plant mistakes into copies of it.
 * @throws Error as {@link projectFile} does.
 */
export function generatedFiles(schemas: Schemas = schema): GeneratedFile[] {
  return [
    { path: "docs/configuration.md", text: configurationPage(schemas, rules) },
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

function readText(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

if (require.main === module) {
  for (const { path, text } of generatedFiles()) writeFileSync(join(ROOT, path), text);
}

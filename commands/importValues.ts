import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { parse, parseAllDocuments, stringify } from "yaml";
import { PROJECT, schema } from "../config";
import { importValues } from "../importer/importValues";
import { manifestsIn } from "../importer/manifests";
import { newCommand, runCommand } from "./commandLine";

/** Path of a key of the configuration, and its value. */
type Setting = readonly [path: string, value: unknown];

interface Options {
  readonly set?: readonly Setting[];
}

const command: Command = newCommand(
  "npm run -s import-values --",
  "Turns hand-written Helm values and manifests into a stack file, which it prints. Standard error has a line for each " +
    "thing that is dropped, and for each key that the files do not have.",
)
  .argument("<file...>", "a values file, and any number of manifests")
  .option(
    "--set <key=value>",
    "a key that the files do not have, by its path in the configuration, as YAML; may be given more than once",
    (text: string, previous: Options["set"] = []) => [...previous, parseSetting(text)],
  )
  .addHelpText(
    "after",
    `
Example:
  npm run -s import-values -- --set cilium.version=1.18.4 --set gatewayApi.version=v1.3.0 \\
    --set nodes.controlPlanes='[192.168.10.100, 192.168.10.101]' values.yaml ip-pool.yaml > Pulumi.prod.yaml`,
  )
  .action((files: string[], { set = [] }: Options) => printStackFile(files, set));

function printStackFile(paths: readonly string[], set: readonly Setting[]): void {
  // The values file need not be the first: a shell sorts the files of a folder by name.
  const valuesFile = paths.find((path) => !isManifest(path));
  if (valuesFile === undefined) command.error("error: no values file is given");
  const files = new Map<object, string>();
  for (const path of paths.filter((each) => each !== valuesFile)) {
    for (const manifest of readManifests(path)) files.set(manifest, path);
  }
  const settings = Object.fromEntries(set);
  const imported = importValues(readValues(valuesFile), [...files.keys()], { settings, files });

  const prefixed = Object.entries(imported.config).map(([key, value]) => [
    `${PROJECT}:${key}`,
    value,
  ]);
  process.stdout.write(
    stringify(
      { config: Object.fromEntries(prefixed) },
      { lineWidth: 120, aliasDuplicateObjects: false },
    ),
  );
  for (const { what, why } of imported.dropped) console.error(`dropped: ${what}: ${why}`);
  for (const { path, why } of imported.missing) console.error(`by hand: ${path}: ${why}`);
}

function parseSetting(text: string): Setting {
  const [, path = "", value = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  const [key = ""] = path.split(".");
  if (!Object.hasOwn(schema, key)) {
    const keys = Object.keys(schema).join(", ");
    throw new InvalidArgumentError(`Write KEY=VALUE, with a key of the configuration (${keys}).`);
  }
  try {
    return [path, parse(value)];
  } catch (error) {
    throw new InvalidArgumentError(`Its value is not YAML: ${firstLine(error)}`);
  }
}

/** With merge keys (<<), as Helm and kubectl read them. */
const YAML_OPTIONS = { merge: true };

function readValues(file: string): object {
  const values = readFrom(file, () => parse(readFileSync(file, "utf8"), YAML_OPTIONS) ?? {});
  if (typeof values !== "object" || Array.isArray(values)) {
    throw new Error(`${file}: a values file is a mapping, and this is none`);
  }
  return values;
}

/**
 * Whether a file is a kustomization, or begins with a Kubernetes object. A file that cannot be read is none here; the
 * error comes when it is read as values.
 */
function isManifest(file: string): boolean {
  if (/^kustomization\.ya?ml$/.test(basename(file))) return true;
  try {
    const [document] = parseAllDocuments(readFileSync(file, "utf8"), YAML_OPTIONS);
    const object: unknown = document?.toJS();
    return typeof object === "object" && object !== null && "kind" in object;
  } catch {
    return false;
  }
}

function readManifests(file: string): object[] {
  const documents = readFrom(file, () =>
    parseAllDocuments(readFileSync(file, "utf8"), YAML_OPTIONS).map((document) => {
      if (document.errors[0] !== undefined) throw document.errors[0];
      return document.toJS();
    }),
  );
  return documents
    .filter((document: unknown) => document !== null)
    .flatMap((document: unknown) => {
      if (typeof document !== "object" || document === null || Array.isArray(document)) {
        throw new Error(`${file}: a manifest is a mapping, and this is none`);
      }
      return manifestsIn(document);
    });
}

/** The result of reading a file, or an error that begins with the file's path. */
function readFrom<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`${file}: cannot be read as YAML: ${firstLine(error)}`);
  }
}

/** The parser shows the place on further lines. */
function firstLine(error: unknown): string {
  const [line = ""] = error instanceof Error ? error.message.split("\n") : [];
  return line.replace(/:$/, "");
}

runCommand(command);

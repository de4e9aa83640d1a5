import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { parse, parseAllDocuments, stringify } from "yaml";
import { schema } from "../config";
import { importValues } from "../importer/importValues";
import { manifestsIn } from "../importer/manifests";

const USAGE = `usage: npm run -s import-values -- [--set KEY=VALUE ...] values.yaml [manifest.yaml ...] > Pulumi.<stack>.yaml
  --set KEY=VALUE   what the files do not tell, by its path in the configuration, as YAML:
                      --set cilium.version=1.18.4 --set gatewayApi.version=v1.3.0
                      --set nodes.controlPlanes='[192.168.10.100, 192.168.10.101, 192.168.10.102]'`;

/** A command line that cannot be understood. */
class UsageError extends Error {}

/** A file that cannot be read, or is not what it should be. */
class FileError extends Error {}

/** Prints a stack's configuration, and on stderr a line for each thing that is not in it or that it needs. */
function main(): void {
  const { values: options, positionals } = parseOptions();
  if (options.help) {
    console.log(USAGE);
    return;
  }
  // Whoever gives a whole folder gives them in the order of their names.
  const valuesFile = positionals.find((file) => !isManifest(file));
  if (valuesFile === undefined) throw new UsageError("no values file is given");
  const manifestFiles = positionals.filter((file) => file !== valuesFile);
  const settings = Object.fromEntries((options.set ?? []).map(setting));
  const files = new Map<object, string>();
  for (const file of manifestFiles) {
    for (const manifest of readManifests(file)) files.set(manifest, file);
  }
  const imported = importValues(readValues(valuesFile), [...files.keys()], { settings, files });

  const prefixed = Object.entries(imported.config).map(([key, value]) => [
    `talos-cilium:${key}`,
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

function parseOptions() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        set: { type: "string", multiple: true },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Path and value of a --set. */
function setting(text: string): [path: string, value: unknown] {
  const [, path = "", value = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  const [key = ""] = path.split(".");
  if (!Object.hasOwn(schema, key)) {
    const keys = Object.keys(schema).join(", ");
    throw new UsageError(
      `--set: ${text} is not KEY=VALUE with a key of the configuration (${keys})`,
    );
  }
  return [path, parsed("--set", () => parse(value))];
}

/** Merge keys (<<) are read as Helm and kubectl read them. */
const YAML_OPTIONS = { merge: true };

function readValues(file: string): object {
  const values = parsed(file, () => parse(readFileSync(file, "utf8"), YAML_OPTIONS) ?? {});
  if (typeof values !== "object" || Array.isArray(values)) {
    throw new FileError(`${file}: a values file is a mapping, and this is none`);
  }
  return values;
}

/**
 * Whether a file is a kustomization, or begins with a Kubernetes object; of one that cannot be read its reading tells.
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
  const documents = parsed(file, () =>
    parseAllDocuments(readFileSync(file, "utf8"), YAML_OPTIONS).map((document) => {
      if (document.errors[0] !== undefined) throw document.errors[0];
      return document.toJS();
    }),
  );
  return documents
    .filter((document: unknown) => document !== null)
    .flatMap((document: unknown) => {
      if (typeof document !== "object" || document === null || Array.isArray(document)) {
        throw new FileError(`${file}: a manifest is a mapping, and this is none`);
      }
      return manifestsIn(document);
    });
}

/** What is read, or an error that names where from. */
function parsed<T>(source: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    // The parser shows the place on further lines.
    const [reason = ""] = error instanceof Error ? error.message.split("\n") : [];
    throw new FileError(`${source}: cannot be read as YAML: ${reason.replace(/:$/, "")}`);
  }
}

try {
  main();
} catch (error) {
  if (!(error instanceof UsageError || error instanceof FileError)) throw error;
  console.error(error.message);
  if (error instanceof UsageError) console.error(USAGE);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

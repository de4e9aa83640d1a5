import { basename, extname } from "node:path";
import { mergeWith } from "es-toolkit/object/mergeWith";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import semver from "semver";
import { parse, parseAllDocuments } from "yaml";
import { findValues } from "./chartKeys";
import type { Change, Missing } from "./importReport";
import { placeholdersOf } from "./standIns";
import { readMachineConfig } from "./talosConfig";
import { asTrees, leavesOf, showValue, type Tree } from "./tree";
import { type ChartUse, readWrapper, type ValuesOf } from "./wrappers";

/** A file as it was given. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** What files have for an import. */
export interface Sources {
  /** Values of Cilium's chart, merged as Helm does; undefined where no file has any. */
  readonly values: Tree | undefined;
  /** Manifests, with the path of their file. */
  readonly manifests: ReadonlyMap<object, string>;
  /** Keys of the configuration that the files say, by their paths: cilium.version. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What was read as values, in Helm's order. */
  readonly read: readonly string[];
  readonly missing: readonly Missing[];
  readonly changes: readonly Change[];
}

/** With merge keys (<<), as Helm and kubectl read them. */
const YAML_OPTIONS = { merge: true };

/** Files that belong to a chart or a kustomization, and are never values. */
const NEVER_VALUES = /^(kustomizeconfig|kustomization|Chart|ks|\.sops|\.yamllint)\.ya?ml$/;

export const VALUES_COMMAND = "helm get values cilium -n kube-system -o yaml > values.yaml";

const RENDER_FIRST = `give what it renders to (helm template), or the values that run: ${VALUES_COMMAND}`;

/**
 * Reads the files of an import, in any order: values files, what wraps values (HelmRelease, Application, kustomization,
 * ConfigMap, umbrella chart, …), manifests, and Talos' machine config.
 * @throws Error when a file is not YAML, and no template of another tool either.
 */
export function readSources(files: readonly SourceFile[]): Sources {
  const manifests = new Map<object, string>();
  const valuesOf: ValuesOf[] = [];
  const uses: ChartUse[] = [];
  const missing: Missing[] = [];
  const ignored: string[] = [];
  const empty: ValuesOf[] = [];
  const settings: Record<string, unknown> = {};

  for (const { path, text } of files) {
    const template = templateKind(path, text);
    if (template !== undefined) {
      missing.push({ path, why: `${template}, which is not read; ${RENDER_FIRST}` });
      continue;
    }
    for (const document of documentsOf(path, text)) {
      const machine = readMachineConfig(document);
      if (machine !== undefined) {
        Object.assign(settings, machine);
        continue;
      }
      const use = readWrapper(document, path, parseText);
      if (use !== undefined) {
        uses.push(use);
        valuesOf.push(...use.values);
        continue;
      }
      if (typeof document.kind === "string" || /^kustomization\.ya?ml$/.test(basename(path))) {
        manifests.set(document, path);
        continue;
      }
      if (NEVER_VALUES.test(basename(path))) {
        ignored.push(path);
        continue;
      }
      const found = findValues(document, parseText);
      if (found === undefined) {
        empty.push({ what: path, values: document, layer: 0 });
        continue;
      }
      const where = found.at.length > 0 ? `, at ${found.at.join(".")}` : "";
      valuesOf.push({ what: `${path}${where}`, values: found.values, layer: 0 });
    }
  }
  // A values file may have no key by which it could be known.
  if (valuesOf.length === 0 && empty.length === 1) valuesOf.push(...empty);
  else ignored.push(...empty.map(({ what }) => what));

  const ordered = [0, 1, 2].flatMap((layer) => valuesOf.filter((some) => some.layer === layer));
  const values =
    ordered.length === 0
      ? undefined
      : ordered.reduce<Tree>((merged, { values: more }) => merge(merged, more), {});
  const placeholders = placeholdersIn([values ?? {}, ...manifests.keys()]);
  if (placeholders.length > 0) {
    missing.unshift({
      path: "files",
      why: `they have placeholders (${placeholders.join(", ")}); render them first (flux envsubst, envsubst, helm template), and give what comes out`,
    });
  }
  missing.push(...missingFiles(uses, files), ...(values === undefined ? [] : encrypted(values)));
  Object.assign(settings, versionIn(uses, missing));
  return {
    values,
    manifests,
    settings,
    read: ordered.map(({ what }) => what),
    missing,
    changes:
      ignored.length === 0
        ? []
        : [
            {
              harm: "other",
              what: ignored.join(", "),
              why: "not read: no values of Cilium's chart, and no manifest",
            },
          ],
  };
}

/** Later values win; a list replaces the whole list, and null removes a value, as helm -f does. */
function merge(values: Tree, more: Tree): Tree {
  return mergeWith(structuredClone(values), more, (ours, theirs) =>
    isPlainObject(ours) && isPlainObject(theirs) ? undefined : theirs,
  );
}

const TOOLS: readonly [extension: RegExp, tool: string][] = [
  [/^\.(tf|tofu|hcl|tfvars)$/, "Terraform"],
  [/^\.(j2|jinja|jinja2)$/, "a Jinja template"],
  [/^\.(tpl|gotmpl)$/, "a Helm template"],
  [/^\.cue$/, "CUE"],
  [/^\.nix$/, "Nix"],
  [/^\.(sh|bash|zsh)$/, "a shell script"],
  [/^\.(jsonnet|libsonnet)$/, "Jsonnet"],
];

/** What a file is a template of; undefined for YAML. */
function templateKind(path: string, text: string): string | undefined {
  const [, tool] = TOOLS.find(([extension]) => extension.test(extname(path))) ?? [];
  if (tool !== undefined) return tool;
  if (/^\s*(resource|module|locals|provider)\b[^:\n]*\{\s*$/m.test(text)) return "Terraform";
  if (/^\s*\{%/m.test(text)) return "a Jinja template";
  const unquoted = /^(?![^\n]*["'`][^\n]*\{\{)[^\n#]*\{\{[-\s]*[\w.$(/]/m.test(text);
  return unquoted && !readsAsYaml(text) ? "a Helm template" : undefined;
}

/** Whether a text is YAML; `{{ .Values.a }}` without quotes may be a mapping whose key is a mapping. */
function readsAsYaml(text: string): boolean {
  const documents = parseAllDocuments(text, YAML_OPTIONS);
  if (!Array.isArray(documents)) return true;
  if (documents.some(({ errors }) => errors.length > 0)) return false;
  return !JSON.stringify(documents.map((document) => document.toJS() as unknown)).includes('"{ ');
}

/** The mappings in a file; the objects of a List one by one. */
function documentsOf(path: string, text: string): Tree[] {
  let documents: unknown[];
  try {
    documents = parseAllDocuments(
      text.replace(/^(USER-SUPPLIED|COMPUTED) VALUES:\s*$/m, ""),
      YAML_OPTIONS,
    ).map((document) => {
      if (document.errors[0] !== undefined) throw document.errors[0];
      return document.toJS() as unknown;
    });
  } catch (error) {
    throw new Error(`${path}: cannot be read as YAML: ${firstLine(error)}`);
  }
  return documents
    .filter((document) => document !== null && document !== undefined)
    .flatMap((document) => {
      if (!isPlainObject(document)) {
        throw new Error(
          `${path}: neither values nor a manifest, which are mappings (${showValue(document).slice(0, 60)}); leave the file out`,
        );
      }
      return objectsIn(document);
    });
}

/** The objects of a List, which `kubectl get -o yaml` prints (List), or an API server (CiliumLoadBalancerIPPoolList). */
function objectsIn(document: Tree): Tree[] {
  const { kind, items } = document;
  if (typeof kind !== "string" || !kind.endsWith("List") || !Array.isArray(items))
    return [document];
  // The items of a list of one kind may leave their kind out.
  const own = kind.slice(0, -"List".length);
  return asTrees(items).map((item) => ({ ...(own !== "" && { kind: own }), ...item }));
}

function parseText(text: string): unknown {
  try {
    return parse(text, YAML_OPTIONS);
  } catch {
    // Not every text is YAML; the caller looks on.
    return undefined;
  }
}

/** Placeholders in the texts of some trees, each once, at most five. */
function placeholdersIn(trees: readonly object[]): string[] {
  const all = [...new Set(trees.flatMap(textsIn).flatMap(placeholdersOf))];
  return all.length > 5 ? [...all.slice(0, 5), "…"] : all;
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Files that wrappers name and that were not given. */
function missingFiles(uses: readonly ChartUse[], files: readonly SourceFile[]): Missing[] {
  const given = new Set(files.map(({ path }) => basename(path)));
  return uses.flatMap(({ what, names }) =>
    names
      .filter((name) => !given.has(basename(name)))
      .map((name) => ({
        path: name,
        why: `${what} takes values from it, and it was not given; give it, too`,
      })),
  );
}

function encrypted(values: Tree): Missing[] {
  const paths = leavesOf(values)
    .filter(({ value }) => typeof value === "string" && value.startsWith("ENC["))
    .map(({ path }) => path);
  if (paths.length === 0) return [];
  return [
    {
      path: "files",
      why: `encrypted with SOPS (${paths.join(", ")}); decrypt them first (sops -d)`,
    },
  ];
}

/** The chart's version and repository, as those who use the chart say them. */
function versionIn(uses: readonly ChartUse[], missing: Missing[]): Record<string, unknown> {
  const said = uses.filter(({ version }) => version !== undefined);
  const exact = said.filter(({ version }) => semver.valid(version) !== null);
  const versions = [...new Set(exact.map(({ version }) => String(version).replace(/^v/, "")))];
  const [version] = versions;
  const settings: Record<string, unknown> = {};
  if (version !== undefined) settings["cilium.version"] = version;
  if (versions.length > 1) {
    const places = exact.map(({ what, version: each }) => `${each} in ${what}`).join(", ");
    missing.push({
      path: "cilium.version",
      why: `the files disagree (${places}); keep the one that runs`,
    });
  } else if (version === undefined && said[0] !== undefined) {
    missing.push({
      path: "cilium.version",
      why: `${said[0].what} has ${said[0].version}, which is no exact version; write the one that runs (helm -n kube-system list)`,
    });
  }
  const repository = uses.find((use) => use.repository !== undefined)?.repository;
  if (repository?.startsWith("oci://")) settings["cilium.chart"] = repository;
  else if (repository !== undefined && !/^https:\/\/helm\.cilium\.io\/?$/.test(repository)) {
    settings["cilium.repository"] = repository;
  }
  return settings;
}

/** First line of an error of YAML's parser, which shows the place on further ones. */
export function firstLine(error: unknown): string {
  const [line = ""] = error instanceof Error ? error.message.split("\n") : [];
  return line.replace(/:$/, "");
}

import { basename, extname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { V1DaemonSet } from "@kubernetes/client-node";
import { sortBy } from "es-toolkit/array/sortBy";
import get from "es-toolkit/compat/get";
import { mergeWith } from "es-toolkit/object/mergeWith";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import semver from "semver";
import { parse, parseAllDocuments } from "yaml";
import { valueAt } from "../config";
import { findValues } from "./chartKeys";
import { RENDERED, valuesOfObjects, versionOfImage } from "./ciliumConfig";
import type { Change, Missing } from "./importReport";
import { placeholdersOf } from "./standIns";
import { inlineManifestsIn, readMachineConfig } from "./talosConfig";
import { asTrees, leavesOf, showValue, type Tree } from "./tree";
import { type ChartUse, readWrapper, type ValuesOf } from "./wrappers";

/** A file as it was given. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** The folder that was given, where the file was found in one; it may have nothing to do with Cilium. */
  readonly folder?: string;
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
 * ConfigMap, umbrella chart, …), manifests, what Cilium's chart renders to, and Talos' machine config.
 * @throws Error when a file that was given by itself is not YAML, and no template of another tool either.
 */
export function readSources(files: readonly SourceFile[]): Sources {
  const manifests = new Map<object, string>();
  const valuesOf: ValuesOf[] = [];
  const uses: ChartUse[] = [];
  const missing: Missing[] = [];
  const ignored: string[] = [];
  const empty: ValuesOf[] = [];
  const rendered = new Map<Tree, string>();
  const settings: Record<string, unknown> = {};

  const queue = [...files];
  for (const file of queue) {
    const { path, text, folder } = file;
    const template = templateKind(path, text);
    if (template !== undefined) {
      missing.push({ path, why: `${template}, which is not read; ${RENDER_FIRST}` });
      continue;
    }
    const documents = readDocuments(file);
    if (typeof documents === "string") {
      missing.push({ path, why: documents });
      continue;
    }
    for (const document of documents) {
      if (!isPlainObject(document)) {
        // A list may be a patch of kustomize, or a playbook.
        ignored.push(path);
        continue;
      }
      const machine = readMachineConfig(document);
      if (machine !== undefined) {
        Object.assign(settings, machine);
        for (const { name, text: manifest } of inlineManifestsIn(document)) {
          queue.push({ path: `${path}, inline manifest ${name}`, text: manifest, folder: path });
        }
        continue;
      }
      if (isRendered(document)) {
        rendered.set(document, path);
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
      valuesOf.push({
        what: `${path}${where}`,
        values: found.values,
        layer: 0,
        file: path,
        folder,
      });
    }
  }
  const shown = readRendered([...rendered.keys()]);
  if (valuesOf.length === 0 && shown.values !== undefined) {
    valuesOf.push({ what: "ConfigMap cilium-config", values: shown.values, layer: 0 });
    if (shown.version !== undefined) settings["cilium.version"] = shown.version;
  }
  // A values file may have no key by which it could be known.
  if (valuesOf.length === 0 && empty.length === 1) valuesOf.push(...empty);
  else ignored.push(...empty.map(({ what }) => what));

  const named = uses.flatMap(({ names }) => names).map((name) => basename(name));
  const place = ({ file }: ValuesOf) => (file === undefined ? -1 : named.indexOf(basename(file)));
  // A file that a wrapper names is over those that it does not name, and over those that it names before.
  const ordered = [0, 1, 2].flatMap((layer) =>
    sortBy(
      valuesOf.filter((some) => some.layer === layer),
      [place],
    ),
  );
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
  missing.push(
    ...missingFiles(uses, files),
    ...(ordered.some(({ layer }) => layer === 0) ? [] : missingObjects(uses)),
    ...disagreements(ordered.filter((some) => some.layer === 0 && place(some) === -1)),
    ...(values === undefined ? [] : encrypted(values)),
  );
  Object.assign(settings, versionIn(uses, missing));
  return {
    values,
    manifests,
    settings,
    read: ordered.map(({ what }) => what),
    missing,
    changes: [
      ...renderedChange([...rendered.values()], shown.values !== undefined && ordered.length === 1),
      ...(ignored.length === 0
        ? []
        : [
            {
              harm: "other" as const,
              what: [...new Set(ignored)].join(", "),
              why: "not read: no values of Cilium's chart, and no manifest",
            },
          ]),
    ],
  };
}

/** An object that Cilium's chart renders to; pools, policies and BGP objects are none. */
function isRendered(document: Tree): boolean {
  if (typeof document.kind !== "string" || String(document.apiVersion).startsWith("cilium.io/")) {
    return false;
  }
  const isPart = get(document, ["metadata", "labels", "app.kubernetes.io/part-of"]) === "cilium";
  return isPart || (document.kind === "ConfigMap" && nameOf(document) === "cilium-config");
}

function nameOf(document: Tree): unknown {
  return valueAt(document, "metadata.name");
}

/** The values and the version that rendered objects show. */
function readRendered(objects: readonly Tree[]) {
  const one = (kind: string, name: string) =>
    objects.find((object) => object.kind === kind && nameOf(object) === name);
  const daemonSet = one("DaemonSet", "cilium") as V1DaemonSet | undefined;
  const config = one("ConfigMap", "cilium-config")?.data as Record<string, string> | undefined;
  return { values: valuesOfObjects(config, daemonSet), version: versionOfImage(daemonSet) };
}

function renderedChange(paths: readonly string[], areRead: boolean): Change[] {
  if (paths.length === 0) return [];
  return [
    {
      harm: "data path",
      what: `objects that Cilium's chart renders to (${[...new Set(paths)].join(", ")})`,
      why: `${areRead ? `${RENDERED}; ` : ""}the stack's Release makes them, so stop what applies them before the first update, and take them out of Talos' inline manifests`,
    },
  ];
}

/** The documents of a file, or in words why a person must see to it first. */
function readDocuments(file: SourceFile): unknown[] | string {
  try {
    return documentsOf(file);
  } catch (error) {
    const placeholders = placeholdersOf(file.text);
    const wrong = error instanceof Error ? error.message : String(error);
    if (placeholders.length > 0) {
      return `${wrong}; it has placeholders (${[...new Set(placeholders)].join(", ")}): render it first (flux envsubst, envsubst), and give what comes out`;
    }
    if (file.folder !== undefined) return `${wrong}; correct it, or leave it out`;
    throw new Error(`${file.path}: ${wrong}`);
  }
}

/** Values files of one folder that contradict each other: one for each environment, perhaps, in no order that is known. */
function disagreements(values: readonly ValuesOf[]): Missing[] {
  const inFolders = values.filter(({ folder }) => folder !== undefined);
  const differing = inFolders.flatMap((one, index) =>
    inFolders.slice(index + 1).flatMap((other) =>
      leavesOf(one.values)
        .filter(({ keys, value }) => {
          const theirs = get(other.values, keys);
          return theirs !== undefined && !isDeepStrictEqual(theirs, value);
        })
        .map(({ path }) => path),
    ),
  );
  if (differing.length === 0) return [];
  const files = inFolders.map(({ what }) => what).join(", ");
  return [
    {
      path: "files",
      why: `several values files of a folder disagree (${[...new Set(differing)].join(", ")}), and each was read over the one before it: ${files}; give the file that runs, or several in Helm's order`,
    },
  ];
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
  [/^\.pkl$/, "Pkl"],
  [/^\.dhall$/, "Dhall"],
];

/** What a file is a template of; undefined for YAML. */
function templateKind(path: string, text: string): string | undefined {
  const [, tool] = TOOLS.find(([extension]) => extension.test(extname(path))) ?? [];
  if (tool !== undefined) return tool;
  if (/^\s*(resource|module|locals|provider)\b[^:\n]*\{\s*$/m.test(text)) return "Terraform";
  if (/^\s*\{%/m.test(text)) return "a Jinja template";
  if (/^(#@|[^#"'\n]*[:-] #@)/m.test(text)) return "a ytt template";
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

/** The mappings in a file; the objects of a List one by one. Of a folder's files, what is no mapping, too. */
function documentsOf({ text, folder }: SourceFile): unknown[] {
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
    throw new Error(`cannot be read as YAML: ${firstLine(error)}`);
  }
  return documents
    .filter((document) => document !== null && document !== undefined)
    .flatMap((document) => {
      if (!isPlainObject(document)) {
        if (folder !== undefined) return [document];
        throw new Error(
          `neither values nor a manifest, which are mappings (${showValue(document).slice(0, 60)}); leave the file out`,
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

/** ConfigMaps and Secrets that wrappers name, where no file has values. */
function missingObjects(uses: readonly ChartUse[]): Missing[] {
  return uses.flatMap(({ what, objects = [] }) =>
    objects.map((object) => ({
      path: object,
      why: `${what} takes values from it, and it was not given; give it, too, or the values that run: ${VALUES_COMMAND}`,
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

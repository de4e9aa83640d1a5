import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import { parse } from "yaml";
import { ownValueAt } from "../config";

/** Files of a chart that read values to refuse them or to talk of them, and make no object of them. */
const NO_TEMPLATES = ["validate.yaml", "NOTES.txt", "warnings.txt"];

type Tree = Readonly<Record<string, unknown>>;
type Path = readonly string[];

/**
 * Paths of a chart's values, sorted: those of its values.yaml and values.schema.json, and those that its templates read
 * beside them. A path that ends where the chart has nothing further (a single value, a list, an empty mapping), or where
 * a template takes all that is there (`with .Values.affinity`), stands for all that may be below it.
 * @param folder folder of the chart.
 */
export async function readChartPaths(folder: string): Promise<string[]> {
  const values = parse(await readFile(join(folder, "values.yaml"), "utf8")) as Tree;
  const templates = await textsIn(join(folder, "templates"));
  const reads = templates.flatMap(readsIn);
  const isBranch = (path: Path) => isFilled(ownValueAt(values, path));
  const found = [
    ...leavesOf(values),
    ...leavesOfSchema(await schemaOf(folder)),
    ...reads.filter(({ path, isWhole }) => isWhole || !isBranch(path)).map(({ path }) => path),
  ].filter((path) => path.length > 0);
  const paths = new Set(found.map((path) => path.join(".")));
  const shortest = found.filter((path) =>
    path.every((_, length) => length === 0 || !paths.has(path.slice(0, length).join("."))),
  );
  const dotted = shortest.find((path) => path.some((key) => key.includes(".")));
  if (dotted !== undefined) {
    throw new Error(`${folder}: a key of its values has a dot (${dotted.join(" > ")})`);
  }
  return [...new Set(shortest.map((path) => path.join(".")))].sort();
}

/** What a template reads of the values. */
interface Read {
  readonly path: Path;
  /** Whether it takes all that is there. */
  readonly isWhole: boolean;
}

/** `.Values.a.b`, and the keys that follow it as texts: `hasKey .Values.a "b"`. */
const VALUE = /(\$\w*)?\.Values((?:\.\w+)*)((?:\s+"[\w-]+")*)/g;
/** `dig "a" "b" DEFAULT .Values.c`, with a default that has no spaces. */
const DIG = /\bdig((?:\s+"\w+")+)\s+(?:""|\S+)\s+\$?\.Values((?:\.\w+)*)/g;
/** `$name := .Values.a.b`, alone or in a function without other keys. */
const ALIAS = /^(\$\w+)\s*:?=.*?\.Values((?:\.\w+)+)/s;

/** What the text of a template reads. */
function readsIn(text: string): Read[] {
  const actions = [...text.matchAll(/\{\{-?\s*(.*?)\s*-?\}\}/gs)]
    .map(([, action = ""]) => action)
    .filter((action) => !action.startsWith("/*"));
  const aliases = new Map<string, Path>();
  for (const action of actions) {
    const [, name, path] = ALIAS.exec(action) ?? [];
    if (name !== undefined && path !== undefined) aliases.set(name, keysIn(path));
  }
  return actions.flatMap((action) => {
    const direct = [...action.matchAll(VALUE)].map(([, , path = "", texts = ""]) => ({
      path: [...keysIn(path), ...textsOf(texts)],
      isWhole: /^(else )?with\b/.test(action) || /\btoYaml\b/.test(action),
    }));
    const dug = [...action.matchAll(DIG)].map(([, texts = "", path = ""]) => ({
      path: [...keysIn(path), ...textsOf(texts)],
      isWhole: false,
    }));
    const aliased = [...action.matchAll(/(\$\w+)((?:\.\w+)*)((?:\s+"[\w-]+")*)/g)].flatMap(
      ([, name = "", path = "", texts = ""]) => {
        const above = aliases.get(name);
        const below = [...keysIn(path), ...textsOf(texts)];
        return above === undefined || below.length === 0
          ? []
          : [{ path: [...above, ...below], isWhole: false }];
      },
    );
    return [...direct, ...dug, ...aliased];
  });
}

function keysIn(path: string): string[] {
  return path.split(".").filter((key) => key !== "" && key !== "AsMap");
}

function textsOf(texts: string): string[] {
  return [...texts.matchAll(/"([^"]+)"/g)].map(([, text = ""]) => text);
}

function leavesOf(tree: Tree, above: Path = []): Path[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    isFilled(value) ? leavesOf(value, [...above, key]) : [[...above, key]],
  );
}

function leavesOfSchema(schema: Tree, above: Path = []): Path[] {
  const { properties } = schema;
  if (!isFilled(properties)) return [above];
  return Object.entries(properties).flatMap(([key, below]) =>
    leavesOfSchema(below as Tree, [...above, key]),
  );
}

async function schemaOf(folder: string): Promise<Tree> {
  try {
    return JSON.parse(await readFile(join(folder, "values.schema.json"), "utf8")) as Tree;
  } catch (error) {
    // Not every chart has one.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

async function textsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch((error) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const files = entries
    .filter((entry) => entry.isFile() && !NO_TEMPLATES.includes(basename(entry.name)))
    .map(({ parentPath, name }) => join(parentPath, name));
  return Promise.all(files.map((file) => readFile(file, "utf8")));
}

/** Whether a value is a mapping that has something in it. */
function isFilled(value: unknown): value is Tree {
  return isPlainObject(value) && Object.keys(value).length > 0;
}

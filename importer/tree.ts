import { isDeepStrictEqual } from "node:util";

/** Values by their keys, to any depth: what a YAML mapping is read as. */
export type Tree = { [key: string]: unknown };

/** A value of a tree that is no tree itself, and the keys that lead to it. */
export interface Leaf {
  /** Keys from the root; they may contain dots themselves (podAnnotations). */
  readonly keys: readonly string[];
  /** The keys joined with dots: l2announcements.leaseDuration. */
  readonly path: string;
  /** The value. */
  readonly value: unknown;
}

/** Whether something is a tree: an object, but no list. */
export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Value at a path of keys joined with dots; undefined when there is none. */
export function valueAt(tree: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((inner, key) => (inner as Tree | null | undefined)?.[key], tree);
}

/**
 * Leaves of a tree, in its order. Empty trees say nothing, so they have none.
 * @param whole paths whose value is a leaf even when it is a tree.
 */
export function leavesOf(
  tree: Tree,
  whole: ReadonlySet<string> = new Set(),
  above: readonly string[] = [],
): Leaf[] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const keys = [...above, key];
    const path = keys.join(".");
    if (isTree(value) && (Object.keys(value).length === 0 || !whole.has(path))) {
      return leavesOf(value, whole, keys);
    }
    return [{ keys, path, value }];
  });
}

/** Sets the value at some keys, and makes the trees on the way there. */
export function put(tree: Tree, keys: readonly string[], value: unknown): void {
  const [key = "", ...inner] = keys;
  if (inner.length === 0) {
    tree[key] = value;
    return;
  }
  const below = isTree(tree[key]) ? tree[key] : {};
  tree[key] = below;
  put(below, inner, value);
}

/** Takes out what is at some keys, an element of a list too, and trees that are empty without it. */
export function remove(tree: unknown, keys: readonly PropertyKey[]): void {
  const [key = "", ...inner] = keys;
  if (Array.isArray(tree)) {
    if (inner.length === 0) tree.splice(Number(key), 1);
    else remove(tree[Number(key)], inner);
  } else if (isTree(tree)) {
    const below = tree[String(key)];
    if (inner.length > 0) remove(below, inner);
    const isEmpty = isTree(below) && Object.keys(below).length === 0;
    if (inner.length === 0 || isEmpty) delete tree[String(key)];
  }
}

/**
 * Whether two values mean the same to a Helm template: it makes one text of 7445 and "7445". Lists are compared in
 * their order.
 */
export function sameValue(a: unknown, b: unknown): boolean {
  const isScalar = (value: unknown) => ["string", "number", "boolean"].includes(typeof value);
  return isDeepStrictEqual(a, b) || (isScalar(a) && isScalar(b) && String(a) === String(b));
}

/** A value in one line, as a report shows it. */
export function show(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

import { isDeepStrictEqual } from "node:util";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";

/** Values by their keys, to any depth: what a YAML mapping is read as. */
export type Tree = { [key: string]: unknown };

/** A value of a tree that is no tree itself, and the keys that lead to it. */
export interface Leaf {
  /** Keys from the root; a key may contain dots itself (podAnnotations). */
  readonly keys: readonly string[];
  /** The keys joined with dots, those with dots of their own in quotes: podAnnotations."example.org/team". */
  readonly path: string;
  readonly value: unknown;
}

/**
 * Leaves of a tree, in its order. An empty tree has none, as it sets nothing.
 * @param whole paths whose value is a leaf even when it is a tree.
 */
export function leavesOf(
  tree: Tree,
  whole: ReadonlySet<string> = new Set(),
  above: readonly string[] = [],
): Leaf[] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const keys = [...above, key];
    const path = keys.map((each) => (each.includes(".") ? `"${each}"` : each)).join(".");
    if (isPlainObject(value) && (isEmptyTree(value) || !whole.has(path))) {
      return leavesOf(value, whole, keys);
    }
    return [{ keys, path, value }];
  });
}

/**
 * Sets the value at some keys, and makes the trees on the way there. es-toolkit's set would not do: it passes over a key
 * such as constructor, which a label may have, and makes a list where a key is a number.
 */
export function setAt(tree: Tree, keys: readonly string[], value: unknown): void {
  const [key = "", ...inner] = keys;
  if (inner.length === 0) {
    tree[key] = value;
    return;
  }
  const below = Object.hasOwn(tree, key) && isPlainObject(tree[key]) ? tree[key] : {};
  tree[key] = below;
  setAt(below, inner, value);
}

/**
 * Removes the value at some keys, and the trees that are empty without it. es-toolkit's unset would not do: it leaves a
 * hole in a list, and the empty trees.
 */
export function removeAt(tree: unknown, keys: readonly PropertyKey[]): void {
  const [key = "", ...inner] = keys;
  if (Array.isArray(tree)) {
    if (inner.length === 0) tree.splice(Number(key), 1);
    else removeAt(tree[Number(key)], inner);
  } else if (isPlainObject(tree)) {
    if (inner.length > 0) removeAt(tree[key], inner);
    if (inner.length === 0 || isEmptyTree(tree[key])) delete tree[key];
  }
}

function isEmptyTree(value: unknown): boolean {
  return isPlainObject(value) && Object.keys(value).length === 0;
}

/** Whether one of two paths is the other, or leads to it. */
export function pathsMeet(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}.`) || other.startsWith(`${path}.`);
}

/**
 * Whether two values mean the same to a Helm template: it makes one text of 7445 and "7445". Lists are compared in
 * their order.
 */
export function isSameValue(a: unknown, b: unknown): boolean {
  const isScalar = (value: unknown) => ["string", "number", "boolean"].includes(typeof value);
  return isDeepStrictEqual(a, b) || (isScalar(a) && isScalar(b) && String(a) === String(b));
}

/** A value in one line, as a report shows it. */
export function showValue(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

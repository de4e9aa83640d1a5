import { isPlainObject } from "es-toolkit/predicate/isPlainObject";

/** A YAML mapping, to any depth. */
export type Tree = { [key: string]: unknown };

/** A value as a tree; an empty one when it is none. */
export function asTree(value: unknown): Tree {
  return isPlainObject(value) ? value : {};
}

/** The trees of a list; none when it is no list. */
export function asTrees(value: unknown): Tree[] {
  return Array.isArray(value) ? value.filter(isPlainObject) : [];
}

/** A value in a tree that is not a tree itself. */
export interface Leaf {
  /** Keys from the root; a key may contain dots (podAnnotations). */
  readonly keys: readonly string[];
  /** The keys joined with dots; a key that contains dots is quoted: podAnnotations."example.org/team". */
  readonly path: string;
  readonly value: unknown;
}

/**
 * Leaves of a tree, in its order. An empty tree sets nothing, so it has none.
 * @param whole paths of trees that count as leaves.
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
 * Sets the value at some keys, and makes the trees around it. es-toolkit's set does not fit: it ignores a key such as
 * constructor, which a label may have, and makes a list where a key is a number.
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
 * Removes the value at some keys, and the trees that are empty without it. es-toolkit's unset does not fit: it leaves
 * holes in lists, and the empty trees.
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

/** Whether two paths are the same, or one leads to the other. */
export function pathsMeet(path: string, other: string): boolean {
  return path === other || path.startsWith(`${other}.`) || other.startsWith(`${path}.`);
}

/** A value on one line, for a report. */
export function showValue(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

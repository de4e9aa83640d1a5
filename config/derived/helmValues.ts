import { isDeepStrictEqual } from "node:util";
// Every import of es-toolkit names the function's own file, as its index takes a tenth of a second to load.
import get from "es-toolkit/compat/get";
import { memoize } from "es-toolkit/function/memoize";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";

/** Values of Cilium's Helm chart, as its values.yaml nests them. */
export type HelmValues = { [key: string]: unknown };

/** An import asks for the same few hundred paths again and again. */
const keysOf = memoize((path: string) => path.split("."));

/**
 * The value at a path of keys joined with dots (l2announcements.leaseDuration); undefined if there is none. The path is
 * split here: given text, es-toolkit prefers a key that has the dots in its name, and Helm does not.
 */
export function valueAt(values: object, path: string): unknown {
  return get(values, keysOf(path));
}

/** The value at some keys; unlike {@link valueAt} it finds nothing that only JavaScript knows, such as constructor. */
export function ownValueAt(values: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) => (isPlainObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    values,
  );
}

/**
 * Whether two values mean the same to a Helm template, which prints 7445 and "7445" alike. The order of a list counts.
 */
export function isSameValue(a: unknown, b: unknown): boolean {
  const isScalar = (value: unknown) => ["string", "number", "boolean"].includes(typeof value);
  return isDeepStrictEqual(a, b) || (isScalar(a) && isScalar(b) && String(a) === String(b));
}

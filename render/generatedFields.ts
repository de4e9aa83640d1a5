import { isDeepStrictEqual } from "node:util";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import { elementPaths, fieldPath } from "../sources/fieldPaths";
import type { RenderedObject } from "../sources/helm";

/**
 * Paths of the fields in which two renderings of the same values differ, for each object of the first: certificates that
 * the chart generates, digests of them, random names.
 */
export function generatedFields(
  first: readonly RenderedObject[],
  second: readonly RenderedObject[],
): string[][] {
  const others = [...second];
  return first.map((object) => {
    const index = others.findIndex((other) => isSameObject(object, other));
    if (index === -1) return ["metadata.name"];
    const [other] = others.splice(index, 1);
    return differingPaths("", object, other);
  });
}

function isSameObject(a: RenderedObject, b: RenderedObject): boolean {
  return (
    a.apiVersion === b.apiVersion &&
    a.kind === b.kind &&
    a.metadata.name === b.metadata.name &&
    a.metadata.namespace === b.metadata.namespace
  );
}

function differingPaths(path: string, a: unknown, b: unknown): string[] {
  if (isDeepStrictEqual(a, b)) return [];
  if (isPlainObject(a) && isPlainObject(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return keys.flatMap((key) => differingPaths(fieldPath(path, key), a[key], b[key]));
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    const [paths, others] = [elementPaths(path, a), elementPaths(path, b)];
    if (paths !== undefined && isDeepStrictEqual(paths, others)) {
      return paths.flatMap((element, index) => differingPaths(element, a[index], b[index]));
    }
  }
  return [path];
}

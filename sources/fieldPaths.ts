import { isPlainObject } from "es-toolkit/predicate/isPlainObject";

/** Path of a field below another one: `spec.template`, `metadata.annotations."a.b/c"`. */
export function fieldPath(path: string, key: string): string {
  const step = /[.[\]]/.test(key) ? `"${key}"` : key;
  return path === "" ? step : `${path}.${step}`;
}

/**
 * Paths of a list's elements by their names (`containers[agent]`), in order; undefined for a list whose elements have
 * none, which is one field.
 */
export function elementPaths(path: string, list: readonly unknown[]): string[] | undefined {
  if (list.length === 0 || !list.every(hasName)) return undefined;
  const names = list.map(({ name }) => name);
  // Two elements of one name, as a container may have two mounts of a volume.
  return names.map((name, index) =>
    names.indexOf(name) === index ? `${path}[${name}]` : `${path}[${name} ${index}]`,
  );
}

function hasName(element: unknown): element is { readonly name: string } {
  return isPlainObject(element) && typeof element.name === "string";
}

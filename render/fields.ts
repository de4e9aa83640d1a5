import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import { elementPaths, fieldPath } from "../sources/fieldPaths";

/** The fields of an object by their paths, as sources/fieldPaths.ts writes them; a list without names is one field. */
export type Fields = ReadonlyMap<string, unknown>;

/** Stands for an element of a list that has a name; its fields follow it. */
export const THERE = "there";

export function fieldsOf(object: object): Fields {
  const fields = new Map<string, unknown>();
  addFields(fields, "", object);
  return fields;
}

/** Whether a field lies at a path, or below it. */
export function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
}

/** Adds the leaves of a value. */
function addFields(fields: Map<string, unknown>, path: string, value: unknown): void {
  const elements = Array.isArray(value) ? elementPaths(path, value) : undefined;
  if (isPlainObject(value) && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) {
      addFields(fields, fieldPath(path, key), inner);
    }
  } else if (elements !== undefined) {
    for (const [index, { name: _, ...inner }] of (value as { name: string }[]).entries()) {
      const element = elements[index] ?? "";
      fields.set(element, THERE);
      if (Object.keys(inner).length > 0) addFields(fields, element, inner);
    }
  } else if (value !== null) {
    // A field that is null is absent to Kubernetes.
    fields.set(path, value);
  }
}

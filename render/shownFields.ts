import { sortBy } from "es-toolkit/array/sortBy";
import { EFFECTS } from "./effects";
import type { FieldChange, ObjectChange } from "./objectChange";

/**
 * Fields of a changed object in the order of a report, the most harmful first, without the documentation in the schema of
 * a CRD, of which only the number is shown.
 */
export function shownFields({ kind, fields }: ObjectChange): {
  readonly fields: readonly FieldChange[];
  readonly descriptions: number;
} {
  const isCrd = kind === "CustomResourceDefinition.apiextensions.k8s.io";
  const shown = fields.filter(({ path }) => !isCrd || !/\.schema\..*\.description$/.test(path));
  return {
    fields: sortBy(shown, [({ effect }) => EFFECTS.indexOf(effect), "path"]),
    descriptions: fields.length - shown.length,
  };
}

import { isTree } from "./tree";

/** A label selector of a manifest; undefined when it is absent or empty, as then it selects all. */
export function selectorOf(selector: unknown): unknown {
  if (!isTree(selector)) return selector ?? undefined;
  const conditions = Object.entries(selector).filter(([, value]) => !isEmpty(value));
  return conditions.length > 0 ? Object.fromEntries(conditions) : undefined;
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}

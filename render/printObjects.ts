import { stringify } from "yaml";
import type { RenderedStack, StackObject } from "./renderedStack";

/** One stream of YAML documents. */
export function printObjects({ objects }: RenderedStack): string {
  return objects.map((each) => `---\n${printObject(each)}`).join("");
}

/** An object as YAML, below a comment that says who makes it, and at which hooks. */
export function printObject({ object, madeBy, hooks }: StackObject): string {
  const hook = hooks.length === 0 ? "" : `, as a hook (${hooks.join(", ")})`;
  // Readers of YAML 1.1 take an unquoted yes or on for a boolean.
  const yaml = stringify(object, {
    lineWidth: 0,
    aliasDuplicateObjects: false,
    compat: "yaml-1.1",
  });
  return `# made by ${madeBy}${hook}\n${yaml}`;
}

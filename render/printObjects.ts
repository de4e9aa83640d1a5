import { stringify } from "yaml";
import type { RenderedStack, StackObject } from "./renderedStack";

/** One stream of YAML documents, each with a comment that says who makes the object, and at which hooks. */
export function printObjects({ objects }: RenderedStack): string {
  return objects.map((each) => `---\n${printObject(each)}`).join("");
}

function printObject({ object, madeBy, hooks }: StackObject): string {
  const hook = hooks.length === 0 ? "" : `, as hook ${hooks.join(", ")}`;
  // Readers of YAML 1.1 take an unquoted yes or on for a boolean.
  const yaml = stringify(object, {
    lineWidth: 0,
    aliasDuplicateObjects: false,
    compat: "yaml-1.1",
  });
  return `# made by ${madeBy}${hook}\n${yaml}`;
}

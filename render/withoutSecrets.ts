import type { RenderedObject } from "../sources/helm";
import { Marks } from "./marks";
import { redact } from "./redact";
import type { StackObject } from "./renderedStack";

/**
 * Objects of a chart's rendering that are compared without what is secret in them: certificates are made anew by each
 * rendering, and nothing tells them from a secret that the values have.
 */
export function withoutSecrets(objects: readonly RenderedObject[]): StackObject[] {
  const made = objects.map((object) => ({
    object,
    madeBy: "Helm" as const,
    hooks: [],
    generated: [],
  }));
  return redact(made, [], new Marks()).map((each) => ({
    ...each,
    generated: Object.keys(each.hidden),
  }));
}

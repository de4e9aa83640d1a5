import { createHmac, randomBytes } from "node:crypto";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import { elementPaths, fieldPath } from "../sources/fieldPaths";
import type { RenderedObject } from "../sources/helm";
import { NOT_SHOWN, type StackObject } from "./renderedStack";

/** Marks of secrets: equal for equal secrets within one run, and of no use after it. */
export class Marks {
  private readonly key = randomBytes(32);

  public of(secret: unknown): string {
    return createHmac("sha256", this.key).update(JSON.stringify(secret)).digest("hex");
  }
}

/** Takes what is secret out of objects. */
export function redact(
  objects: readonly Omit<StackObject, "hidden">[],
  _secrets: readonly unknown[],
  marks: Marks,
): StackObject[] {
  return objects.map((made) => {
    const hidden: Record<string, string> = {};
    const isSecret = made.object.kind === "Secret";
    const isHidden = (path: string) =>
      made.generated.includes(path) || (isSecret && /^(data|stringData)\./.test(path));
    const walk = (path: string, value: unknown): unknown => {
      if (isHidden(path)) {
        hidden[path] = marks.of(value);
        return NOT_SHOWN;
      }
      if (isPlainObject(value)) {
        return Object.fromEntries(
          Object.entries(value).map(([key, inner]) => [key, walk(fieldPath(path, key), inner)]),
        );
      }
      if (Array.isArray(value)) {
        const elements = elementPaths(path, value);
        return value.map((each, index) => walk(elements?.[index] ?? path, each));
      }
      return value;
    };
    return { ...made, object: walk("", made.object) as RenderedObject, hidden };
  });
}

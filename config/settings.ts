import type { z } from "zod";
import { ConfigError, type Problem } from "./configError";
import { rules } from "./rules";
import { type Key, type Settings, schema } from "./schema";

/** What stack configuration is read from: `pulumi.Config`, or anything with its `getObject`. */
export interface ConfigReader {
  /** Value of a key, undefined when it is not set. */
  getObject(key: string): unknown;
}

/**
 * Reads and checks the configuration of the current stack.
 * @throws ConfigError with every problem there is, before any resource exists.
 */
export function readSettings(config: ConfigReader): Settings {
  const problems: Problem[] = [];
  const values: Partial<Record<Key, unknown>> = {};
  for (const key of Object.keys(schema) as Key[]) {
    const parsed = schema[key].safeParse(config.getObject(key) ?? undefined);
    if (parsed.success) values[key] = parsed.data;
    else
      problems.push(
        ...parsed.error.issues.map((issue) => toProblem(key, config.getObject(key), issue)),
      );
  }
  // The rules look at several keys at once, so they need all of them in shape.
  if (problems.length === 0) {
    problems.push(...rules.flatMap((rule) => rule.check(values as Settings)));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return deepFreeze(values as Settings);
}

function toProblem(key: Key, value: unknown, issue: z.core.$ZodIssue): Problem {
  const seen = issue.path.reduce<unknown>(
    (inner, step) => (inner as Record<PropertyKey, unknown> | undefined)?.[step],
    value,
  );
  const [wrong = "", fix] = issue.message.split("; ");
  return {
    path: [key, ...issue.path].join("."),
    wrong: seen === undefined ? "missing" : `${lowerFirst(wrong)} (${JSON.stringify(seen)})`,
    fix: fix ?? `see ${key} in Pulumi.yaml`,
  };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}

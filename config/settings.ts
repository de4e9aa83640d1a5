import type { z } from "zod";
import { ConfigError, type Problem } from "./configError";
import { rules } from "./rules";
import type { Rule } from "./rules/rule";
import { type Key, type Settings, schema } from "./schema";

/** What stack configuration is read from: `pulumi.Config`, or anything with its `getObject`. */
export interface ConfigReader {
  /** Value of a key, undefined when it is not set. */
  getObject(key: string): unknown;
}

/**
 * Reads and checks a configuration.
 * @param keys the keys that are set, where that is known: one that the schema does not have is a mistake.
 * @param secrets those of them that hold a secret. None may: all of it is seen in previews and in Helm's values.
 * @throws ConfigError with every problem there is, before any resource exists.
 */
export function readSettings(
  config: ConfigReader,
  keys: readonly string[] = [],
  secrets: readonly string[] = [],
): Settings {
  const problems: Problem[] = keys
    .filter((key) => !(key in schema))
    .map((key) => ({
      path: key,
      wrong: "no such key",
      fix: `known are ${Object.keys(schema).join(", ")}`,
    }));
  problems.push(
    ...secrets.map((key) => ({
      path: key,
      wrong: "holds a secret, and previews and Helm's values would show it",
      fix: "put the secret into a Kubernetes Secret, name that here, and write the key in clear",
    })),
  );
  const values: Partial<Record<Key, unknown>> = {};
  // Of a secret not even the mistakes in it are shown.
  for (const key of (Object.keys(schema) as Key[]).filter((key) => !secrets.includes(key))) {
    const value = config.getObject(key);
    const parsed = schema[key].safeParse(value);
    if (parsed.success) values[key] = parsed.data;
    else
      problems.push(...parsed.error.issues.flatMap((issue) => problemsOfIssue(key, value, issue)));
  }
  // The rules look at several keys at once, so they need all of them in shape.
  if (problems.length === 0) {
    problems.push(...problemsOf(values as Settings, (rule) => !rule.warnsOnly));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return deepFreeze(values as Settings);
}

/** What is worth a warning in settings that were accepted. */
export function warningsOf(settings: Settings): Problem[] {
  return problemsOf(settings, (rule) => rule.warnsOnly === true);
}

function problemsOf(settings: Settings, which: (rule: Rule) => boolean): Problem[] {
  return rules.filter(which).flatMap((rule) => rule.check(settings));
}

/**
 * Words an issue that a key's schema found: one problem, or one for each unknown key.
 * @param value the key's whole value.
 */
export function problemsOfIssue(key: Key, value: unknown, issue: z.core.$ZodIssue): Problem[] {
  const seen = issue.path.reduce<unknown>(
    (inner, step) => (inner as Record<PropertyKey, unknown> | undefined)?.[step],
    value,
  );
  const path = [key, ...issue.path].join(".");
  const see = `see ${key} in docs/configuration.md`;
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((unknown) => ({
      path: `${path}.${unknown}`,
      wrong: "no such key",
      fix: see,
    }));
  }
  if (seen === undefined) return [{ path, wrong: "missing", fix: see }];
  // Messages of our own have both parts (schema/types.ts); zod's have no remedy.
  const [wrong = "", fix = see] = issue.message.split("; ");
  return [{ path, wrong: `${lowerFirst(wrong)} (${JSON.stringify(seen)})`, fix }];
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

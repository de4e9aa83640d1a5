import { deepFreeze } from "es-toolkit/object/deepFreeze";
import { lowerFirst } from "es-toolkit/string/lowerFirst";
import type { z } from "zod";
import { ConfigError, type Problem } from "./configError";
import { rules } from "./rules";
import type { Rule } from "./rules/rule";
import { type Key, type Settings, schema } from "./schema";

/** The source of a stack's configuration: `pulumi.Config`, or anything with its `getObject`. */
export interface ConfigReader {
  /** Returns the value of a key, undefined where it is not set. */
  getObject(key: string): unknown;
}

/**
 * Reads and checks a configuration.
 * @param keys the keys that are set, where that is known: a key that the schema does not have is a mistake.
 * @param secrets those of them that hold a secret, which is a mistake: previews and Helm's values show the configuration.
 * @throws ConfigError with every problem.
 */
export function readSettings(
  config: ConfigReader,
  keys: readonly string[] = [],
  secrets: readonly string[] = [],
): Settings {
  const problems: Problem[] = keys
    .filter((key) => !Object.hasOwn(schema, key))
    .map((key) => ({
      path: key,
      wrong: "no such key",
      fix: `the keys are ${Object.keys(schema).join(", ")}`,
    }));
  problems.push(
    ...secrets.map((key) => ({
      path: key,
      wrong: "holds a secret, and previews and Helm's values would show it",
      fix: "write the key in plain text, and name a Kubernetes Secret there that holds the secret",
    })),
  );
  const values: Partial<Record<Key, unknown>> = {};
  // A message about a secret would show its value.
  for (const key of (Object.keys(schema) as Key[]).filter((key) => !secrets.includes(key))) {
    const value = config.getObject(key);
    const parsed = schema[key].safeParse(value);
    if (parsed.success) values[key] = parsed.data;
    else
      problems.push(...parsed.error.issues.flatMap((issue) => problemsOfIssue(key, value, issue)));
  }
  // A rule looks at several keys, so it needs all of them in shape.
  if (problems.length === 0) {
    problems.push(...problemsOf(values as Settings, ({ severity }) => severity === "error"));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return deepFreeze(values as Settings);
}

/** The warnings that rules give for settings that were accepted. */
export function warningsOf(settings: Settings): Problem[] {
  return problemsOf(settings, ({ severity }) => severity === "warning");
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

import * as pulumi from "@pulumi/pulumi";
import { ConfigError, describeProblem } from "./configError";
import type { Settings } from "./schema";
import { readSettings, warningsOf } from "./settings";

// Pulumi exports it, but its types leave it out. Nothing else says, before a value is read, that it is a secret.
const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret(key: string): boolean };

/**
 * Reads the settings of the stack that Pulumi runs, and logs the warnings of its rules.
 * @throws RunError with every problem in its message, which Pulumi prints without a stack trace.
 */
export async function stackSettings(): Promise<Settings> {
  const config = new pulumi.Config();
  const prefix = `${config.name}:`;
  const keys = Object.keys(pulumi.runtime.allConfig())
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
  const secrets = keys.filter((key) => isConfigSecret(prefix + key));
  const settings = readOrRefuse(config, keys, secrets);
  for (const warning of warningsOf(settings)) await pulumi.log.warn(describeProblem(warning));
  return settings;
}

function readOrRefuse(...args: Parameters<typeof readSettings>): Settings {
  try {
    return readSettings(...args);
  } catch (error) {
    throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
  }
}

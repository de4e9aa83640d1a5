import * as pulumi from "@pulumi/pulumi";
import { describeProblem } from "./configError";
import type { Settings } from "./schema";
import { readSettings, warningsOf } from "./settings";

/** Exported, and left out of the types only: nothing else tells, before it is used, that a value is a secret. */
const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret(key: string): boolean };

/**
 * The settings of the stack that is being run; what is worth a warning is logged as one.
 * @throws ConfigError with every problem there is, before any resource exists.
 */
export async function stackSettings(): Promise<Settings> {
  const config = new pulumi.Config();
  const prefix = `${config.name}:`;
  const keys = Object.keys(pulumi.runtime.allConfig())
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));
  const secrets = keys.filter((key) => isConfigSecret(prefix + key));
  const settings = readSettings(config, keys, secrets);
  for (const warning of warningsOf(settings)) await pulumi.log.warn(describeProblem(warning));
  return settings;
}

import assert from "node:assert/strict";
import { ConfigError, readSettings, type Settings } from "../../config";

/** The settings; undefined when the configuration is refused with the project's own error. Any other error passes. */
export function acceptedSettings(config: Readonly<Record<string, unknown>>): Settings | undefined {
  try {
    return readSettings({ getObject: (key) => config[key] });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    assert.ok(error.problems.length > 0);
    return undefined;
  }
}

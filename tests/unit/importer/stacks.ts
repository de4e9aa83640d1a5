import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { readSettings } from "../../../config";
import type { Settings } from "../../../config/schema";
import { STACKS } from "../../support/stacks";

/** Folder of the project. */
export const ROOT = join(__dirname, "../../..");

/** Configuration of one of the stacks in tests/fixtures/stacks. */
export function stackConfig(stack: string): Record<string, unknown> {
  return configIn(readFileSync(join(STACKS, `Pulumi.${stack}.yaml`), "utf8"));
}

/** Configuration in a stack file, its keys without the project. */
export function configIn(stackFile: string): Record<string, unknown> {
  const { config } = parse(stackFile) as { config: Record<string, unknown> };
  const unprefixed = Object.entries(config).map(([key, value]) => {
    assert.match(key, /^talos-cilium:/);
    return [key.replace("talos-cilium:", ""), value];
  });
  return Object.fromEntries(unprefixed);
}

/** Settings of a configuration whose keys have no prefix. */
export function settingsFrom(config: Readonly<Record<string, unknown>>): Settings {
  return readSettings({ getObject: (key) => config[key] });
}

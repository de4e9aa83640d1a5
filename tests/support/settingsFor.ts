import { readFileSync } from "node:fs";
import { join } from "node:path";
import deepmerge from "deepmerge";
import { parse } from "yaml";
import { readSettings, type Settings } from "../../config";

/** Settings of the fixtures' base.yaml, with a change laid over them. */
export function settingsFor(change: object): Settings {
  const base = parse(readFileSync(join(__dirname, "../fixtures/base.yaml"), "utf8"));
  const config = deepmerge(base, change) as Record<string, unknown>;
  return readSettings({ getObject: (key) => config[key] });
}

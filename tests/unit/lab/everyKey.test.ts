import assert from "node:assert/strict";
import { isPlainObject } from "es-toolkit";
import { readStackConfig, schema, settingsOf } from "../../../config";
import { jsonSchema, type SchemaNode } from "../../../docs/generate/configurationPage";
import { changesOfEveryKey, RUNNING, type Sources, withKeys } from "../../support/everyKey";

const SOURCES: Sources = {
  file: "bundle.yaml",
  sha256: "0".repeat(64),
  standard: "standard",
  older: "older",
  chart: "./chart",
  kubeconfig: "other",
  context: "other",
  uid: "11111111-1111-4111-8111-111111111111",
};

/** What an update of a running stack may harm is tested in the lab; here, that the table leaves no key out. */
describe("the table of all keys", () => {
  const running = withKeys(readStackConfig("lab"), RUNNING);

  it("changes every key of the schema", () => {
    const changed = new Set(
      changesOfEveryKey(SOURCES).flatMap(({ keys }) => leavesOf(keys, jsonSchema(schema))),
    );
    const all = keysOf(jsonSchema(schema));
    assert.ok(all.length > 100, `${all.length} keys`);
    assert.deepEqual(
      all.filter((key) => !changed.has(key)),
      [],
    );
  });

  for (const { what, keys, refused } of changesOfEveryKey(SOURCES)) {
    it(`changes the settings, which the rules accept: ${what}`, () => {
      const config = withKeys(running, keys);
      if (refused?.test("kubeProxyReplacement")) {
        assert.throws(() => settingsOf(config), refused);
      } else {
        assert.notDeepEqual(settingsOf(config), settingsOf(running));
      }
    });
  }
});

/** Full names of all keys that hold a value, as the documentation writes them. */
function keysOf(node: SchemaNode, path = ""): string[] {
  if (node.type === "array" && node.items?.properties) return keysOf(node.items, `${path}[]`);
  if (!node.properties) return [path];
  return Object.entries(node.properties).flatMap(([key, child]) =>
    keysOf(child, path === "" ? key : `${path}.${key}`),
  );
}

/** Those of them that a configuration sets. */
function leavesOf(value: unknown, node: SchemaNode, path = ""): string[] {
  if (Array.isArray(value) && node.items?.properties) {
    const { items } = node;
    return value.flatMap((item) => leavesOf(item, items, `${path}[]`));
  }
  if (!isPlainObject(value) || !node.properties) return [path];
  return Object.entries(value).flatMap(([key, child]) =>
    leavesOf(child, node.properties?.[key] ?? {}, path === "" ? key : `${path}.${key}`),
  );
}

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { schema } from "../../../config/schema";
import { PROJECT, readStackFile, settingsOf } from "../../../lab/stack/stackConfig";

const ROOT = join(__dirname, "../../..");

describe("stack files", () => {
  const stacks = readdirSync(ROOT).flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? []);

  for (const stack of stacks) {
    it(`Pulumi.${stack}.yaml is accepted, and has no key that nothing reads`, () => {
      const config = readStackFile(stack);
      settingsOf(config);
      const unread = Object.keys(config).filter(
        (key) => !Object.keys(schema).includes(key.replace(`${PROJECT}:`, "")),
      );
      assert.deepEqual(unread, []);
    });
  }

  it("Pulumi.yaml declares the keys of the schema, each with a description", () => {
    const { config } = parse(readFileSync(join(ROOT, "Pulumi.yaml"), "utf8")) as {
      config: Record<string, { description?: string }>;
    };
    const own = Object.entries(config).filter(([key]) => !key.includes(":"));
    assert.deepEqual(own.map(([key]) => key).sort(), Object.keys(schema).sort());
    for (const [key, { description }] of own) assert.ok(description, key);
  });
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { rules } from "../../../config/rules";
import { schema } from "../../../config/schema";
import type { Schemas } from "../../../docs/generate/configurationPage";
import { generatedFiles, projectFile } from "../../../docs/generate/main";

const ROOT = join(__dirname, "../../..");

describe("the documentation of the configuration", () => {
  const schemas: Schemas = schema;

  for (const { path, text } of generatedFiles()) {
    it(`${path} is what the schema says`, () => {
      assert.equal(readFileSync(join(ROOT, path), "utf8"), text, `${path} is old: npm run docs`);
    });
  }

  it("is another one for a schema without a key, or with a key, a default or a description changed", () => {
    const { prometheus: _, ...without } = schema;
    const { shape } = schema.encryption.def.innerType;
    const planted: Record<string, { schemas: Schemas; inPulumiYaml: boolean }> = {
      "a key less": { schemas: without, inPulumiYaml: true },
      "an inner key less": {
        schemas: { ...schemas, prometheus: z.strictObject({}).prefault({}).describe("Metrics.") },
        inPulumiYaml: true,
      },
      "another default": {
        schemas: {
          ...schemas,
          encryption: z
            .strictObject({ ...shape, nodeEncryption: shape.nodeEncryption.unwrap().default(true) })
            .prefault({})
            .describe(schema.encryption.description ?? ""),
        },
        inPulumiYaml: false,
      },
      "another description": {
        schemas: { ...schemas, hubble: schema.hubble.describe("Something else.") },
        inPulumiYaml: true,
      },
    };
    const [page, project] = generatedFiles().map(({ text }) => text);
    for (const [name, { schemas: changed, inPulumiYaml }] of Object.entries(planted)) {
      const [changedPage, changedProject] = generatedFiles(changed).map(({ text }) => text);
      assert.notEqual(changedPage, page, name);
      assert.equal(changedProject !== project, inPulumiYaml, name);
    }
  });

  it("has a description of every key at every depth", () => {
    assert.deepEqual(undescribed(z.toJSONSchema(z.strictObject(schemas), { io: "input" })), []);
    const planted = z.toJSONSchema(
      z.strictObject({ list: z.array(z.strictObject({ bare: z.string() })).describe("A list.") }),
    );
    assert.deepEqual(undescribed(planted), ["list[].bare"]);
  });

  it("has the schema's own defaults, and no others", () => {
    const documented = defaultsInTables(generatedFiles()[0]?.text ?? "");
    const own = Object.entries(schemas).flatMap(([key, value]) => ownDefaults(value, key));
    // A section of its own says of an object whether it may be left out; its default is in Pulumi.yaml.
    const inner = own.filter(([path, , { type }]) => path.includes(".") || type !== "object");
    assert.deepEqual(
      Object.fromEntries(documented),
      Object.fromEntries(inner.map(([path, value]) => [path, value])),
    );
    assert.ok(documented.length > 40);
  });

  it("declares in Pulumi.yaml no default that the schema does not have and accept", () => {
    const { config } = parse(generatedFiles()[1]?.text ?? "") as {
      config: Record<string, { default?: unknown }>;
    };
    for (const [key, value] of Object.entries(schemas)) {
      const declared = config[key]?.default;
      if (declared === undefined) continue;
      assert.deepEqual(value.parse(declared), value.parse(undefined), key);
    }
    assert.equal(config.cluster?.default, undefined);
    assert.throws(
      () => generatedFiles({ ...schemas, optional: z.boolean().optional() }),
      /^Error: optional: an optional key needs a default/,
    );
  });

  it("keeps what else is in Pulumi.yaml, and the comment before a key", () => {
    const text =
      "# Top.\nname: p\nconfig:\n  # Ours.\n  a:b:\n    value: [c]\n  # Keys.\n  key: {}\n";
    assert.equal(
      projectFile(text, { key: z.boolean().default(true).describe("A key.") }),
      text.replace(
        "key: {}",
        "key:\n    type: boolean\n    description: A key.\n    default: true",
      ),
    );
  });

  it("lists every rule with its severity and description, in the order of reports", () => {
    const page = generatedFiles()[0]?.text ?? "";
    const [, table = ""] = page.split("\n## Rules\n");
    const rows = [...table.matchAll(/^\| `([^`]+)` \| (\w+) \| (.+) \|$/gm)];
    assert.deepEqual(
      rows.map(([, name, severity, description]) => ({ name, severity, description })),
      rules.map(({ name, severity, description }) => ({ name, severity, description })),
    );
  });
});

/** Paths of the keys without a description. */
function undescribed(node: unknown, path = ""): string[] {
  const { properties = {}, items } = node as {
    properties?: Record<string, { description?: string }>;
    items?: unknown;
  };
  const inner = Object.entries(properties).flatMap(([key, child]) => {
    const childPath = path === "" ? key : `${path}.${key}`;
    return [...(child.description?.trim() ? [] : [childPath]), ...undescribed(child, childPath)];
  });
  return items === undefined ? inner : [...inner, ...undescribed(items, `${path}[]`)];
}

/** Defaults that the page's tables give, with the whole path of the key. */
function defaultsInTables(page: string): [path: string, value: unknown][] {
  const [configuration = ""] = page.split("\n## Rules\n");
  return configuration.split("\n## ").flatMap((section) => {
    const key = section.slice(0, section.indexOf("\n"));
    return [...section.matchAll(/^\| `([^`]+)` \| .*? \| `([^`]+)` \| /gm)].map(
      ([, path = "", value = ""]): [string, unknown] => [
        path === key ? key : `${key}.${path}`,
        JSON.parse(value),
      ],
    );
  });
}

/** Defaults as zod has them, without the JSON schema in between. */
function ownDefaults(
  value: z.core.$ZodType,
  path: string,
): [path: string, value: unknown, of: { type: string }][] {
  const { def } = value._zod as z.core.$ZodTypes["_zod"];
  switch (def.type) {
    case "default":
    case "prefault":
      return [
        [path, def.defaultValue, def.innerType._zod.def],
        ...ownDefaults(def.innerType, path),
      ];
    case "optional":
      return ownDefaults(def.innerType, path);
    case "array":
      return ownDefaults(def.element, `${path}[]`);
    case "object":
      return Object.entries(def.shape).flatMap(([name, inner]) =>
        ownDefaults(inner, `${path}.${name}`),
      );
    default:
      return [];
  }
}

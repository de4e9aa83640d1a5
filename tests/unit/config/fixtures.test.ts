import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { ConfigError, readSettings } from "../../../config";
import { rules } from "../../../config/rules";

const FIXTURES = join(__dirname, "../../fixtures");

/** What an invalid fixture says beside the configuration. */
interface Expectation {
  /** The whole message of each problem. */
  readonly problems: readonly string[];
}

/**
 * A fixture is a stack's configuration laid over a valid one, named for the rule that it is about. An invalid one says
 * under `expect` which problems there are, word for word.
 */
describe("rules of the configuration", () => {
  const base = read("base.yaml");

  for (const file of readdirSync(join(FIXTURES, "valid"))) {
    it(`${basename(file, ".yaml")} accepts`, () => {
      const settings = readSettings(reader({ ...base, ...read("valid", file) }));
      assert.ok(Object.isFrozen(settings.loadBalancing.pool));
    });
  }

  for (const file of readdirSync(join(FIXTURES, "invalid"))) {
    it(`${basename(file, ".yaml")} refuses`, () => {
      const { expect, ...config } = read("invalid", file);
      const error = caught(() => readSettings(reader({ ...base, ...config })));
      const { problems } = expect as Expectation;
      assert.deepEqual(
        error.problems.map(({ path, wrong, fix }) => `${path}: ${wrong}; ${fix}`),
        problems,
      );
      for (const problem of problems) assert.ok(error.message.includes(problem));
    });
  }

  it("each has a valid and an invalid fixture named for it", () => {
    for (const kind of ["valid", "invalid"]) {
      const names = readdirSync(join(FIXTURES, kind)).map((file) => basename(file, ".yaml"));
      const missing = rules.map(({ name }) => name).filter((name) => !names.includes(name));
      assert.deepEqual(missing, [], kind);
    }
  });

  it("is turned off: its invalid fixture is then accepted", () => {
    for (const rule of rules) {
      const { expect: _, ...config } = read("invalid", `${rule.name}.yaml`);
      const { check } = rule;
      try {
        (rule as { check: typeof check }).check = () => [];
        assert.doesNotThrow(() => readSettings(reader({ ...base, ...config })), rule.name);
      } finally {
        (rule as { check: typeof check }).check = check;
      }
    }
  });
});

function read(...path: string[]): Record<string, unknown> {
  return parse(readFileSync(join(FIXTURES, ...path), "utf8")) ?? {};
}

function reader(config: Record<string, unknown>) {
  return { getObject: (key: string) => config[key] };
}

function caught(work: () => unknown): ConfigError {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error;
  }
  assert.fail("it was accepted");
}

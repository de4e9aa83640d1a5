import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { ConfigError, describeProblem, readSettings, warningsOf } from "../../../config";
import { rules } from "../../../config/rules";
import type { Rule } from "../../../config/rules/rule";

const FIXTURES = join(__dirname, "../../fixtures");

/** Whose behaviour a reason may be about. */
const BEHAVIOUR =
  /Cilium|Talos|Kubernetes|kube-|Gateway|KubePrism|Envoy|Hubble|[Cc]hart|Helm|\bagent|operator|Prometheus/;

/** Rules about addresses, names and keys alone, although the reason names one of these. */
const ARITHMETIC = ["pool-names-unique", "policy-names-unique", "values-shadow-nothing"];

/** What an invalid fixture says beside the configuration. */
interface Expectation {
  /** The whole sentence of each problem, those that only warn included. */
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
      assert.deepEqual(problemsOf({ ...base, ...read("valid", file) }), []);
    });
  }

  for (const file of readdirSync(join(FIXTURES, "invalid"))) {
    it(`${basename(file, ".yaml")} refuses`, () => {
      const { expect, ...config } = read("invalid", file);
      assert.deepEqual(problemsOf({ ...base, ...config }), (expect as Expectation).problems);
    });
  }

  it("are at least 60, and each has a valid and an invalid fixture named for it", () => {
    const names = rules.map(({ name }) => name);
    assert.ok(names.length >= 60);
    for (const kind of ["valid", "invalid"]) {
      const files = readdirSync(join(FIXTURES, kind)).map((file) => basename(file, ".yaml"));
      assert.deepEqual(
        names.filter((name) => !files.includes(name)),
        [],
        kind,
      );
    }
  });

  it("have names and descriptions of their own, and each description is whole sentences", () => {
    for (const key of ["name", "description"] as const) {
      const texts = rules.map((rule) => rule[key]);
      assert.deepEqual(
        texts.filter((text, index) => texts.indexOf(text) !== index),
        [],
        key,
      );
    }
    for (const { name, description } of rules) {
      assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)+$/);
      assert.match(description, /^[`A-Z].+\.$/, name);
    }
  });

  it("name a source where they refuse something for what Cilium, Talos or Kubernetes does", () => {
    const source =
      /\([^)]*(https:\/\/|RFC \d|chart[,)]|templates\/|pkg\/|Kubernetes, |CRD|\.(ts|json))[^)]*\)/;
    const unsourced = (rules as Rule[])
      .filter(({ severity }) => severity === "error")
      .filter(({ description }) => BEHAVIOUR.test(description.slice(description.indexOf(". "))))
      .filter(({ name, description }) => !source.test(description) && !ARITHMETIC.includes(name))
      .map(({ name }) => name);
    assert.deepEqual(unsourced, []);
  });

  it("are all listed: no file has a rule that is never checked", () => {
    const folder = join(__dirname, "../../../config/rules");
    const exported = readdirSync(folder).flatMap((file) =>
      Object.values<{ check?: unknown }>(require(join(folder, file))).filter(
        (value) => typeof value.check === "function",
      ),
    );
    assert.equal(exported.length, rules.length);
    for (const rule of exported) assert.ok((rules as readonly unknown[]).includes(rule));
  });

  it("are each what their fixture is about: with one turned off, its fixture is not what it expects", () => {
    for (const rule of rules as Rule[]) {
      const { expect, ...config } = read("invalid", `${rule.name}.yaml`);
      const { check } = rule;
      try {
        rule.check = () => [];
        const left = problemsOf({ ...base, ...config });
        assert.ok(left.length < (expect as Expectation).problems.length, rule.name);
      } finally {
        rule.check = check;
      }
    }
  });

  it("come after the keys themselves: one that there is none of is a mistake", () => {
    assert.throws(
      () => readSettings(reader(base), [...Object.keys(base), "loadBalancer"]),
      /^ {2}loadBalancer: no such key; the keys are cluster, nodes, lan, /m,
    );
  });

  it("freeze what they accept", () => {
    const settings = readSettings(reader(base));
    assert.ok(Object.isFrozen(settings.loadBalancing.pools[0]));
  });
});

function read(...path: string[]): Record<string, unknown> {
  return parse(readFileSync(join(FIXTURES, ...path), "utf8")) ?? {};
}

function reader(config: Record<string, unknown>) {
  return { getObject: (key: string) => config[key] };
}

/** Every problem of a configuration, one sentence each: what it is refused for, or what it is warned of. */
function problemsOf(config: Record<string, unknown>): string[] {
  try {
    return warningsOf(readSettings(reader(config))).map(describeProblem);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    const sentences = error.problems.map(describeProblem);
    for (const sentence of sentences) assert.ok(error.message.includes(`  ${sentence}`));
    return sentences;
  }
}

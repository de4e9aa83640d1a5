import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ConfigError, checkFleet, readSettings, type Site } from "../../../config";

const base = parse(readFileSync(join(__dirname, "../../fixtures/base.yaml"), "utf8"));

/** A site: the base configuration, some keys of it changed. */
function site(stack: string, changes: Record<string, unknown>): Site {
  const config: Record<string, unknown> = { ...base, ...changes };
  return { stack, settings: readSettings({ getObject: (key) => config[key] }) };
}

/** Site number n of many: an id of its own up to 255, a LAN of its own. */
function numbered(n: number): Site {
  const lan = `10.${100 + Math.floor(n / 250)}.${n % 250}`;
  return site(`site-${n}`, {
    cluster: { name: `site-${n}`, id: n },
    nodes: { controlPlanes: [`${lan}.10`, `${lan}.11`, `${lan}.12`] },
    lan: { cidr: `${lan}.0/24` },
    loadBalancing: {
      pools: [{ start: `${lan}.50`, stop: `${lan}.99` }],
      policies: [{ interfaces: ["^ens18$"] }],
    },
  });
}

function problems(sites: readonly Site[]): string[] {
  try {
    checkFleet(sites);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems.map(({ path, wrong }) => `${path}: ${wrong}`);
  }
}

describe("rules over all stacks of the project", () => {
  const elsewhere = {
    nodes: { controlPlanes: ["192.168.10.120"] },
    loadBalancing: {
      pools: [{ start: "192.168.10.200", stop: "192.168.10.220" }],
      policies: [{}],
    },
  };

  it("refuse one id and one name for two clusters, naming both", () => {
    const a = site("a", { cluster: { name: "one", id: 1 } });
    assert.deepEqual(problems([a, site("b", { ...elsewhere, cluster: { name: "two", id: 1 } })]), [
      "b: cluster.id: a has the same (1)",
    ]);
    assert.deepEqual(problems([a, site("b", { ...elsewhere, cluster: { name: "one", id: 2 } })]), [
      "b: cluster.name: a has the same (one)",
    ]);
    assert.deepEqual(
      problems([a, site("b", { ...elsewhere, cluster: { name: "two", id: 2 } })]),
      [],
    );
  });

  it("refuse one address for two sites on one LAN, be it a Service's or a node's", () => {
    const a = site("a", { cluster: { name: "one", id: 1 } });
    const nodes = { controlPlanes: ["192.168.10.60"] };
    const b = site("b", { ...elsewhere, cluster: { name: "two", id: 2 }, nodes });
    assert.deepEqual(problems([a, b]), [
      "b: nodes.controlPlanes.0: 192.168.10.60 overlaps a: loadBalancing.pools.0 (192.168.10.50 to 192.168.10.99) on the same LAN",
    ]);
  });

  it("let two LANs of one CIDR have the same addresses when they have names", () => {
    const a = site("a", { cluster: { name: "one", id: 1 } });
    const lan = { name: "berlin", cidr: "192.168.10.0/24" };
    assert.notDeepEqual(problems([a, site("b", { cluster: { name: "two", id: 2 } })]), []);
    assert.deepEqual(problems([a, site("b", { cluster: { name: "two", id: 2 }, lan })]), []);
  });

  it("check 200 stacks in one run, and find the one that collides", () => {
    const sites = Array.from({ length: 200 }, (_, index) => numbered(index + 1));
    assert.deepEqual(problems(sites), []);
    const intruder = { ...numbered(77), stack: "intruder" };
    const found = problems([...sites, intruder]);
    assert.ok(found.includes("intruder: cluster.id: site-77 has the same (77)"));
    assert.ok(found.every((problem) => problem.startsWith("intruder: ")));
  });
});

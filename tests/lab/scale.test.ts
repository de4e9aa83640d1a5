import assert from "node:assert/strict";
import { execa } from "execa";
import { missingForNetwork } from "../../lab/depth";
import { verification } from "../../lab/verification";
import type { Report } from "../../verify/report";
import { withToolchain } from "../support/labForTests";
import { ManyNodes } from "../support/manyNodes";

/** Mebibytes of JavaScript objects that it may have. */
const MEMORY = 256;

/** Agents that it may ask in parallel (verify/facts/fetch.ts). */
const MAX_PARALLEL_AGENTS = 8;

describe("the verification of 100 nodes and 1,000 Services", function () {
  this.timeout(900_000);
  const lab = new ManyNodes({ nodes: 100, services: 1000 });

  before(async function () {
    if (missingForNetwork().length > 0) return this.skip();
    await withToolchain.call(this, "network");
    this.timeout(900_000);
  });
  after(() => lab.remove());

  it(`passes every check within ${MEMORY} MiB, asking a few agents at once`, async () => {
    const settings = await lab.begin();
    const { command, env } = verification(lab, settings);
    const [program = "", ...args] = command;
    const { stdout, stderr } = await execa(program, [...args, "--json"], {
      env: { ...env, NODE_OPTIONS: `--max-old-space-size=${MEMORY}` },
      reject: false,
    });
    assert.ok(stdout.startsWith("{"), stderr);
    const { checks }: Report = JSON.parse(stdout);
    const others = checks.filter(({ outcome }) => outcome !== "passed");
    assert.deepEqual(
      others.map(({ name, outcome, findings }) => [name, outcome, findings[0]?.seen]),
      [["kubeprism", "not-applicable", undefined]],
    );
    const detail = (name: string) => checks.find((check) => check.name === name)?.detail;
    assert.equal(detail("agents-answer"), "100 of 100 Ok");
    assert.equal(detail("cluster-health"), "20000 paths between 100 nodes");
    assert.equal(detail("service-announcements"), "1000 Services");
    const parallel = Math.max(...lab.parallelAgents);
    assert.equal(lab.parallelAgents.length, 100);
    assert.ok(parallel > 1 && parallel <= MAX_PARALLEL_AGENTS, `${parallel} in parallel`);
  });
});

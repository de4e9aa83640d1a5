import assert from "node:assert/strict";
import { judge } from "../../../verify/checks";
import { format, report } from "../../../verify/report";
import { healthy, settings } from "./checks/healthy";

/** A report in which one check fails, and one is skipped. */
function oneFailed() {
  const facts = healthy();
  facts.kubePrism = new Map([["talos-c7r-dgh", false]]);
  const skip = new Map([["mtu", "not | here"]]);
  return report("prod", new Date("2026-11-25T03:25:53Z"), judge(facts, settings, skip));
}

describe("the report of a verification", () => {
  it("fails when one check does", () => {
    assert.equal(oneFailed().passed, false);
    assert.equal(report("prod", new Date(), judge(healthy(), settings)).passed, true);
  });

  it("is JSON, with what each check came to", () => {
    const { stack, began, passed, checks } = JSON.parse(format(oneFailed(), "json"));
    assert.deepEqual([stack, began, passed], ["prod", "2026-11-25T03:25:53.000Z", false]);
    assert.deepEqual(
      checks.find(({ name }: { name: string }) => name === "kubeprism"),
      {
        name: "kubeprism",
        title: "KubePrism of every node has healthy API servers",
        outcome: "failed",
        detail: "",
        findings: [
          {
            seen: "talos-c7r-dgh: not healthy",
            expected: "healthy",
            next: "talosctl -n talos-c7r-dgh get kubeprismstatuses,kubeprismendpoints; on: machine.features.kubePrism",
          },
        ],
      },
    );
  });

  it("is a table in Markdown, a row a check", () => {
    const lines = format(oneFailed(), "markdown").split("\n");
    assert.match(lines[0] ?? "", /^### prod: \d+ passed, 1 failed, 1 skipped \(/);
    assert.equal(lines.length, 4 + judge(healthy(), settings).length);
    assert.ok(lines.includes("| mtu | · skipped | not \\| here |"));
    assert.ok(
      lines.some((line) => line.startsWith("| kubeprism | ✘ failed | talos-c7r-dgh: not healthy;")),
    );
  });

  it("is JUnit's XML, a case a check; what was not judged is skipped, not passed", () => {
    const xml = format(oneFailed(), "junit");
    const total = judge(healthy(), settings).length;
    assert.match(
      xml,
      new RegExp(
        `<testsuite name="talos-cilium prod" timestamp="2026-11-25T03:25:53\\.000Z" tests="${total}" failures="1" errors="0" skipped="1">`,
      ),
    );
    assert.match(xml, /<failure message="talos-c7r-dgh: not healthy; expected healthy; next: /);
    assert.match(xml, /<skipped\/>\s*<system-out>\s*<!\[CDATA\[skipped: not \| here/);
  });

  it("is a table for people, and a line with the counts", () => {
    const text = format(oneFailed(), "table");
    assert.match(text, /│ kubeprism\s+│ ✘ failed\s+│ talos-c7r-dgh: not healthy/);
    assert.match(text, /\d+ passed, 1 failed, 1 skipped \(\d+(\.\d)? s\)$/);
  });
});

import assert from "node:assert/strict";
import { judgeFacts } from "../../../verify/checks";
import { createReport, formatReport } from "../../../verify/report";
import { healthy, settings } from "./checks/healthy";

/** A report in which one check fails, and one is skipped. */
function oneFailed() {
  const facts = healthy();
  facts.kubePrism = new Map([["talos-c7r-dgh", false]]);
  const skip = new Map([["mtu", "not | here"]]);
  return createReport("prod", new Date("2026-11-25T03:25:53Z"), judgeFacts(facts, settings, skip));
}

describe("the report of a verification", () => {
  it("fails when one check does", () => {
    assert.equal(oneFailed().passed, false);
    assert.equal(createReport("prod", new Date(), judgeFacts(healthy(), settings)).passed, true);
  });

  it("is JSON, with what each check came to", () => {
    const { stack, began, passed, checks } = JSON.parse(formatReport(oneFailed(), "json"));
    assert.deepEqual([stack, began, passed], ["prod", "2026-11-25T03:25:53.000Z", false]);
    assert.deepEqual(
      checks.find(({ name }: { name: string }) => name === "kubeprism"),
      {
        name: "kubeprism",
        title: "KubePrism on every node has a healthy API server",
        outcome: "failed",
        detail: "",
        findings: [
          {
            seen: "talos-c7r-dgh: not healthy",
            expected: "healthy",
            next: "enable machine.features.kubePrism, and see talosctl -n talos-c7r-dgh get kubeprismstatuses,kubeprismendpoints",
          },
        ],
      },
    );
  });

  it("is a table in Markdown, a row a check", () => {
    const lines = formatReport(oneFailed(), "markdown").split("\n");
    assert.match(lines[0] ?? "", /^### prod: \d+ passed, 1 failed, 1 skipped \(/);
    assert.equal(lines.length, 4 + judgeFacts(healthy(), settings).length);
    assert.ok(lines.includes("| mtu | · skipped | not \\| here |"));
    assert.ok(
      lines.some((line) => line.startsWith("| kubeprism | ✘ failed | talos-c7r-dgh: not healthy;")),
    );
  });

  it("is JUnit's XML, a case a check; what was not judged is skipped, not passed", () => {
    const xml = formatReport(oneFailed(), "junit");
    const total = judgeFacts(healthy(), settings).length;
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
    const text = formatReport(oneFailed(), "table");
    assert.match(text, /│ kubeprism\s+│ ✘ failed\s+│ talos-c7r-dgh: not healthy/);
    assert.match(text, /\d+ passed, 1 failed, 1 skipped \(\d+(\.\d)? s\)$/);
  });
});

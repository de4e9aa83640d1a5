import assert from "node:assert/strict";
import fc from "fast-check";
import { type Comparison, compareStacks } from "../../../render/compareStacks";
import { commentMarker, markdownReport } from "../../../render/markdownReport";
import type { StackObject } from "../../../render/renderedStack";
import { report } from "../../../render/report";
import { agent, ciliumConfig, crd, made, pool, stackOf } from "../../support/stackObjects";

const COMMAND = "npm run -s render -- --stack prod --against main";
const CONTEXT = { base: "main (1a2b3c4)", notes: [], command: COMMAND };

function compare(before: readonly StackObject[], after: readonly StackObject[]): Comparison {
  return compareStacks("prod", stackOf(before), stackOf(after));
}

function text(result: Comparison, notes: readonly string[] = []): string {
  return report("text", "prod", { base: CONTEXT.base, notes, result }, COMMAND);
}

const SOME = compare(
  [ciliumConfig({ mtu: "0" }), agent({ a: "1" }), crd("a.example.org", "v1 (stored)")],
  [ciliumConfig({ mtu: "1400" }), agent({ a: "2" }), pool("new", { cidr: "10.0.0.0/30" })],
);

describe("the reports of what changes", () => {
  it("say so, and nothing else, where no object changes", () => {
    const none = compare([agent({})], [agent({})]);
    assert.equal(text(none), "no object changes\n");
    assert.deepEqual(markdownReport(none, CONTEXT).split("\n").slice(-2), [
      "no object changes",
      "",
    ]);
    const json = JSON.parse(report("json", "prod", { ...CONTEXT, result: none }, COMMAND));
    assert.equal(json.summary, "no object changes");
    assert.deepEqual([json.changes, json.effects], [[], []]);
  });

  it("are, for a terminal, what happens first, then each object with its fields", () => {
    const lines = text(SOME, ["A note."]).split("\n");
    assert.equal(
      lines[0],
      "prod, compared with main (1a2b3c4): 1 object added, 2 changed, 1 removed",
    );
    assert.equal(lines[1], "A note.");
    assert.match(lines[3] ?? "", /^removes CRDs: CustomResourceDefinition a\.example\.org: /);
    assert.match(lines[4] ?? "", /^interrupts the data path: .*mtu: /);
    assert.match(lines[5] ?? "", /^restarts agents: /);
    assert.deepEqual(lines.slice(7), [
      "removed CustomResourceDefinition a.example.org (removes CRDs)",
      "changed ConfigMap kube-system/cilium-config (interrupts the data path)",
      '  data.mtu: "0" → "1400"',
      "changed DaemonSet kube-system/cilium (restarts agents)",
      '  spec.template.a: "1" → "2"',
      "added CiliumLoadBalancerIPPool new (harmless)",
      "",
    ]);
  });

  it("are, as JSON, of a version, with effects, findings and fields", () => {
    const json = JSON.parse(report("json", "prod", { ...CONTEXT, result: SOME }, COMMAND));
    assert.equal(json.version, 1);
    assert.equal(json.stack, "prod");
    assert.equal(json.base, "main (1a2b3c4)");
    assert.deepEqual(json.effects, [
      "removes CRDs",
      "interrupts the data path",
      "restarts agents",
      "harmless",
    ]);
    assert.deepEqual(json.changes[1], {
      object: "ConfigMap kube-system/cilium-config",
      change: "changed",
      madeBy: "Helm",
      effect: "interrupts the data path",
      fields: [
        {
          path: "data.mtu",
          before: "0",
          after: "1400",
          hidden: false,
          effect: "interrupts the data path",
        },
      ],
    });
  });

  it("are, as Markdown, found by the stack's marker, a table, and a folded diff for each object", () => {
    const markdown = markdownReport(SOME, CONTEXT);
    assert.ok(markdown.startsWith("<!-- talos-cilium:render:prod -->\n"));
    assert.equal(commentMarker("prod"), "<!-- talos-cilium:render:prod -->");
    assert.match(markdown, /^\| \*\*restarts agents\*\* \| `DaemonSet kube-system\/cilium` \| /m);
    assert.match(markdown, /^```diff\n- data\.mtu: "0"\n\+ data\.mtu: "1400"\n```$/m);
    assert.match(markdown, /^\+ kind: CiliumLoadBalancerIPPool$/m);
    assert.equal(markdown.match(/<details>/g)?.length, 4);
    assert.equal(markdown.match(/<\/details>/g)?.length, 4);
  });

  it("show that a secret changed, and not the secret", () => {
    const secret = (mark: string) =>
      made("v1", "Secret", "a/b", { data: { a: "(not shown)" } }, { hidden: { "data.a": mark } });
    const change = compare([secret("mark-1")], [secret("mark-2")]);
    for (const format of ["text", "markdown", "json"] as const) {
      const printed = report(format, "prod", { ...CONTEXT, result: change }, COMMAND);
      assert.ok(!printed.includes("mark-"), printed);
      if (format !== "json") assert.match(printed, /data\.a: \(not shown\), changed/);
    }
  });

  it("compare texts of several lines line by line", () => {
    const config = (...lines: string[]) =>
      made("v1", "ConfigMap", "a/b", { data: { file: lines.join("\n") } });
    const markdown = markdownReport(
      compare([config("1", "2", "3", "old", "5")], [config("1", "2", "3", "new", "5")]),
      CONTEXT,
    );
    assert.match(markdown, /```diff\n {2}data\.file:\n {4}2\n {4}3\n- {3}old\n\+ {3}new\n {4}5\n/);
  });

  it("leave the least harmful out of a comment that would be too long, and say what, and how to see it", () => {
    const many = (tag: string) =>
      Array.from({ length: 300 }, (_, index) =>
        made("v1", "ConfigMap", `a/many-${index}`, { data: { text: `${tag} `.repeat(200) } }),
      );
    const change = compare(
      [...many("old"), crd("a.example.org", "v1 (stored)")],
      [...many("new"), agent({ a: "x" })],
    );
    const markdown = markdownReport(change, CONTEXT);
    assert.ok(markdown.length <= 65_536, `${markdown.length}`);
    assert.match(markdown, /<code>CustomResourceDefinition a\.example\.org<\/code> removed/);
    assert.match(markdown, /<code>DaemonSet kube-system\/cilium<\/code> added/);
    assert.match(markdown, /\*\*Left out\*\*, .*: \d+ objects \(`ConfigMap a\/many-/);
    assert.ok(markdown.trimEnd().endsWith(`\`${COMMAND}\``));
    assert.equal(markdown.match(/<details>/g)?.length, markdown.match(/<\/details>/g)?.length);
  });

  it("fit any limit that a forge may have, whatever is in them", () => {
    const value = fc.oneof(
      fc.string(),
      fc.string({ unit: "grapheme", minLength: 100, maxLength: 2000 }),
    );
    const configs = (values: readonly string[]) =>
      values.map((data, index) => made("v1", "ConfigMap", `a/b-${index}`, { data: { data } }));
    fc.assert(
      fc.property(
        fc.array(value, { maxLength: 60 }),
        fc.integer({ min: 10_000, max: 70_000 }),
        (values, limit) => {
          const change = compare(configs(values), configs(values.map((each) => `${each}!`)));
          assert.ok(markdownReport(change, CONTEXT, limit).length <= limit);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("let no value out of its fence, its cell or its line", () => {
    const evil = [
      "```\n</details>\n# heading @octocat <img src=x onerror=alert(1)>",
      "````diff\n~~~",
      "| a | b |\n|---|---|",
      "x\n\n<script>alert(1)</script>\n@octocat #1 https://evil.example",
      "\u001b[2J\u202eevil",
    ];
    for (const value of evil) {
      const objects = (tag: string) => [
        ciliumConfig({ [`key ${value}`]: tag, file: `${value}\n${tag}` }),
        made("v1", "ConfigMap", `a/${value}`, { data: { a: tag } }),
      ];
      const change = compare(objects("1"), objects("2"));
      const markdown = markdownReport(change, { ...CONTEXT, notes: [value], base: value });
      const open = outsideOfFences(markdown);
      assert.doesNotMatch(open, /<(img|script)/, open);
      // A mention is none in code, and none with something between the sign and the name.
      const prose = open.replace(/`[^`\n]*`|<code>.*?<\/code>/g, "");
      assert.doesNotMatch(prose, /@octocat|#1\b|https:\/\/evil/, prose);
      assert.equal(open.match(/<details>/g)?.length, 2);
      assert.equal(open.match(/^<\/details>$/gm)?.length, 2);
      for (const row of open.split("\n").filter((line) => line.startsWith("| **"))) {
        assert.equal(row.replaceAll("\\|", "").match(/\|/g)?.length, 4, row);
      }
      // biome-ignore lint/suspicious/noControlCharactersInRegex: no terminal may get it.
      assert.doesNotMatch(text(change), /[\u001b\u202e]/);
      assert.doesNotMatch(markdown, /\u202e/);
    }
  });

  it("say plainly that there is nothing to compare with, and how to go on", () => {
    const compared = { ...CONTEXT, result: { problem: "network.podCidrs.0: ``` host bits\n@all" } };
    const plain = report("text", "prod", compared, COMMAND);
    assert.match(plain, /^prod, compared with main \(1a2b3c4\): not compared, as the base cannot/);
    assert.match(plain, /Read what is here instead: npm run -s render -- --stack prod\n$/);
    const markdown = report("markdown", "prod", compared, COMMAND);
    assert.ok(markdown.startsWith(commentMarker("prod")));
    assert.match(markdown, /````\nnetwork\.podCidrs\.0: ``` host bits\n@all\n````/);
    const long = { ...CONTEXT, result: { problem: "`\n".repeat(100_000) } };
    assert.ok(report("markdown", "prod", long, COMMAND).length < 65_536);
    const json = JSON.parse(report("json", "prod", compared, COMMAND));
    assert.equal(json.problem, compared.result.problem);
  });
});

/** A text without what is in its fences, which a renderer shows as it is. */
function outsideOfFences(markdown: string): string {
  let fence: string | undefined;
  return markdown
    .split("\n")
    .filter((line) => {
      const marks = /^ {0,3}(`{3,})/.exec(line)?.[1];
      if (fence !== undefined) {
        if (marks !== undefined && marks.length >= fence.length && /^ {0,3}`+\s*$/.test(line)) {
          fence = undefined;
        }
        return false;
      }
      fence = marks;
      return marks === undefined;
    })
    .join("\n");
}

import assert from "node:assert/strict";
import { markerLine } from "../../../../commands/ci/keepOnePost";
import { postBody } from "../../../../commands/ci/postBody";

const MARKER = "preview prod";

describe("the body of a post", () => {
  it("has the marker, the reports as they are, and the logs folded, without colours", () => {
    const logs = [{ title: "pulumi <preview>", text: "\u001b[32m+ create\u001b[0m\n" }];
    const body = postBody(
      { marker: MARKER, reports: ["# prod\n", "no object changes\n"], logs },
      65_536,
    );
    assert.equal(
      body,
      [
        markerLine(MARKER),
        "# prod",
        "no object changes",
        "<details><summary>pulumi &lt;preview&gt;</summary>\n\n```\n+ create\n```\n\n</details>\n",
      ].join("\n\n"),
    );
  });

  it("fences a log so that it cannot end the fence", () => {
    const logs = [{ title: "log", text: "````\n</details>" }];
    const body = postBody({ marker: MARKER, reports: [], logs }, 65_536);
    assert.match(body, /\n`````\n````\n<\/details>\n`````\n/);
  });

  it("cuts logs at their beginning to fit, and keeps the end", () => {
    const text = `first ${"x".repeat(5000)} last`;
    const logs = [
      { title: "one", text },
      { title: "two", text },
    ];
    const body = postBody({ marker: MARKER, reports: ["report"], logs }, 2000);
    assert.ok(body.length <= 2000 && body.length > 1900, String(body.length));
    assert.equal(body.match(/\(cut: the whole text is in the job's log\)\n/g)?.length, 2);
    assert.equal(body.match(/x last\n```/g)?.length, 2);
    assert.ok(body.includes("report"));
  });

  it("leaves a log out for which there is no room", () => {
    const logs = [{ title: "log", text: "x".repeat(500) }];
    const reports = ["r".repeat(400)];
    assert.ok(!postBody({ marker: MARKER, reports, logs }, 500).includes("<details>"));
  });

  it("leaves the last folded parts of a report out, and says so, where they do not fit", () => {
    const part = (name: string) =>
      `<details><summary>${name}</summary>\n${"x".repeat(300)}\n</details>`;
    const reports = [["summary", part("one"), part("two"), part("three")].join("\n\n")];
    const body = postBody({ marker: MARKER, reports, logs: [] }, 900);
    assert.ok(body.length <= 900, String(body.length));
    assert.deepEqual(body.match(/<summary>\w+/g), ["<summary>one", "<summary>two"]);
    assert.match(body, /<\/details>\n\nThe rest is longer than a comment may be: .*\n$/);
  });

  it("leaves a report out, and says so, that has no parts and does not fit", () => {
    const body = postBody({ marker: MARKER, reports: ["r".repeat(400)], logs: [] }, 300);
    assert.equal(body.split("\n")[0], markerLine(MARKER));
    assert.match(body, /longer than a comment may be/);
    assert.ok(body.length <= 300);
  });
});

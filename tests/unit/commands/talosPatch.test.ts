import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { omniPatch, readStackSettings, stackNames, talosPatch } from "../../../config";
import { STACKS } from "../../support/stacks";
import { callCommand } from "./runCommand";

describe("command talos-patch", function () {
  this.timeout(60_000);
  const prod = readStackSettings("prod", STACKS);
  const folder = mkdtempSync(join(tmpdir(), "talos-cilium-patch-"));
  const file = join(folder, "prod.json");
  before(() => writeFileSync(file, JSON.stringify(prod)));
  after(() => rmSync(folder, { recursive: true }));

  it("prints the patch of settings as YAML, and nothing else to standard output", async () => {
    const { exitCode, stdout, stderr } = await talosPatchCommand(
      ...["--settings", file, "--form", "documents"],
    );
    assert.equal(stderr, "");
    assert.equal(exitCode, 0);
    assert.deepEqual(
      parseAllDocuments(stdout).map((document) => document.toJS()),
      talosPatch(prod, "documents"),
    );
    // A document that workers refuse has a comment.
    assert.match(
      stdout,
      /# For control planes only.+\napiVersion: v1alpha1\nkind: KubeProxyConfig/,
    );
  });

  it("prints patches for a cluster template with --omni", async () => {
    const { exitCode, stdout } = await talosPatchCommand(
      ...["--settings", file, "--omni", "--form", "classic"],
    );
    assert.equal(exitCode, 0);
    assert.deepEqual(parse(stdout), omniPatch(prod, "classic")[0]);
  });

  it("prints the patch of a stack of the project, if there is one", async () => {
    for (const stack of stackNames().slice(0, 1)) {
      const { exitCode, stdout } = await talosPatchCommand("--stack", stack);
      assert.equal(exitCode, 0, stack);
      const documents = parseAllDocuments(stdout).map((document) => document.toJS());
      assert.deepEqual(documents, talosPatch(readStackSettings(stack)), stack);
    }
  });

  it("exits with 1 and names the stacks when there is no such stack", async () => {
    const { exitCode, stdout, stderr } = await talosPatchCommand("--stack", "nowhere");
    assert.equal(exitCode, 1);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      /^Pulumi\.nowhere\.yaml: there is no such stack \(nowhere\); take one of .*$/,
    );
    for (const stack of stackNames()) assert.ok(stderr.includes(stack), stack);
  });

  for (const [args, message] of [
    [[], /^error: --stack: missing; name a stack, like --stack prod\n/],
    [["--stack", "prod", "--settings", "a.json"], /^error: option '--settings <file>' cannot be /],
    [["--form", "compact"], /^error: option '--form <form>' argument 'compact' is invalid\. /],
  ] as const) {
    it(`exits with 2 and the help when it is called wrongly: ${args.join(" ")}`, async () => {
      const { exitCode, stdout, stderr } = await talosPatchCommand(...args);
      assert.equal(exitCode, 2);
      assert.equal(stdout, "");
      assert.match(stderr, message);
      assert.match(stderr, /^Usage: npm run -s talos-patch -- \[options\]$/m);
    });
  }
});

function talosPatchCommand(...args: string[]) {
  return callCommand("commands/talosPatch.ts", args);
}

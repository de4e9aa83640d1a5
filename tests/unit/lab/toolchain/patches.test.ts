import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyPatched, type Patch } from "../../../../lab/toolchain/patches";

const PATCH: Patch = {
  module: "example.invalid/module",
  file: "module.patch",
  copies: { "made.json": "existing.json" },
};

describe("a patch of a Go module", () => {
  let folder: string;
  let copy: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "talos-cilium-patch-"));
    copy = join(folder, "copy");
    for (const name of ["module/pkg", "module/testdata", "patches"]) {
      mkdirSync(join(folder, name), { recursive: true });
    }
    writeFileSync(join(folder, "module", "pkg", "a.go"), "package pkg\n\nvar heavy = 1\n");
    writeFileSync(join(folder, "module", "pkg", "a_test.go"), "package pkg\n");
    writeFileSync(join(folder, "module", "existing.json"), "{}");
    chmodSync(join(folder, "module", "pkg", "a.go"), 0o444);
    writeFileSync(
      join(folder, "patches", "module.patch"),
      "Leaves out what is heavy.\n\n--- a/pkg/a.go\n+++ b/pkg/a.go\n@@ -1,3 +1,3 @@\n package pkg\n \n-var heavy = 1\n+var light = 1\n",
    );
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const patched = () => copyPatched(PATCH, join(folder, "patches"), join(folder, "module"), copy);

  it("changes a copy, without its tests", async () => {
    await patched();
    assert.equal(readFileSync(join(copy, "pkg", "a.go"), "utf8"), "package pkg\n\nvar light = 1\n");
    assert.equal(readFileSync(join(copy, "made.json"), "utf8"), "{}");
    assert.ok(!existsSync(join(copy, "pkg", "a_test.go")) && !existsSync(join(copy, "testdata")));
    assert.match(readFileSync(join(folder, "module", "pkg", "a.go"), "utf8"), /heavy/);
  });

  it("fails when a file is not what it expects", async () => {
    rmSync(join(folder, "module", "pkg", "a.go"));
    writeFileSync(join(folder, "module", "pkg", "a.go"), "package pkg\n\nvar other = 1\n");
    await assert.rejects(
      patched(),
      /^Error: module\.patch: pkg\/a\.go of Go module example\.invalid\/module is not what it expects; make the patch anew/,
    );
  });
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(__dirname, "../../..");

/** Packages that a new process loads when it requires a file of the project. */
function packagesLoadedBy(file: string): string[] {
  const program = `
    require(${JSON.stringify(file)});
    const names = Object.keys(require.cache).flatMap(
      (path) => /.*node_modules.((?:@[^/\\\\]+.)?[^/\\\\]+)/.exec(path)?.[1] ?? [],
    );
    console.log(JSON.stringify([...new Set(names)]));`;
  const args = ["--require", "ts-node/register/transpile-only", "--eval", program];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
  assert.equal(stderr, "");
  return JSON.parse(stdout);
}

describe("config/index.ts", function () {
  // Each test starts a process that compiles and loads the room.
  this.timeout(60_000);

  it("loads nothing of Pulumi's, so that commands start fast", () => {
    const packages = packagesLoadedBy("./config");
    assert.ok(packages.includes("zod"), packages.join());
    assert.deepEqual(
      packages.filter((name) => name.startsWith("@pulumi")),
      [],
    );
  });

  it("would be seen to load Pulumi: pulumiConfig.ts does", () => {
    assert.ok(packagesLoadedBy("./config/pulumiConfig").includes("@pulumi/pulumi"));
  });
});

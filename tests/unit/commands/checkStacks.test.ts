import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stackNames } from "../../../config";
import { STACKS } from "../../support/stacks";
import { callCommand } from "./runCommand";

describe("command check-stacks", function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "talos-cilium-stacks-"));
    cpSync(STACKS, folder, { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const check = (...stacks: string[]) => callCommand("commands/checkStacks.ts", stacks.map(file));
  const file = (stack: string) => join(folder, `Pulumi.${stack}.yaml`);
  const edit = (stack: string, from: string, to: string) => {
    const text = readFileSync(file(stack), "utf8");
    assert.ok(text.includes(from));
    writeFileSync(file(stack), text.replace(from, to));
  };

  it("prints a line for each stack that is in order, and ends with 0", async () => {
    const { stdout, stderr, exitCode } = await check("prod", "site-a", "site-b", "lab");
    assert.equal(stderr, "");
    assert.equal(stdout, "prod: ok\nsite-a: ok\nsite-b: ok\nlab: ok");
    assert.equal(exitCode, 0);
  });

  it("prints every problem of every file, and ends with 1", async () => {
    edit("prod", "10.14.0.0/16", "10.14.3.0/16");
    edit("prod", "version: v1.3.0", "version: v9.9.9");
    edit("site-b", "config:", "config: [");
    const { stdout, stderr, exitCode } = await check("prod", "site-a", "site-b");
    assert.equal(stdout, "site-a: ok");
    const [cidr, version, yaml, ...others] = stderr.split("\n");
    assert.match(
      cidr ?? "",
      /^prod: network\.podCidrs\.0: host bits are set \(10\.14\.3\.0\/16\); /,
    );
    assert.match(version ?? "", /^prod: gatewayApi\.version: .+; .+/);
    assert.match(yaml ?? "", /^site-b: Pulumi\.site-b\.yaml: it is not YAML \(.+\); /);
    assert.deepEqual(others, []);
    assert.equal(exitCode, 1);
  });

  it("prints collisions between stacks, though another one cannot be read", async () => {
    edit("site-a", "id: 3", "id: 4");
    edit("prod", "10.14.0.0/16", "10.14.3.0/16");
    const { stdout, stderr, exitCode } = await check("site-a", "prod", "lab", "site-b");
    assert.equal(stdout, "site-a: ok\nlab: ok");
    assert.match(stderr, /^prod: network\.podCidrs\.0: /);
    assert.match(stderr, /^site-b: cluster\.id: site-a has the same \(4\); /m);
    assert.equal(exitCode, 1);
  });

  it("prints warnings, which are no problems", async () => {
    edit("prod", "    id: 1\n", "    id: 1\n    kubernetes: 1.36.0\n");
    const { stdout, stderr, exitCode } = await check("prod");
    assert.equal(stderr, "");
    assert.match(stdout, /^prod: warning: cluster\.kubernetes: .+; .+\nprod: ok$/);
    assert.equal(exitCode, 0);
  });

  it("checks the stack files of the project when none are named", async () => {
    const { stdout } = await callCommand("commands/checkStacks.ts", []);
    const lines = stdout.split("\n");
    for (const stack of stackNames()) assert.ok(lines.includes(`${stack}: ok`), stack);
  });

  it("ends with 2 for a file that is no stack file by its name", async () => {
    const { stderr, exitCode } = await callCommand("commands/checkStacks.ts", ["prod"]);
    assert.match(stderr, /^error: prod: not the name of a stack file; /);
    assert.equal(exitCode, 2);
  });

  it("ends with 1 for a file that is not there", async () => {
    const { stderr, exitCode } = await check("nowhere");
    assert.match(stderr, /^nowhere: Pulumi\.nowhere\.yaml: there is no such stack \(nowhere\); /);
    assert.equal(exitCode, 1);
  });
});

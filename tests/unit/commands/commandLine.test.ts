import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { callCommand, PROJECT, runCommand } from "./runCommand";

/** Each command for people, with a line of its help. */
const COMMANDS: Readonly<Record<string, RegExp>> = {
  "commands/ciTools.ts": /^ {2}--pin /m,
  "commands/clusterAccess.ts": /^ {2}--ttl <duration> /m,
  "commands/comment.ts": /^ {2}--log <title=path> /m,
  "commands/driftIssue.ts": /^ {2}--outcome <outcomes\.\.\.> /m,
  "commands/environments.ts": /^Usage: npm run -s environments -- \[options\]$/m,
  "commands/checkStacks.ts": /^Usage: npm run -s check-stacks -- \[options\] \[file\.\.\.\]$/m,
  "commands/importValues.ts": /^ {2}--set <key=value> /m,
  "commands/render.ts": /^ {2}--settings <file> /m,
  "commands/talosPatch.ts": /^ {2}--stack <name> /m,
  "commands/verify.ts": /^ {2}--connectivity-test /m,
  "lab/main.ts": /^ {2}exec <place> <command\.\.\.> /m,
};

describe("every command", function () {
  this.timeout(60_000);

  for (const [script, line] of Object.entries(COMMANDS)) {
    it(`has help, and refuses what it does not know: ${script}`, async () => {
      const help = await callCommand(script, ["--help"]);
      const unknown = await callCommand(script, ["--no-such-option"]);
      assert.match(help.stdout, line);
      assert.equal(help.stderr, "");
      assert.equal(help.exitCode, 0);
      assert.match(unknown.stderr, /^error: unknown option '--no-such-option'\n/);
      assert.match(unknown.stderr, line);
      assert.equal(unknown.stdout, "");
      assert.equal(unknown.exitCode, 2);
    });
  }

  it("of commands/ and its steps loads without Pulumi, which takes half a second", async () => {
    const files = ["commands", "commands/steps"].flatMap((folder) =>
      readdirSync(join(PROJECT, folder))
        .filter((file) => file.endsWith(".ts"))
        .map((file) => join(PROJECT, folder, file)),
    );
    assert.ok(files.length >= 9);
    // Loading a command runs it: the process ends before any of them has begun to wait for something.
    const program = `
      for (const file of ${JSON.stringify(files)}) require(file);
      const loaded = Object.keys(require.cache);
      console.log(JSON.stringify([loaded.length, loaded.filter((path) => path.includes("@pulumi"))]));
      process.exit(0);`;
    const { stdout } = await execa(
      process.execPath,
      ["--require", "ts-node/register", "--eval", program],
      { cwd: PROJECT },
    );
    const [count, pulumi] = JSON.parse(stdout.split("\n").at(-1) ?? "");
    assert.ok(count > 100);
    assert.deepEqual(pulumi, []);
  });
});

describe("npm run lab", function () {
  this.timeout(60_000);

  it("ends with 2 for a command that there is not", async () => {
    const { exitCode, stderr } = await runCommand("lab/main.ts", "nonsense");
    assert.match(stderr, /^error: unknown command 'nonsense'\n\nUsage: npm run lab -- /);
    assert.equal(exitCode, 2);
  });

  it("passes options on to the command of exec, with and without a -- before it, and to verify", async () => {
    const errors: unknown[] = [];
    for (const args of [
      ["exec", "node", "ls", "-l", "--all"],
      ["exec", "node", "--", "ls", "-l", "--all"],
      ["verify", "--connectivity-test", "--json"],
    ]) {
      const { exitCode, stderr } = await callCommand("lab/main.ts", args);
      errors.push([exitCode, stderr.replace(/; .*/, "")]);
    }
    // There is no lab, but every command line was understood.
    assert.deepEqual(errors, [
      [1, "node: no such place in the lab"],
      [1, "node: no such place in the lab"],
      [1, "the lab does not run"],
    ]);
  });
});

import assert from "node:assert/strict";
import {
  diffCommand,
  LocalCommandProvider,
} from "../../../../lab/stack/commandProvider/localCommand";

const URN = "urn:pulumi:lab::talos-cilium::command:local:Command::x";

describe("the lab's stand-in for the command provider", () => {
  const provider = new LocalCommandProvider("1.2.1");

  it("runs what it is given, with its environment, and keeps what it printed", async () => {
    const { outs } = await provider.create(URN, {
      create: "echo out $X; echo err >&2",
      environment: { X: "1" },
    });
    assert.equal(outs.stdout, "out 1");
    assert.equal(outs.stderr, "err");
  });

  it("fails with the exit status and what was printed", async () => {
    await assert.rejects(
      provider.create(URN, { create: "echo why >&2; exit 3" }),
      /exit status 3: running "echo why >&2; exit 3":\nwhy/,
    );
  });

  it("updates with the create command when there is no other, deletes with the delete command", async () => {
    const olds = { stdout: "old", delete: "echo $PULUMI_COMMAND_STDOUT gone >&2; exit 4" };
    const { outs } = await provider.update("id", URN, olds, {
      create: "echo new after $PULUMI_COMMAND_STDOUT",
    });
    assert.equal(outs.stdout, "new after old");
    await assert.rejects(provider.delete("id", URN, olds), /exit status 4: .*\nold gone/s);
    await provider.delete("id", URN, { stdout: "old" });
  });

  it("replaces when a trigger changes, updates when a command does, and else does nothing", () => {
    const olds = { create: "a", triggers: ["1"], stdout: "x", stderr: "" };
    const same = { create: "a", triggers: ["1"] };
    assert.deepEqual(diffCommand(olds, same), { changes: false, replaces: [] });
    assert.deepEqual(diffCommand(olds, { ...same, create: "b" }), { changes: true, replaces: [] });
    assert.deepEqual(diffCommand(olds, { ...same, environment: { A: "1" } }), {
      changes: true,
      replaces: [],
    });
    assert.deepEqual(diffCommand(olds, { ...same, triggers: ["2"] }), {
      changes: true,
      replaces: ["triggers"],
    });
  });

  it("refuses what it does not know, other types, and secrets", async () => {
    const properties = async (urn: string, news: object) =>
      (await provider.check(urn, {}, news)).failures.map(
        ({ property, reason }) => property || reason,
      );
    assert.deepEqual(await properties(URN, { create: "a", triggers: [] }), []);
    assert.deepEqual(await properties(URN, { create: "a", stdin: "b" }), ["stdin"]);
    assert.deepEqual(await properties("urn:x::y::command:remote:Command::z", {}), [
      "not command:local:Command (urn:x::y::command:remote:Command::z)",
    ]);
    const secret = {
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      value: "s",
    };
    assert.deepEqual(await properties(URN, { environment: { A: secret } }), [
      "secret inputs need the official plugin",
    ]);
  });
});

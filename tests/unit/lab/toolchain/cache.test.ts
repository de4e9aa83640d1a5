import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cache, type Entry, folderDigest } from "../../../../lab/toolchain/cache";

describe("the toolchain's cache", () => {
  let folder: string;
  let cache: Cache;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "talos-cilium-cache-"));
    cache = new Cache(folder);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function entry(make: (folder: string) => Promise<void>, key = ["1"]): Entry {
    return { name: "tool", key, make };
  }

  async function tool(target: string): Promise<void> {
    writeFileSync(join(target, "tool"), "made");
  }

  it("makes an entry once, and another one for another key", async () => {
    const made = await cache.get(entry(tool));
    assert.equal(made.cached, false);
    assert.ok(existsSync(join(made.folder, "tool")));
    const again = await cache.get(entry(() => assert.fail("made twice")));
    assert.deepEqual(again, { ...made, cached: true });
    assert.notEqual((await cache.get(entry(tool, ["2"]))).folder, made.folder);
  });

  it("never makes one twice at once: the second asker waits for the first", async () => {
    let making = 0;
    const slow = entry(async (target) => {
      assert.equal(++making, 1);
      await new Promise((resolve) => setTimeout(resolve, 700));
      await tool(target);
    });
    const [first, second] = await Promise.all([cache.get(slow), new Cache(folder).get(slow)]);
    assert.equal(first.folder, second.folder);
    assert.deepEqual([first.cached, second.cached].sort(), [false, true]);
  });

  it("starts again, in an empty folder, what failed or was cut short", async () => {
    const failing = entry(async (target) => {
      writeFileSync(join(target, "half"), "");
      throw new Error("cut short");
    });
    await assert.rejects(cache.get(failing), /cut short/);
    const made = await cache.get(
      entry(async (target) => {
        assert.deepEqual(readdirSync(target), []);
        await tool(target);
      }),
    );
    assert.ok(existsSync(join(made.folder, "tool")));
  });

  it("tells how long it took last time, of whatever key", async () => {
    const told: (number | undefined)[] = [];
    await cache.get(entry(tool), (seconds) => told.push(seconds));
    await cache.get(entry(tool, ["2"]), (seconds) => told.push(seconds));
    assert.deepEqual(told, [undefined, 0]);
  });

  it("keys a folder by its files' names and contents", () => {
    const digest = () => folderDigest(folder);
    writeFileSync(join(folder, "go.mod"), "a");
    const first = digest();
    assert.equal(digest(), first);
    writeFileSync(join(folder, "go.mod"), "b");
    const second = digest();
    assert.notEqual(second, first);
    writeFileSync(join(folder, "go.sum"), "");
    assert.notEqual(digest(), second);
  });
});

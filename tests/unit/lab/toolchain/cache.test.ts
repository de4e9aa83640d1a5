import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Cache,
  describe as describeEntry,
  digestOf,
  type Entry,
  fileDigests,
  type Missing,
  PLATFORM,
} from "../../../../lab/toolchain/cache";

describe("the toolchain's cache", () => {
  let folder: string;
  let cache: Cache;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "talos-cilium-cache-"));
    cache = new Cache(folder);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function entry(name = "tool", key = ["1"]): Entry {
    return { name, key };
  }

  async function makeAll(missing: readonly Missing<Entry>[]): Promise<void> {
    for (const { entry, folder, keep } of missing) {
      assert.deepEqual(readdirSync(folder), []);
      writeFileSync(join(folder, entry.name), "made");
      await keep("go1.26.8");
    }
  }

  const never = () => assert.fail("made twice");

  it("makes an entry once, and another one for another key", async () => {
    assert.equal(cache.has(entry()), false);
    const [made = ""] = await cache.getAll([entry()], makeAll);
    assert.ok(existsSync(join(made, "tool")));
    assert.ok(cache.has(entry()));
    assert.deepEqual(await cache.getAll([entry()], never), [made]);
    assert.notDeepEqual(await cache.getAll([entry("tool", ["2"])], makeAll), [made]);
  });

  it("makes what is missing of several, together", async () => {
    await cache.getAll([entry("b")], makeAll);
    const asked: string[][] = [];
    const all = [entry("c"), entry("b"), entry("a")];
    const folders = await cache.getAll(all, async (missing) => {
      asked.push(missing.map(({ entry }) => entry.name));
      await makeAll(missing);
    });
    assert.deepEqual(asked, [["c", "a"]]);
    assert.deepEqual(
      folders,
      all.map((each) => cache.folderOf(each)),
    );
  });

  it("never makes one twice at once: the second asker waits for the first", async () => {
    let making = 0;
    const slowly = async (missing: readonly Missing<Entry>[]) => {
      making++;
      await new Promise((resolve) => setTimeout(resolve, 700));
      await makeAll(missing);
    };
    const [first, second] = await Promise.all([
      cache.getAll([entry("a"), entry("b")], slowly),
      new Cache(folder).getAll([entry("b"), entry("a")], slowly),
    ]);
    assert.deepEqual(first, second.reverse());
    assert.equal(making, 1);
  });

  it("starts again, in an empty folder, what failed or was cut short", async () => {
    const failing = cache.getAll([entry()], async ([missing]) => {
      writeFileSync(join(missing?.folder ?? "", "half"), "");
      throw new Error("cut short");
    });
    await assert.rejects(failing, /cut short/);
    assert.equal(cache.has(entry()), false);
    await cache.getAll([entry()], makeAll);
  });

  it("makes again what an older version of the lab made, which has no description", async () => {
    const old = cache.folderOf(entry());
    mkdirSync(old, { recursive: true });
    writeFileSync(join(old, ".seconds"), "2");
    assert.equal(cache.has(entry()), false);
    await cache.getAll([entry()], makeAll);
    assert.deepEqual(readdirSync(old).sort(), [".entry.json", "tool"]);
  });

  it("keeps what was complete when something else failed", async () => {
    const failing = cache.getAll([entry("a"), entry("b")], async (missing) => {
      await makeAll(missing.slice(0, 1));
      throw new Error("b failed");
    });
    await assert.rejects(failing, /b failed/);
    assert.deepEqual([cache.has(entry("a")), cache.has(entry("b"))], [true, false]);
  });

  it("fails when something was not made, and nothing said so", async () => {
    await assert.rejects(
      cache.getAll([entry()], async () => {}),
      /^Error: tool was not made$/,
    );
  });

  it("says of an entry what it is, what made it, and what is in it", async () => {
    const [made = ""] = await cache.getAll([entry()], makeAll);
    assert.deepEqual(await describeEntry(made), {
      ...entry(),
      platform: PLATFORM,
      maker: "go1.26.8",
      files: { tool: "ea0890697a77af0a2e054cccec587c8a42feb5cf38e778c6c6e2a96bfb945c0b" },
    });
    assert.deepEqual(Object.keys(fileDigests(made)), ["tool"]);
  });

  it("keys a folder by its files' names and contents", () => {
    const digest = () => digestOf(fileDigests(folder));
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

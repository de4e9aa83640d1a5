import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "tar";
import { importToolchain, pack, unpack } from "../../../../lab/toolchain/archive";
import { programsOf } from "../../../../lab/toolchain/build";
import { Cache, DESCRIPTION, type Entry } from "../../../../lab/toolchain/cache";
import { SOURCES } from "../../../../lab/toolchain/sources";
import { toolsOf } from "../../../../lab/toolchain/tools";

describe("the toolchain's archive", () => {
  let folder: string;
  let archive: string;
  let here: Cache;
  let there: Cache;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "talos-cilium-archive-"));
    archive = join(folder, "archive.tgz");
    here = new Cache(join(folder, "here"));
    there = new Cache(join(folder, "there"));
    await here.getAll([TOOL, SOURCE], async (missing) => {
      for (const { entry, folder, keep } of missing) {
        mkdirSync(join(folder, "files"));
        writeFileSync(join(folder, "files", entry.name), `${entry.name} 1`);
        chmodSync(join(folder, "files", entry.name), 0o755);
        await keep("go1.26.8");
      }
    });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const TOOL: Entry = { name: "tool", key: ["1"] };
  const SOURCE: Entry = { name: "chart", key: ["v1.20.2"] };

  /** Changes a file of an entry after it was made. */
  function change(entry: Entry, path: string, change: (text: string) => string): void {
    const file = join(here.folderOf(entry), path);
    writeFileSync(file, change(readFileSync(file, "utf8")));
  }

  it("takes entries from one cache to another", async () => {
    await pack([TOOL, SOURCE], archive, here);
    assert.deepEqual(await unpack(archive, there), { imported: 2, present: 0 });
    const tool = join(there.folderOf(TOOL), "files", "tool");
    assert.equal(readFileSync(tool, "utf8"), "tool 1");
    assert.equal(statSync(tool).mode & 0o777, 0o755);
    assert.ok(there.has(SOURCE));
    assert.deepEqual(await unpack(archive, there), { imported: 0, present: 2 });
  });

  it("leaves out files that an entry does not describe, such as an older version of the lab left there", async () => {
    writeFileSync(join(here.folderOf(SOURCE), ".seconds"), "2");
    await pack([SOURCE], archive, here);
    assert.deepEqual(await unpack(archive, there), { imported: 1, present: 0 });
  });

  it("leaves alone what the cache has of another version", async () => {
    const newer = { ...TOOL, key: ["2"] };
    await there.getAll([newer], async ([missing]) => missing?.keep("go1.27.0"));
    await pack([TOOL], archive, here);
    assert.deepEqual(await unpack(archive, there), { imported: 1, present: 0 });
    assert.ok(there.has(newer) && there.has(TOOL));
  });

  it("refuses what was changed since it was made, and imports nothing of it", async () => {
    change(TOOL, join("files", "tool"), () => "tool 2");
    await pack([SOURCE, TOOL], archive, here);
    await assert.rejects(
      unpack(archive, there),
      /archive\.tgz: tool-\w+ is not what was exported; make/,
    );
    assert.ok(!there.has(TOOL) && !there.has(SOURCE));
  });

  it("refuses what passes for another entry", async () => {
    change(TOOL, DESCRIPTION, (text) => text.replace('"1"', '"2"'));
    await pack([TOOL], archive, here);
    await assert.rejects(unpack(archive, there), /tool-\w+ is not what was exported/);
  });

  it("refuses another platform's", async () => {
    change(TOOL, DESCRIPTION, (text) =>
      text.replace(/"platform": ".*"/, '"platform": "plan9/mips"'),
    );
    await pack([TOOL], archive, here);
    await assert.rejects(
      unpack(archive, there),
      new RegExp(
        `for another platform \\(plan9/mips, and this is ${process.platform}/${process.arch}\\); export it`,
      ),
    );
  });

  it("refuses what was cut short, and what is no archive at all", async () => {
    await pack([TOOL, SOURCE], archive, here);
    const whole = readFileSync(archive);
    writeFileSync(archive, whole.subarray(0, whole.length / 2));
    await assert.rejects(
      unpack(archive, there),
      /archive\.tgz: cannot be unpacked \(.+\); make it anew/,
    );
    writeFileSync(archive, "no archive ".repeat(200));
    await assert.rejects(
      unpack(archive, there),
      /archive\.tgz: cannot be unpacked \(.+\); make it anew/,
    );
    assert.ok(!there.has(TOOL) && !there.has(SOURCE));
  });

  it("refuses what is no archive of a toolchain", async () => {
    await assert.rejects(unpack(archive, there), /archive\.tgz: there is no such file/);
    mkdirSync(join(folder, "other", "x"), { recursive: true });
    writeFileSync(join(folder, "other", "x", "file"), "");
    await create({ file: archive, cwd: join(folder, "other"), gzip: true }, ["x"]);
    await assert.rejects(unpack(archive, there), /x has no description; make it anew/);
  });

  it("says what a lab lacks that the archive does not have, and imports what it has", async () => {
    await pack([TOOL], archive, here);
    const lines: string[] = [];
    await assert.rejects(
      importToolchain(archive, (line) => lines.push(line), "control-plane", there),
      (error: Error) => {
        assert.match(
          error.message,
          /archive\.tgz: a lab at control-plane depth also needs .*kwok v/,
        );
        assert.match(error.message, /kube-scheduler v1\.36\.3, .*cilium-chart-v1\.20\.2/);
        assert.doesNotMatch(error.message, /cilium-agent/);
        assert.match(error.message, /; export the archive from this version of the project, or /);
        return true;
      },
    );
    assert.ok(there.has(TOOL));
    assert.match(lines[0] ?? "", /archive\.tgz: 1 imported, 0 were there already$/);
  });

  it("says that nothing is missing when nothing is", async () => {
    const all = [...programsOf(toolsOf("control-plane")), ...SOURCES];
    await here.getAll(all, async (missing) => {
      for (const { keep } of missing) await keep("go1.26.8");
    });
    await pack(all, archive, here);
    const lines: string[] = [];
    await importToolchain(archive, (line) => lines.push(line), "control-plane", there);
    assert.equal(lines.at(-1), "nothing is missing for a lab at control-plane depth");
  });
});

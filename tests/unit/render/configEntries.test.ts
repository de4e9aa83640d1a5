import assert from "node:assert/strict";
import { CONFIG_ENTRIES } from "../../../config";
import { harmOfValue } from "../../../importer/importReport";
import { harmOfEntry } from "../../../render/configEntries";

describe("what an entry of cilium-config does to packets", () => {
  it("is judged for every entry that the program can change, as an import judges its value", () => {
    for (const [entry, value] of Object.entries(CONFIG_ENTRIES)) {
      const harm = harmOfEntry(entry, "before", "after");
      assert.notEqual(harm, "unknown", entry);
      if (harmOfValue(value) === "data path") assert.notEqual(harm, "harmless", entry);
    }
  });

  it("is nothing where it comes or goes, and says what the agent does without it", () => {
    assert.equal(harmOfEntry("bpf-lb-mode", undefined, "snat"), "harmless");
    assert.equal(harmOfEntry("bpf-lb-mode", "snat", undefined), "harmless");
    assert.notEqual(harmOfEntry("bpf-lb-mode", "snat", "dsr"), "harmless");
    assert.notEqual(harmOfEntry("bpf-lb-mode", undefined, "dsr"), "harmless");
  });

  it("is unknown where nobody has judged it, also for a name that JavaScript knows", () => {
    assert.equal(harmOfEntry("constructor", undefined, "1"), "unknown");
  });
});

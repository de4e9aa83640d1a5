import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chosenDepth, describeDepth, INSTALL_COMMAND } from "../../../lab/depth";
import { PROJECT_FOLDER } from "../../../lab/labFolder";

describe("the lab's depth", () => {
  const { TALOS_CILIUM_LAB_DEPTH } = process.env;
  afterEach(() => {
    if (TALOS_CILIUM_LAB_DEPTH === undefined) delete process.env.TALOS_CILIUM_LAB_DEPTH;
    else process.env.TALOS_CILIUM_LAB_DEPTH = TALOS_CILIUM_LAB_DEPTH;
  });

  it("is what the environment asks for, and nothing else", () => {
    process.env.TALOS_CILIUM_LAB_DEPTH = "control-plane";
    assert.equal(chosenDepth(), "control-plane");
    process.env.TALOS_CILIUM_LAB_DEPTH = "deep";
    assert.throws(chosenDepth, /no such depth \(deep\); use control-plane or network/);
  });

  it("is said, with what the other one has", () => {
    assert.match(describeDepth("network"), /^depth: network \(/);
    assert.match(describeDepth("control-plane"), /^depth: control-plane \(/);
  });

  for (const file of ["README.md", ".ci/run"]) {
    it(`is had with the command that ${file} has`, () => {
      const text = readFileSync(join(PROJECT_FOLDER, file), "utf8").replace(/\\\n\s*/g, "");
      assert.ok(text.includes(INSTALL_COMMAND), INSTALL_COMMAND);
    });
  }
});

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type StepName, stepCommand } from "../../../components/stepCommand";

const PROJECT = join(__dirname, "..", "..", "..");

/** Every name of the type: the compiler refuses a table that lacks one. */
const STEPS: Readonly<Record<StepName, true>> = {
  guardDestroy: true,
  removeCrds: true,
  waitForCiliumCrds: true,
  removeCiliumLeftovers: true,
  verifyUpdate: true,
};

describe("the command of a step", () => {
  for (const step of Object.keys(STEPS) as StepName[]) {
    it(`runs a file that exists: ${step}`, () => {
      const [file = ""] = stepCommand(step).split(" ").slice(-1);
      assert.equal(file, `commands/steps/${step}.ts`);
      assert.ok(existsSync(join(PROJECT, file)), file);
    });
  }
});

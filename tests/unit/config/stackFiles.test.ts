import { checkFleet } from "../../../config";
import { readStackSettings, stackNames } from "../../../config/stackFile";

describe("stack files", () => {
  for (const stack of stackNames()) {
    it(`Pulumi.${stack}.yaml is accepted`, () => {
      readStackSettings(stack);
    });
  }

  it("do not collide with each other", () => {
    checkFleet(stackNames().map((stack) => ({ stack, settings: readStackSettings(stack) })));
  });
});

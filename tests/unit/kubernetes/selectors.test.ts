import assert from "node:assert/strict";
import type { V1LabelSelectorRequirement } from "@kubernetes/client-node";
import { selects } from "../../../kubernetes/selectors";

const LABELS = { app: "web", tier: "front" };

function matches(operator: string, key: string, values?: string[]): boolean {
  const expression: V1LabelSelectorRequirement = { key, operator, ...(values && { values }) };
  return selects({ matchExpressions: [expression] }, LABELS);
}

describe("a label selector", () => {
  it("selects everything when it is absent or empty", () => {
    assert.ok(selects(undefined, LABELS));
    assert.ok(selects({}, undefined));
  });

  it("wants every one of its matchLabels", () => {
    assert.ok(selects({ matchLabels: { app: "web", tier: "front" } }, LABELS));
    assert.ok(!selects({ matchLabels: { app: "web", tier: "back" } }, LABELS));
    assert.ok(!selects({ matchLabels: { app: "web" } }, undefined));
  });

  it("knows the four operators", () => {
    assert.deepEqual(
      [matches("In", "app", ["web"]), matches("In", "app", ["api"]), matches("In", "zone", ["a"])],
      [true, false, false],
    );
    assert.deepEqual(
      [matches("NotIn", "app", ["web"]), matches("NotIn", "app", ["api"])],
      [false, true],
    );
    assert.ok(matches("NotIn", "zone", ["a"]));
    assert.deepEqual([matches("Exists", "app"), matches("Exists", "zone")], [true, false]);
    assert.deepEqual(
      [matches("DoesNotExist", "app"), matches("DoesNotExist", "zone")],
      [false, true],
    );
    assert.throws(() => matches("Near", "app"), /unknown operator \(Near\)/);
  });
});

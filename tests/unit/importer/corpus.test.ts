import assert from "node:assert/strict";
import { ciliumValues } from "../../../config";
import type { Tree } from "../../../importer/tree";
import {
  COMMON,
  differences,
  FEATURES,
  importFilled,
  MANIFESTS,
  WRAPPERS,
} from "../../support/corpus";
import { settingsFrom } from "./stacks";

describe("stacks as people have them", function () {
  this.timeout(120_000);
  let [imported, differing] = [0, 0];

  for (const [wrapper, wrap] of Object.entries(WRAPPERS)) {
    for (const [feature, more] of Object.entries(FEATURES)) {
      it(`${wrapper}: ${feature}`, () => {
        const values = { ...COMMON, ...more };
        const { config, report } = importFilled([...MANIFESTS, ...wrap(values)]);
        const settings = settingsFrom(config);
        const paths = differences(
          values,
          ciliumValues(settings, settings.gatewayApi.enabled ? "digest" : undefined) as Tree,
        );
        // A key with dots in it is quoted in paths, and not in reports.
        const unnamed = paths.filter((path) => !report.includes(path.replaceAll('"', "")));
        assert.deepEqual(unnamed, [], report);
        imported++;
        differing += paths.length;
      });
    }
  }

  it("are at least forty, and the report has named every path at which they differ", () => {
    assert.ok(imported >= 40, `${imported} stacks`);
    assert.ok(differing > 0);
    assert.equal(imported, Object.keys(WRAPPERS).length * Object.keys(FEATURES).length);
  });
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import fc from "fast-check";
import { knownCharts } from "../../config/derived/chartPaths";
import { ciliumValues } from "../../config/derived/ciliumValues";
import { unknownToChart, unknownValues } from "../../config/derived/unknownValues";
import { readStackConfig, settingsOf } from "../../config/stackFile";
import { CHART_PATHS, chartPathsText } from "../../lab/chartPaths";
import { chartPath } from "../../lab/toolchain/sources";
import { readChartPaths } from "../../sources/chartPaths";
import { acceptedSettings } from "../support/acceptedSettings";
import { anyConfig } from "../support/anyConfig";

/** Configurations that are tried; with fewer than this some of them would rarely be accepted. */
const RUNS = 10_000;

describe("values and the chart they are for", function () {
  this.timeout(900_000);

  it("have the paths that the program knows of the charts, as npm run chart-paths writes them", async () => {
    assert.equal(readFileSync(CHART_PATHS, "utf8"), await chartPathsText());
  });

  for (const stack of ["prod", "lab"]) {
    it(`of ${stack} are known to its chart, every one`, async () => {
      const settings = settingsOf(readStackConfig(stack));
      const chart = await chartPath(settings.cilium.version);
      const paths = await readChartPaths(chart);
      assert.deepEqual(unknownToChart(ciliumValues(settings, "digest"), paths, chart), []);
    });
  }

  it(`of any configuration that is accepted are known to the chart and accepted by its schema (${RUNS} tried)`, async () => {
    const schemas = new Map<string, (values: unknown) => boolean>();
    for (const { version } of knownCharts()) {
      const schema = readFileSync(join(await chartPath(version), "values.schema.json"), "utf8");
      schemas.set(version, new Ajv({ strict: false }).compile(JSON.parse(schema)));
    }
    let accepted = 0;
    fc.assert(
      fc.property(anyConfig, (config) => {
        const settings = acceptedSettings(config);
        if (settings === undefined) return;
        accepted++;
        const validate = schemas.get(settings.cilium.version);
        assert.ok(validate !== undefined, settings.cilium.version);
        const values = ciliumValues(settings, "digest");
        assert.deepEqual(unknownValues(values, settings.cilium.version), []);
        assert.ok(validate(values), JSON.stringify((validate as { errors?: unknown }).errors));
      }),
      { numRuns: RUNS },
    );
    assert.ok(accepted > RUNS / 100, `only ${accepted} were accepted`);
  });
});

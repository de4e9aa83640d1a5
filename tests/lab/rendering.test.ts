import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import fc from "fast-check";
import { stringify } from "yaml";
import { ciliumValues, readSettings } from "../../config";
import { knownCharts } from "../../config/derived/chartPaths";
import { leavesOf, removeAt, setAt, type Tree } from "../../importer/tree";
import { PROJECT_FOLDER } from "../../lab/labFolder";
import { chartPath } from "../../lab/toolchain/sources";
import { compareObjects } from "../../render/compareObjects";
import { type DifferenceLine, differenceLines } from "../../render/differenceLines";
import { withoutSecrets } from "../../render/withoutSecrets";
import type { RenderedObject } from "../../sources/helm";
import { acceptedSettings } from "../support/acceptedSettings";
import { anyConfig } from "../support/anyConfig";
import { COMMON, FEATURES, importFilled, MANIFESTS, WRAPPERS } from "../support/corpus";
import { helmTemplate, type Rendering, renderAll } from "../support/renderAll";

/** Accepted configurations that are rendered, each by every known chart; a rendering takes a tenth of a second. */
const SAMPLE = 30;

describe("what the charts render", function () {
  this.timeout(900_000);
  before("the program that renders is there", async () => {
    await helmTemplate();
  });

  it("of a stack that was imported differs from its values' by what the report named, and by nothing else", async () => {
    const chart = await chartPath("1.18.4");
    const stacks = Object.entries(WRAPPERS).flatMap(([wrapper, wrap]) =>
      Object.entries(FEATURES).map(([feature, more]) => {
        const { values, config, report } = importFilled([
          ...MANIFESTS,
          ...wrap({ ...COMMON, ...more }),
        ]);
        const settings = readSettings({ getObject: (key) => config[key] });
        const stack = ciliumValues(settings, settings.gatewayApi.enabled ? "digest" : undefined);
        return {
          name: `${wrapper}: ${feature}`,
          values,
          stack,
          named: withNamed(values, stack, report),
        };
      }),
    );
    assert.ok(stacks.length >= 40, `${stacks.length} stacks`);
    // Most wrappers lead to the same values.
    const renderings = new Map<string, Rendering>();
    for (const { values, stack, named } of stacks) {
      for (const each of [values, stack, named]) {
        renderings.set(JSON.stringify(each), { chart, values: each });
      }
    }
    const answers = await renderAll([...renderings.values()]);
    const rendered = new Map([...renderings.keys()].map((key, index) => [key, answers[index]]));
    let changed = 0;
    for (const { name, values, stack, named } of stacks) {
      const [old, after, expected] = [values, stack, named].map((each) => {
        const answer = rendered.get(JSON.stringify(each));
        assert.equal(answer?.error, undefined, name);
        return answer?.objects ?? [];
      }) as [RenderedObject[], RenderedObject[], RenderedObject[]];
      const unnamed = differences(expected, after).filter(
        // The checksum of cilium-config is other for entries that say what the agent does without them.
        ({ effect, line }) =>
          !(effect === "harmless" && /: nothing → /.test(line)) &&
          !/configmap-checksum":/.test(line),
      );
      assert.deepEqual(
        unnamed.map(({ line }) => line),
        [],
        name,
      );
      changed += differences(old, after).length;
    }
    assert.ok(changed > stacks.length, `${changed} differences`);
  });

  it(`of ${SAMPLE} configurations that are accepted is no refusal, with each known chart`, async () => {
    const renderings: (Rendering & { config: unknown })[] = [];
    const rendered = new Map<string, number>();
    let accepted = 0;
    for (const config of fc.sample(anyConfig, 10_000)) {
      if (accepted === SAMPLE) break;
      if (acceptedSettings(config) === undefined) continue;
      accepted++;
      for (const { version } of knownCharts()) {
        const settings = acceptedSettings({
          ...config,
          cilium: { ...(config.cilium as object), version },
        });
        // The Gateway API's version may not go with this one.
        if (settings === undefined) continue;
        const values = ciliumValues(settings, settings.gatewayApi.enabled ? "digest" : undefined);
        renderings.push({ chart: await chartPath(version), values, config });
        rendered.set(version, (rendered.get(version) ?? 0) + 1);
      }
    }
    assert.equal(accepted, SAMPLE);
    for (const { version } of knownCharts()) {
      assert.ok((rendered.get(version) ?? 0) > SAMPLE / 2, `${version}: ${rendered.get(version)}`);
    }
    const answers = await renderAll(renderings.map(({ chart, values }) => ({ chart, values })));
    for (const [index, { error, objects = [] }] of answers.entries()) {
      assert.equal(error, undefined, JSON.stringify(renderings[index]));
      assert.ok(objects.some(({ kind }) => kind === "DaemonSet"));
    }
  });

  it("is compared by import-values --compare, in a stable order and without a secret", async () => {
    const folder = mkdtempSync(join(tmpdir(), "talos-cilium-compare-"));
    try {
      const file = join(folder, "values.yaml");
      const values = { ...COMMON, ...FEATURES["native routing and eBPF masquerading"] };
      writeFileSync(file, stringify(values));
      for (const { path, text } of MANIFESTS) writeFileSync(join(folder, path), text);
      symlinkSync(await helmTemplate(), join(folder, "helm"));
      const compare = async () => {
        const { stdout, stderr } = await execa(
          "node",
          [
            ...["--require", "ts-node/register", "commands/importValues.ts", "--compare"],
            ...["--set", "gatewayApi.version=v1.3.0", "--set", "cilium.version=1.18.4"],
            ...["--set", "nodes.controlPlanes=[192.168.10.10,192.168.10.11]"],
            ...["--set", `cilium.chart=${await chartPath("1.18.4")}`],
            ...[file, ...MANIFESTS.map(({ path }) => join(folder, path))],
          ],
          { cwd: PROJECT_FOLDER, env: { PATH: `${folder}:${process.env.PATH}` } },
        );
        assert.match(stdout, /^config:/);
        return stderr.split("\n").filter((line) => !line.startsWith("changes ("));
      };
      const lines = await compare();
      const effects = lines
        .map((line) => line.split(":")[0])
        .filter((word) => word !== "read as values");
      assert.deepEqual(
        [...new Set(effects)].slice(-5),
        [
          "interrupts the data path",
          "restarts agents",
          "restarts the operator",
          "harmless",
          "compared by the chart of Cilium 1.18.4",
        ],
        lines.join("\n"),
      );
      assert.ok(
        lines.some((line) => /capabilities\.add \(elements\): \["SYS_MODULE"\] → \[\]$/.test(line)),
        lines.join("\n"),
      );
      assert.ok(!/BEGIN|tls\.key: "|ca\.key: "/.test(lines.join("\n")));
      // Each rendering makes certificates anew; the comparison is the same.
      assert.deepEqual(await compare(), lines);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function differences(
  before: readonly RenderedObject[],
  after: readonly RenderedObject[],
): DifferenceLine[] {
  return differenceLines(compareObjects(withoutSecrets(before), withoutSecrets(after)));
}

/** The owner's values, with the stack's own wherever the report names the path at which they differ. */
function withNamed(values: Tree, stack: Tree, report: string): Tree {
  const named = structuredClone(values);
  const isNamed = (path: string) => report.includes(path.replaceAll('"', ""));
  for (const { keys, path } of leavesOf(values)) if (isNamed(path)) removeAt(named, keys);
  for (const { keys, path, value } of leavesOf(stack)) if (isNamed(path)) setAt(named, keys, value);
  return named;
}

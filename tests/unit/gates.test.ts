import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";

const ROOT = join(__dirname, "../..");
const { scripts } = require("../../package.json") as { scripts: Record<string, string> };

/** Imports that a rule of .dependency-cruiser.cjs forbids: rule, importing file, imported file. */
const BREACHES: readonly [rule: string, from: string, to: string][] = [
  ["config-imports-no-room", "config/rules/a.ts", "verify/report.ts"],
  ["config-is-pure", "config/b.ts", "@pulumi/pulumi"],
  ["config-has-one-door", "verify/c.ts", "config/schema/types.ts"],
  ["components-know-resources-only", "components/d.ts", "verify/report.ts"],
  ["render-reads-from-outside", "render/m.ts", "components/cilium.ts"],
  ["render-is-pure", "render/n.ts", "@pulumi/pulumi"],
  ["nothing-imports-commands", "verify/e.ts", "commands/options.ts"],
  ["only-tests-and-bench-import-lab", "commands/f.ts", "lab/lab.ts"],
  ["nothing-imports-tests", "lab/g.ts", "tests/support/objects.ts"],
  ["no-cycle", "importer/h.ts", "importer/h.ts"],
];

/** Imports that the rules let through. */
const ALLOWED: readonly [from: string, to: string][] = [
  ["config/pulumiConfig.ts", "@pulumi/pulumi"],
  ["verify/i.ts", "config/index.ts"],
  ["index.ts", "config/pulumiConfig.ts"],
  ["tests/unit/j.ts", "config/schema/types.ts"],
  ["render/recordProgram.ts", "@pulumi/pulumi"],
  ["bench/k.ts", "lab/lab.ts"],
  ["lab/l.ts", "index.ts"],
];

describe("the gates of npm run check", function () {
  this.timeout(120_000);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "talos-cilium-gates-"));
    for (const file of [".dependency-cruiser.cjs", "knip.json", "tsconfig.json"]) {
      cpSync(join(ROOT, file), join(folder, file));
    }
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("a breach of each rule between rooms is found, and what is allowed is not", async () => {
    for (const [from, to] of [...BREACHES.map(([, ...pair]) => pair), ...ALLOWED])
      importing(from, to);
    write("node_modules/@pulumi/pulumi/index.js", "");
    const rooms = [
      "config",
      "verify",
      "components",
      "commands",
      "lab",
      "importer",
      "render",
      "tests",
      "bench",
    ];
    const { stdout, exitCode } = await execa(
      join(ROOT, "node_modules/.bin/depcruise"),
      ["--config", ".dependency-cruiser.cjs", "index.ts", ...rooms],
      { cwd: folder, reject: false },
    );
    const found = [...stdout.matchAll(/error (\S+): (\S+)/g)].map(
      ([, rule, from]) => `${rule}: ${from}`,
    );
    assert.deepEqual(found.sort(), BREACHES.map(([rule, from]) => `${rule}: ${from}`).sort());
    assert.equal(exitCode, BREACHES.length);
  });

  it("every rule between rooms has a breach here", () => {
    const { forbidden } = require("../../.dependency-cruiser.cjs") as {
      forbidden: { name: string }[];
    };
    assert.deepEqual(
      forbidden.map(({ name }) => name),
      BREACHES.map(([rule]) => rule),
    );
  });

  it("a file, an export and a dependency that nothing uses are found", async () => {
    write("package.json", JSON.stringify({ main: "index.ts", dependencies: { semver: "7.8.6" } }));
    write("index.ts", 'import { used } from "./config/index";\nused();\n');
    write("config/index.ts", "export const used = () => {};\nexport const unused = 1;\n");
    write("config/forgotten.ts", "export {};\n");
    rmSync(join(folder, ".dependency-cruiser.cjs"));
    const { stdout, exitCode } = await execa(
      join(ROOT, "node_modules/.bin/knip"),
      ["--reporter", "json"],
      { cwd: folder, reject: false },
    );
    const { issues } = JSON.parse(stdout) as {
      issues: {
        file: string;
        files: { name: string }[];
        exports: { name: string }[];
        dependencies: { name: string }[];
      }[];
    };
    const names = (kind: "files" | "exports" | "dependencies") =>
      issues.flatMap((issue) => issue[kind].map(({ name }) => name));
    assert.deepEqual(names("files"), ["config/forgotten.ts"]);
    assert.deepEqual(names("exports"), ["unused"]);
    assert.deepEqual(names("dependencies"), ["semver"]);
    assert.equal(exitCode, 1);
  });

  it("npm run check and npm test run both", () => {
    assert.match(scripts.check ?? "", /npm:static npm:unit/);
    // In quotes: a shell takes ** for *.
    assert.match(scripts.unit ?? "", /'tests\/unit\/\*\*\/\*\.test\.ts'/);
    assert.match(scripts.test ?? "", /npm run -s static/);
    assert.match(scripts.static ?? "", /npm:types .*npm:rooms/);
    assert.match(scripts.rooms ?? "", /depcruise .* && knip/);
  });

  /** A file that imports another one, which is made, too. */
  function importing(from: string, to: string): void {
    const up = "../".repeat(from.split("/").length - 1) || "./";
    const isPackage = to.startsWith("@");
    if (!isPackage) write(to, "export {};\n");
    write(from, `import "${isPackage ? to : up + to.replace(/\.ts$/, "")}";\n`);
  }

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
});

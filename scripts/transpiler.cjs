// What ts-node turns TypeScript into JavaScript with: sucrase, which takes a fifth of the time of TypeScript's own
// transpiler, so that a preview starts sooner (bench/configuration.ts). ts-node's interface for it:
// https://typestrong.org/ts-node/docs/transpilers#third-party-transpilers
//
// What it made is kept beside the packages, by what it was made of: every command and every step is a process of its own, and
// half of its start would be the same work again. A checkout elsewhere has the same sources (render/baseCheckout.ts), and
// ts-node itself writes a file's path into its source map.
const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

const OPTIONS = {
  transforms: ["typescript", "imports"],
  // Node.js runs the rest as it is; `import()` has to stay, as a package that is a module can't be required.
  disableESTransforms: true,
  preserveDynamicImport: true,
};
const CACHE = join(__dirname, "..", "node_modules", ".cache", "transpiler");
const MADE_BY = JSON.stringify([require("sucrase/package.json").version, OPTIONS]);

/** @type {import("ts-node").TranspilerFactory} */
exports.create = () => ({
  transpile(source, { fileName }) {
    const entry = join(CACHE, `${digest(MADE_BY + source)}.json`);
    const kept = read(entry);
    if (kept !== undefined) return kept;
    const output = transpile(source, fileName);
    write(entry, JSON.stringify(output));
    return output;
  },
});

function transpile(source, fileName) {
  const { code, sourceMap } = require("sucrase").transform(source, {
    ...OPTIONS,
    filePath: fileName,
    sourceMapOptions: { compiledFilename: fileName },
  });
  return { outputText: code, sourceMapText: JSON.stringify(sourceMap) };
}

function digest(text) {
  return createHash("sha256").update(text).digest("hex");
}

/** An entry; undefined when there is none, or none that can be read. */
function read(entry) {
  try {
    return JSON.parse(readFileSync(entry, "utf8"));
  } catch {
    return undefined;
  }
}

/** Other processes may read or write the same entry, and the packages may lie where nobody may write. */
function write(entry, text) {
  const temporary = `${entry}.${process.pid}`;
  try {
    mkdirSync(CACHE, { recursive: true });
    writeFileSync(temporary, text);
    renameSync(temporary, entry);
  } catch {
    // The next process does the work again.
  }
}

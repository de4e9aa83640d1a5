// Which room may import which. `npm run check` runs it; type-only imports count, too.

/** Rooms of the product, of the lab, and what only reads both. */
const PRODUCT = "sources|preflight|components|kubernetes|verify|importer|render|commands";
const OTHERS = "lab|docs|tests|bench|scripts";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "config-imports-no-room",
      comment: "config/ says what a stack may say: every other room may read it, so it reads none.",
      severity: "error",
      from: { path: "^config/" },
      to: { path: `^(${PRODUCT}|${OTHERS})/|^index\\.ts$` },
    },
    {
      name: "config-is-pure",
      comment:
        "Commands read the configuration without Pulumi, half a second sooner; config/pulumiConfig.ts is the one file that has it.",
      severity: "error",
      from: { path: "^config/", pathNot: "^config/pulumiConfig\\.ts$" },
      to: { path: "^@pulumi/|node_modules/@pulumi/" },
    },
    {
      name: "config-has-one-door",
      comment:
        "Other rooms import config/index.ts, so that its files can be moved; tests look inside.",
      severity: "error",
      from: { pathNot: "^(config|tests|bench)/" },
      to: { path: "^config/", pathNot: "^config/(index|pulumiConfig)\\.ts$" },
    },
    {
      name: "components-know-resources-only",
      comment:
        "A component takes typed arguments: what is checked or run beside it is no business of its own.",
      severity: "error",
      from: { path: "^components/" },
      to: { path: "^(verify|commands|importer|render|kubernetes|lab)/" },
    },
    {
      name: "render-reads-from-outside",
      comment:
        "render/ runs the program of any checkout, so that it knows resources as they were registered, and no component.",
      severity: "error",
      from: { path: "^render/" },
      to: { path: "^(components|preflight|verify|importer)/|^index\\.ts$" },
    },
    {
      name: "render-is-pure",
      comment: "Pulumi is run in a process of its own, by the one file that has it.",
      severity: "error",
      from: { path: "^render/", pathNot: "^render/recordProgram\\.ts$" },
      to: { path: "^@pulumi/|node_modules/@pulumi/" },
    },
    {
      name: "nothing-imports-commands",
      comment: "What two rooms need is no command; the lab runs them as a user would.",
      severity: "error",
      from: { pathNot: "^(commands|lab|tests|tools)/" },
      to: { path: "^commands/" },
    },
    {
      name: "only-tests-and-bench-import-lab",
      comment: "The lab imports the stack, never the other way round.",
      severity: "error",
      from: { pathNot: "^(lab|tests|bench)/" },
      to: { path: "^lab/" },
    },
    {
      name: "nothing-imports-tests",
      comment: "bench/ drives the tests' labs; the product and the lab know neither.",
      severity: "error",
      from: { pathNot: "^(tests|bench)/" },
      to: { path: "^(tests|bench)/" },
    },
    {
      name: "no-cycle",
      comment: "Two files that import each other are one.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".cjs", ".js", ".json"] },
  },
};

export { ciliumApiVersion } from "./compatibility";
export { ConfigError, describeProblem, type Problem } from "./configError";
export { ciliumCrds } from "./derived/ciliumCrds";
export { talosForm, talosPatch } from "./derived/talosPatch";
export { checkFleet, type Site } from "./fleet";
export { stackSettings } from "./pulumiConfig";
export type { Settings } from "./schema";
export { readSettings, warningsOf } from "./settings";

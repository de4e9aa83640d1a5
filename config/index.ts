export { ciliumCrds } from "./ciliumCrds";
export { ciliumApiVersion } from "./compatibility";
export { ConfigError, describeProblem, type Problem } from "./configError";
export { checkFleet, type Site } from "./fleet";
export type { Settings } from "./schema";
export { readSettings, warningsOf } from "./settings";
export { stackSettings } from "./stack";
export { talosForm, talosPatch } from "./talosPatch";

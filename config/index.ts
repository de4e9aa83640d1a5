export { poolApiVersion } from "./compatibility";
export { ConfigError, type Problem } from "./configError";
export type { Settings } from "./schema";
export { readSettings } from "./settings";

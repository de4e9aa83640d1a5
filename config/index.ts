export {
  type AddressRange,
  cidrRange,
  contains,
  type Family,
  familyOf,
  overlaps,
  rangeSize,
  single,
} from "./addresses";
export {
  droppedCrds,
  firstOf,
  type LastState,
  matchCluster,
  type ObservedCluster,
  type ObservedCrd,
} from "./clusterMatch";
export { ciliumApiVersion } from "./compatibility";
export { ConfigError, describeProblem, type Problem } from "./configError";
export { ciliumCrds } from "./derived/ciliumCrds";
export { ciliumValues, type HelmValues } from "./derived/ciliumValues";
export { policySpec, poolSpec } from "./derived/loadBalancingSpecs";
export { IMAGES, managedValues } from "./derived/managedValues";
export { CILIUM_CRDS, CILIUM_RUNTIME_CRDS, GATEWAY_API_GROUPS } from "./derived/ownCrds";
export { ownObjects } from "./derived/ownObjects";
export {
  isControlPlaneOnly,
  omniPatch,
  type TalosForm,
  talosForm,
  talosPatch,
  type YamlDocument,
} from "./derived/talosPatch";
export { TALOS_VALUES } from "./derived/talosValues";
export { deadValues, unknownValues } from "./derived/userValues";
export { checkFleet, type Site } from "./fleet";
export { rules } from "./rules";
export type { Rule } from "./rules/rule";
export { type Key, type Settings, schema } from "./schema";
export { cidr as cidrSchema, resources as resourcesSchema } from "./schema/types";
export { problemsOfIssue, readSettings, warningsOf } from "./settings";
export {
  PROJECT,
  readStackConfig,
  readStackSettings,
  type StackConfig,
  settingsOf,
  stackNames,
} from "./stackFile";

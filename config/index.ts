export {
  type AddressRange,
  addressRange,
  cidrRange,
  contains,
  describeRange,
  familyOf,
  overlaps,
  rangeSize,
  single,
  without,
} from "./addresses";
export { chartKind } from "./chartReference";
export {
  droppedCrds,
  type LastState,
  matchCluster,
  matchLastState,
  type ObservedCluster,
  type ObservedCrd,
} from "./clusterMatch";
export { ciliumApiVersion, minorOf } from "./compatibility";
export { ConfigError, describeProblem, type Problem } from "./configError";
export { CONTROL_PLANE_LABEL } from "./controlPlaneLabel";
export { type BgpObject, bgpObjects } from "./derived/bgpObjects";
export { chartDefault } from "./derived/chartDefaults";
export { seconds } from "./derived/chartReaders";
export { ciliumCrds } from "./derived/ciliumCrds";
export { ciliumValues, GATEWAY_API_ANNOTATION } from "./derived/ciliumValues";
export { CONFIG_ENTRIES } from "./derived/configEntries";
export { type HelmValues, isSameValue, ownValueAt, valueAt } from "./derived/helmValues";
export { policySpec, poolSpec } from "./derived/loadBalancingSpecs";
export { managedValues, masquerades, VALUE_MAPPINGS } from "./derived/managedValues";
export { CILIUM_CRDS, CILIUM_RUNTIME_CRDS } from "./derived/ownCrds";
export { ownObjects } from "./derived/ownObjects";
export {
  isControlPlaneOnly,
  omniPatch,
  type TalosForm,
  talosPatch,
  type YamlDocument,
} from "./derived/talosPatch";
export { TALOS_VALUES } from "./derived/talosValues";
export { type UnknownValue, unknownToChart, unknownUserValues } from "./derived/unknownValues";
export { matchesDevice } from "./devices";
export { checkFleet, type Site } from "./fleet";
export {
  CILIUM_RELEASE,
  installedByConfig,
  installedByValues,
  type ReleaseName,
} from "./installed";
export { rules } from "./rules";
export type { Rule } from "./rules/rule";
export { type GatewayApi, gatewayApiOf, type Key, type Settings, schema } from "./schema";
export { LINUX_NODES } from "./schema/loadBalancing";
export { cidr as cidrSchema } from "./schema/types";
export { problemsOfIssue, readSettings, warningsOf } from "./settings";
export {
  PROJECT,
  readStackConfig,
  readStackSettings,
  type StackConfig,
  settingsOf,
  stackNames,
} from "./stackFile";
export { count, firstOf } from "./text";
export { VIRTUAL_IP_OBJECTS } from "./virtualIpObjects";

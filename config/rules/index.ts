import { canonicalCidr, podCidrApartFromNodes, poolApart, poolOrder } from "./addresses";
import { compatibleVersions } from "./compatibleVersions";
import type { Rule } from "./rule";

/** Every rule, in the order in which problems are reported. */
export const rules: readonly Rule[] = [
  canonicalCidr,
  podCidrApartFromNodes,
  poolOrder,
  poolApart,
  compatibleVersions,
];

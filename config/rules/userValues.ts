import { shadowingConfig, shadowingValues } from "../derived/shadowedValues";
import type { Rule } from "./rule";

export const valuesShadowNothing: Rule = {
  name: "values-shadow-nothing",
  description:
    "No value of `cilium.values` is null, a single value or a list where the program has values further down. Merged, it would take these away, and the chart's defaults would be back.",
  severity: "error",
  check: (settings) =>
    shadowingValues(settings).map(({ path, user, owners }) => ({
      path: `cilium.values.${path}`,
      wrong: `it takes away what others decide (${JSON.stringify(user)}; ${owners.join(", ")})`,
      fix: "leave it out, and set the keys named, or single values below it",
    })),
};

export const extraConfigHasOneOwner: Rule = {
  name: "extra-config-has-one-owner",
  description:
    "No entry of the chart's `extraConfig`, `extraArgs` or `extraEnv` sets an option that a key of the configuration, or Talos, decides. The entry would have the last word.",
  severity: "error",
  check: (settings) =>
    shadowingConfig(settings).map(({ path, user, owners }) => ({
      path: `cilium.values.${path}`,
      wrong: `${owners.join(", ")} decides it (${JSON.stringify(user)})`,
      fix: `set ${owners[0]?.replace(/^Talos: /, "cilium.values.")} instead, and leave this one out`,
    })),
};

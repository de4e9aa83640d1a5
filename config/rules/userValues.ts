import { shadowingConfig, shadowingValues } from "../derived/shadowedValues";
import { problem, type Rule } from "./rule";

/** Null, a scalar or a list above values of the program's own would take these away, and bring the chart's defaults back. */
export const valuesShadowNothing: Rule = {
  name: "values-shadow-nothing",
  check: (settings) =>
    shadowingValues(settings).map(({ path, user, owners }) =>
      problem(
        `cilium.values.${path}`,
        `it takes away what others decide (${JSON.stringify(user)}; ${owners.join(", ")})`,
        "leave it out, and set the keys named, or single values below it",
      ),
    ),
};

/** The ConfigMap would have the value of extraConfig, whatever a key, or Talos, says. */
export const extraConfigHasOneOwner: Rule = {
  name: "extra-config-has-one-owner",
  check: (settings) =>
    shadowingConfig(settings).map(({ path, user, owners }) =>
      problem(
        `cilium.values.${path}`,
        `${owners.join(", ")} decides it (${JSON.stringify(user)})`,
        `set ${owners[0]?.replace(/^Talos: /, "cilium.values.")} instead, and leave this one out`,
      ),
    ),
};

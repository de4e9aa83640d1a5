import semver from "semver";
import { compatibilityOf } from "../compatibility";
import type { Rule } from "./rule";

/** Cilium and the Gateway API's CRDs go together. Versions of Cilium that the table does not know are let through. */
export const compatibleVersions: Rule = {
  name: "compatible-versions",
  check({ cilium, gatewayApi }) {
    const known = compatibilityOf(cilium.version);
    if (known === undefined || semver.satisfies(gatewayApi.version, known.gatewayApi)) return [];
    return [
      {
        path: "gatewayApi.version",
        wrong: `Cilium ${cilium.version} does not work with this Gateway API (${gatewayApi.version})`,
        fix: `set it to ${known.recommended} (Cilium ${cilium.version} takes ${known.gatewayApi})`,
      },
    ];
  },
};

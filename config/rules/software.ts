import semver from "semver";
import { COMPATIBILITY, compatibilityOf, KNOWN_BROKEN } from "../compatibility";
import { conflictingValues, deadValues } from "../derived/userValues";
import { problem, problemIf, type Rule } from "./rule";

const OVERRIDE = "or set cilium.allowUntested: true";

/** Cilium and the Gateway API's CRDs go together. Versions of Cilium that the table does not know are let through. */
export const compatibleGatewayApi: Rule = {
  name: "compatible-gateway-api",
  check: ({ cilium, gatewayApi }) => {
    const known = compatibilityOf(cilium.version);
    return problemIf(
      known !== undefined &&
        !cilium.allowUntested &&
        !semver.satisfies(gatewayApi.version, known.gatewayApi),
      "gatewayApi.version",
      `Cilium ${cilium.version} does not work with this Gateway API (${gatewayApi.version})`,
      `set it to ${known?.recommended} (Cilium ${cilium.version} takes ${known?.gatewayApi}), ${OVERRIDE}`,
    );
  },
};

/** Kubernetes is one that this Cilium is tested with. */
export const testedKubernetes: Rule = {
  name: "tested-kubernetes",
  warnsOnly: true,
  check: ({ cilium, cluster: { kubernetes } }) => {
    const known = compatibilityOf(cilium.version)?.kubernetes;
    return problemIf(
      known !== undefined &&
        kubernetes !== undefined &&
        !cilium.allowUntested &&
        !semver.satisfies(kubernetes, known),
      "cluster.kubernetes",
      `Cilium ${cilium.version} is not tested with it (${kubernetes})`,
      `it is with ${known}; try it on a test cluster first, ${OVERRIDE}`,
    );
  },
};

/** Cilium is of a minor version that the table of compatible versions knows. */
export const knownCilium: Rule = {
  name: "known-cilium",
  warnsOnly: true,
  check: ({ cilium }) =>
    problemIf(
      compatibilityOf(cilium.version) === undefined && !cilium.allowUntested,
      "cilium.version",
      `nothing is known of what goes with it (${cilium.version})`,
      `known are ${Object.keys(COMPATIBILITY).join(", ")}; read its release notes, ${OVERRIDE}`,
    ),
};

/** Cilium is no release that has broken clusters. */
export const brokenCilium: Rule = {
  name: "broken-cilium",
  check: ({ cilium }) => {
    const why = KNOWN_BROKEN[cilium.version];
    return problemIf(
      why !== undefined && !cilium.allowUntested,
      "cilium.version",
      `${why} (${cilium.version})`,
      `take a later patch release, ${OVERRIDE}`,
    );
  },
};

/** Cilium is not the first release of a minor version: what that breaks is mended in the next one. */
export const firstRelease: Rule = {
  name: "first-release",
  check: ({ cilium }) =>
    problemIf(
      semver.patch(cilium.version) === 0 &&
        semver.prerelease(cilium.version) === null &&
        KNOWN_BROKEN[cilium.version] === undefined &&
        !cilium.allowUntested,
      "cilium.version",
      `the first release of a minor version (${cilium.version})`,
      `wait for its first patch release, ${OVERRIDE}`,
    ),
};

/** Neither Cilium nor the Gateway API is a pre-release. */
export const preRelease: Rule = {
  name: "pre-release",
  check: ({ cilium, gatewayApi }) =>
    Object.entries({
      "cilium.version": cilium.version,
      "gatewayApi.version": gatewayApi.version,
    }).flatMap(([path, version]) =>
      problemIf(
        semver.prerelease(version) !== null && !cilium.allowUntested,
        path,
        `a pre-release (${version})`,
        `take a release, ${OVERRIDE}`,
      ),
    ),
};

/** The relay gets its flows from Hubble. */
export const hubbleRelayNeedsHubble: Rule = {
  name: "hubble-relay-needs-hubble",
  check: ({ hubble }) =>
    problemIf(
      hubble.relay && !hubble.enabled,
      "hubble.relay",
      "there are no flows to relay (true, with hubble.enabled false)",
      "set hubble.enabled: true",
    ),
};

/** The page gets its flows from the relay. */
export const hubbleUiNeedsRelay: Rule = {
  name: "hubble-ui-needs-relay",
  check: ({ hubble }) =>
    problemIf(
      hubble.ui && !hubble.relay,
      "hubble.ui",
      "the page shows what the relay collects (true, with hubble.relay false)",
      "set hubble.relay: true",
    ),
};

/** Metrics are made out of flows. */
export const hubbleMetricsNeedHubble: Rule = {
  name: "hubble-metrics-need-hubble",
  check: ({ hubble }) =>
    problemIf(
      hubble.metrics.length > 0 && !hubble.enabled,
      "hubble.metrics",
      `they are made out of flows (${hubble.metrics.join(", ")}, with hubble.enabled false)`,
      "set hubble.enabled: true, or leave them out",
    ),
};

/** A ServiceMonitor points at metrics. */
export const serviceMonitorsNeedPrometheus: Rule = {
  name: "service-monitors-need-prometheus",
  check: ({ prometheus }) =>
    problemIf(
      prometheus.serviceMonitors && !prometheus.enabled,
      "prometheus.serviceMonitors",
      "there are no metrics to collect (true, with prometheus.enabled false)",
      "set prometheus.enabled: true",
    ),
};

/** A value that a key of the configuration decides is not set a second time, to something else. */
export const valuesOfTwoOwners: Rule = {
  name: "values-of-two-owners",
  check: (settings) =>
    conflictingValues(settings).map(({ path, key, managed, user }) =>
      problem(
        `cilium.values.${path}`,
        `${key} decides this value (${JSON.stringify(user)}, and ${JSON.stringify(managed)} by ${key})`,
        `set ${key} instead, and leave this one out`,
      ),
    ),
};

/** A value that no template reads does nothing, and says nothing. */
export const deadValue: Rule = {
  name: "dead-value",
  check: ({ cilium }) =>
    deadValues(cilium.values).map(({ path, value, instead }) =>
      problem(
        `cilium.values.${path}`,
        `no template of the chart reads it (${JSON.stringify(value)})`,
        instead,
      ),
    ),
};

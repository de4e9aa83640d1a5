import semver from "semver";
import {
  COMPATIBILITY,
  compatibilityOf,
  KNOWN_BROKEN,
  KNOWN_FAULTS,
  NEWEST,
  OLDEST,
} from "../compatibility";
import type { Problem } from "../configError";
import { valueAt } from "../derived/helmValues";
import { type UnknownValue, unknownUserValues } from "../derived/unknownValues";
import { conflictingValues } from "../derived/userValues";
import { problemIf, type Rule } from "./rule";

const OVERRIDE = "or set cilium.allowUntested: true";

export const gatewayApiCompatible: Rule = {
  name: "gateway-api-compatible",
  description:
    "`gatewayApi.version` goes with `cilium.version`. Cilium's operator disables its gateway controller, or does not start, with other CRDs (https://docs.cilium.io/en/stable/network/servicemesh/gateway-api/gateway-api/, prerequisites, and the pages in config/compatibility.ts); a minor version of Cilium that is newer than the table needs at least the CRDs of the newest there.",
  severity: "error",
  check: ({ cilium, gatewayApi: { enabled, version } }) => {
    if (!enabled || version === undefined) return [];
    const known = compatibilityOf(cilium.version);
    const takes = known?.gatewayApi ?? `>=${semver.minVersion(NEWEST.gatewayApi)}`;
    return problemIf(!cilium.allowUntested && !semver.satisfies(version, takes), {
      path: "gatewayApi.version",
      wrong: `Cilium ${cilium.version} does not work with this Gateway API (${version})`,
      fix: `set it to ${(known ?? NEWEST).recommended} (Cilium ${cilium.version} takes ${takes}), ${OVERRIDE}`,
    });
  },
};

export const kubernetesTested: Rule = {
  name: "kubernetes-tested",
  description:
    "`cluster.kubernetes` is a version that Cilium's project tests this Cilium with. Others may work, but nobody has shown it.",
  severity: "warning",
  check: ({ cilium, cluster: { kubernetes } }) => {
    const known = compatibilityOf(cilium.version)?.kubernetes;
    return problemIf(
      known !== undefined &&
        kubernetes !== undefined &&
        !cilium.allowUntested &&
        !semver.satisfies(kubernetes, known),
      {
        path: "cluster.kubernetes",
        wrong: `Cilium ${cilium.version} is not tested with it (${kubernetes})`,
        fix: `use ${known}, or try it on a test cluster first, ${OVERRIDE}`,
      },
    );
  },
};

export const ciliumKnown: Rule = {
  name: "cilium-known",
  description:
    "`cilium.version` is of a minor version that the table of compatible versions has. The program cannot tell which Gateway API and which Kubernetes go with any other.",
  severity: "warning",
  check: ({ cilium }) =>
    problemIf(
      compatibilityOf(cilium.version) === undefined &&
        semver.gte(cilium.version, OLDEST) &&
        !cilium.allowUntested,
      {
        path: "cilium.version",
        wrong: `not in the table of compatible versions (${cilium.version})`,
        fix: `use one of ${Object.keys(COMPATIBILITY).join(", ")}, or read its release notes, ${OVERRIDE}`,
      },
    ),
};

export const ciliumNotTooOld: Rule = {
  name: "cilium-not-too-old",
  description:
    "`cilium.version` is 1.17 or newer. Older versions serve other versions of Cilium's CRDs than the program makes objects of, and have charts with other values (https://docs.cilium.io/en/v1.16/operations/upgrade/).",
  severity: "error",
  check: ({ cilium }) =>
    problemIf(semver.lt(cilium.version, OLDEST) && !cilium.allowUntested, {
      path: "cilium.version",
      wrong: `older than the program knows (${cilium.version})`,
      fix: `use one of ${Object.keys(COMPATIBILITY).join(", ")}, ${OVERRIDE}`,
    }),
};

export const ciliumWithoutKnownFault: Rule = {
  name: "cilium-without-known-fault",
  description:
    "`cilium.version` is not a release with a fault that some clusters meet. The message names the fault and the release without it.",
  severity: "warning",
  check: ({ cilium }) =>
    KNOWN_FAULTS.flatMap(({ versions, fault, fixedIn }) =>
      problemIf(semver.satisfies(cilium.version, versions) && !cilium.allowUntested, {
        path: "cilium.version",
        wrong: `${fault} (${cilium.version})`,
        fix: `use ${fixedIn} or later, ${OVERRIDE}`,
      }),
    ),
};

export const ciliumNotBroken: Rule = {
  name: "cilium-not-broken",
  description:
    "`cilium.version` is not a release that has broken clusters. The message names the upstream issue.",
  severity: "error",
  check: ({ cilium }) => {
    const why = KNOWN_BROKEN[cilium.version];
    return problemIf(why !== undefined && !cilium.allowUntested, {
      path: "cilium.version",
      wrong: `${why} (${cilium.version})`,
      fix: `use a later patch release, ${OVERRIDE}`,
    });
  },
};

export const ciliumNotFirstRelease: Rule = {
  name: "cilium-not-first-release",
  description:
    "`cilium.version` is not the first release of a minor version. Its regressions are fixed in patch releases; those that broke clusters are refused by name (`cilium-not-broken`).",
  severity: "warning",
  check: ({ cilium }) =>
    problemIf(
      semver.patch(cilium.version) === 0 &&
        semver.prerelease(cilium.version) === null &&
        KNOWN_BROKEN[cilium.version] === undefined &&
        !cilium.allowUntested,
      {
        path: "cilium.version",
        wrong: `the first release of a minor version (${cilium.version})`,
        fix: `wait for its first patch release, ${OVERRIDE}`,
      },
    ),
};

export const versionsNotPreRelease: Rule = {
  name: "versions-not-pre-release",
  description:
    "Neither `cilium.version` nor `gatewayApi.version` is a pre-release. A pre-release is for tests, and its CRDs may still change.",
  severity: "warning",
  check: ({ cilium, gatewayApi }) =>
    Object.entries({
      "cilium.version": cilium.version,
      "gatewayApi.version": gatewayApi.enabled ? gatewayApi.version : undefined,
    }).flatMap(([path, version]) =>
      problemIf(
        version !== undefined && semver.prerelease(version) !== null && !cilium.allowUntested,
        {
          path,
          wrong: `a pre-release (${version})`,
          fix: `use a release, ${OVERRIDE}`,
        },
      ),
    ),
};

export const hubbleRelayNeedsHubble: Rule = {
  name: "hubble-relay-needs-hubble",
  description:
    "`hubble.relay` needs `hubble.enabled: true`. The relay collects the flows that Hubble records, and the chart refuses one without the other (templates/validate.yaml).",
  severity: "error",
  check: ({ hubble }) =>
    problemIf(hubble.relay && !hubble.enabled, {
      path: "hubble.relay",
      wrong: "there are no flows to relay (true, with hubble.enabled false)",
      fix: "set hubble.enabled: true",
    }),
};

export const hubbleUiNeedsRelay: Rule = {
  name: "hubble-ui-needs-relay",
  description:
    "`hubble.ui` needs `hubble.relay: true`. The page shows the flows that the relay collects, and the chart refuses one without the other (templates/validate.yaml).",
  severity: "error",
  check: ({ hubble }) =>
    problemIf(hubble.ui && !hubble.relay, {
      path: "hubble.ui",
      wrong: "the page shows the flows of the relay, which is off (true, with hubble.relay false)",
      fix: "set hubble.relay: true",
    }),
};

export const hubbleMetricsNeedHubble: Rule = {
  name: "hubble-metrics-need-hubble",
  description:
    "`hubble.metrics` need `hubble.enabled: true`. They are counted from the flows that Hubble records (https://docs.cilium.io/en/stable/observability/metrics/).",
  severity: "error",
  check: ({ hubble }) =>
    problemIf(hubble.metrics.length > 0 && !hubble.enabled, {
      path: "hubble.metrics",
      wrong: `there are no flows to count (${hubble.metrics.join(", ")}, with hubble.enabled false)`,
      fix: "set hubble.enabled: true, or leave them out",
    }),
};

/** Metrics that an agent of Cilium 1.17 to 1.20 has (pkg/hubble/metrics). */
const METRICS = [
  "dns",
  "drop",
  "flow",
  "flows-to-world",
  "http",
  "httpV2",
  "icmp",
  "kafka",
  "policy",
  "port-distribution",
  "sctp",
  "tcp",
];

export const hubbleMetricsKnown: Rule = {
  name: "hubble-metrics-known",
  description:
    "Each entry of `hubble.metrics` begins with the name of a metric that Hubble has, and http is not beside httpV2. The agent skips a metric that it does not know, and refuses these two together (pkg/hubble/metrics/api/registry.go).",
  severity: "error",
  check: ({ hubble: { metrics } }) => {
    const names = metrics.map((metric) => metric.split(":")[0] ?? "");
    return [
      ...names.flatMap((name, index) =>
        problemIf(!METRICS.includes(name), {
          path: `hubble.metrics.${index}`,
          wrong: `Hubble has no such metric (${name})`,
          fix: `use one of ${METRICS.join(", ")}`,
        }),
      ),
      ...problemIf(names.includes("http") && names.includes("httpV2"), {
        path: "hubble.metrics",
        wrong: "the agent takes only one of two metrics (http, httpV2)",
        fix: "leave http out",
      }),
    ];
  },
};

export const hubbleIssuerWithCertmanager: Rule = {
  name: "hubble-issuer-with-certmanager",
  description:
    "`hubble.issuer` is set where `hubble.certificates` is certmanager, and only there. The chart refuses cert-manager without an issuer (templates/validate.yaml).",
  severity: "error",
  check: ({ hubble: { enabled, certificates, issuer }, cilium }) => {
    const isCertmanager = certificates === "certmanager";
    const isGiven =
      issuer !== undefined ||
      valueAt(cilium.values, "hubble.tls.auto.certManagerIssuerRef") !== undefined;
    return [
      ...problemIf(enabled && isCertmanager && !isGiven, {
        path: "hubble.issuer",
        wrong: "missing (hubble.certificates certmanager)",
        fix: "name the issuer; cert-manager needs the cluster's network, so a new cluster starts with helm or cronJob",
      }),
      ...problemIf(!isCertmanager && issuer !== undefined, {
        path: "hubble.issuer",
        wrong: `it has no effect (hubble.certificates ${certificates})`,
        fix: "leave it out, or set hubble.certificates: certmanager",
      }),
    ];
  },
};

export const serviceMonitorsNeedPrometheus: Rule = {
  name: "service-monitors-need-prometheus",
  description:
    "`prometheus.serviceMonitors` needs `prometheus.enabled: true`. A ServiceMonitor points Prometheus at metrics, and the chart makes none without them (templates/cilium-agent/servicemonitor.yaml).",
  severity: "error",
  check: ({ prometheus }) =>
    problemIf(prometheus.serviceMonitors && !prometheus.enabled, {
      path: "prometheus.serviceMonitors",
      wrong: "there are no metrics to collect (true, with prometheus.enabled false)",
      fix: "set prometheus.enabled: true",
    }),
};

export const userValuesWithoutConflicts: Rule = {
  name: "user-values-without-conflicts",
  description:
    "No value in `cilium.values` differs from the one that a key of the configuration sets. The rules check the key, and would not see the value that wins.",
  severity: "error",
  check: (settings) =>
    conflictingValues(settings).map(({ path, key, managed, user }) => ({
      path: `cilium.values.${path}`,
      wrong: `${key} decides this value (${JSON.stringify(user)}, and ${JSON.stringify(managed)} by ${key})`,
      fix: `set ${key} instead, and leave this one out`,
    })),
};

export const userValuesNotDead: Rule = {
  name: "user-values-not-dead",
  description:
    "`cilium.values` has none but values of the chart of this version of Cilium (config/derived/knownCharts.json, made of the charts themselves). Helm accepts a value that no template of the chart reads, and does not say so. `cilium.allowUntested: true` makes it a warning, for a chart of your own that has more values.",
  severity: "error",
  check: ({ cilium }) =>
    unknownUserValues(cilium)
      .filter(({ isCertain }) => isCertain)
      .map(describeUnknown),
};

export const userValuesKnown: Rule = {
  name: "user-values-known",
  description:
    "Where `cilium.version` is newer than the charts that the program knows, `cilium.values` has none but values of the newest of them. A newer chart may have more.",
  severity: "warning",
  check: ({ cilium }) =>
    unknownUserValues(cilium)
      .filter(({ isCertain }) => !isCertain)
      .map(describeUnknown),
};

function describeUnknown({ path, wrong, fix }: UnknownValue): Problem {
  return { path: `cilium.values.${path}`, wrong, fix };
}

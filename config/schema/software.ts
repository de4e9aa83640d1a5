import { z } from "zod";
import { CHANGES } from "./changes";
import { resources, version, versionWithV } from "./types";

export const gatewayApi = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe(
        "Whether the program installs the CRDs and Cilium serves Gateways (chart, gatewayAPI.enabled).",
      ),
    version: versionWithV
      .optional()
      .describe(
        "Release of the Gateway API, such as v1.3.0; required where it is on. It must go with the version of Cilium.",
      ),
    channel: z
      .enum(["standard", "experimental"])
      .default("experimental")
      .describe("Release channel; experimental contains every CRD of standard."),
    source: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Source of the bundle of CRDs: the URL of a mirror, or the path of a file or folder; default: the release on GitHub.",
      ),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, { error: "not a SHA-256; write 64 lower-case hexadecimal digits" })
      .optional()
      .describe(
        "SHA-256 of the bundle, in hexadecimal; a bundle with another one is refused. Default: not checked.",
      ),
    adopt: z
      .boolean()
      .default(false)
      .describe(
        "Whether the program takes over CRDs that another tool (kubectl, Helm) has installed.",
      ),
    removeCrds: z
      .array(
        z.string().regex(/^[a-z0-9]+\.gateway\.networking\.(x-)?k8s\.io$/, {
          error:
            "not a CRD of the Gateway API; write its full name, tcproutes.gateway.networking.k8s.io",
        }),
      )
      .default([])
      .describe(
        "Full names of the CRDs that version and channel no longer contain (all of them, where the Gateway API is off), and that an update may remove once they have no objects. Default: none.",
      ),
    hostNetwork: z
      .strictObject({
        enabled: z
          .boolean()
          .default(false)
          .describe(
            "Whether Gateways listen on the nodes' own ports, without a Service (chart, gatewayAPI.hostNetwork.enabled). Cilium's Envoy then gets the right to open ports below 1024.",
          ),
        nodeSelector: z
          .record(z.string(), z.string())
          .default({})
          .describe(
            "Labels of the nodes whose ports are used (chart, gatewayAPI.hostNetwork.nodes.matchLabels); default: all nodes.",
          ),
      })
      .prefault({})
      .describe("Gateways on the nodes' own network."),
  })
  .refine(({ enabled, version }) => !enabled || version !== undefined, {
    path: ["version"],
    error: "missing",
  })
  .prefault({ enabled: false })
  .describe("The Gateway API: its CRDs, and Cilium's Gateways; default: off.");

export const cilium = z
  .strictObject({
    version: version.describe("Version of Cilium and of its chart."),
    chart: z
      .string()
      .min(1)
      .default("cilium")
      .describe("Chart: a name in the repository, a path, or an oci:// URL."),
    repository: z
      .url()
      .default("https://helm.cilium.io")
      .describe("Helm repository of a chart that is a plain name."),
    imageRegistry: z
      .string()
      .regex(/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._/-]+)?$/, {
        error: "not a registry; write host[:port][/path], without https://",
      })
      .optional()
      .describe(
        "Registry that mirrors the images of every part of the chart for a site without internet, written as host[:port][/path]; default: each image's own, mostly quay.io.",
      ),
    imageDigests: z
      .boolean()
      .default(true)
      .describe(
        "Whether images are pulled by the chart's digests. A mirror that was filled with docker pull and push has other digests (chart, image.useDigest of each part).",
      ),
    timeout: z
      .int()
      .min(900)
      .default(900)
      .describe(
        "Seconds that Helm waits for the Release, at least 900: the nodes pull all images before the cluster has a network.",
      ),
    operatorReplicas: z
      .int()
      .min(1)
      .optional()
      .describe(
        "Number of operators, no two of which share a node; default: 2, or 1 on a cluster of one node.",
      ),
    resources: z
      .strictObject({
        agent: resources.optional().describe("Resources of the agent, which runs on every node."),
        operator: resources.optional().describe("Resources of each operator."),
        envoy: resources
          .optional()
          .describe("Resources of the Envoy proxy, which runs on every node."),
      })
      .prefault({})
      .describe(
        "Requests and limits of Cilium's containers; default: the chart's, which sets none.",
      ),
    values: z
      .record(z.string(), z.unknown())
      .default({})
      .describe(
        "Further values of Cilium's chart, deep-merged over all others; a list replaces the whole list.",
      ),
    protect: z
      .boolean()
      .default(true)
      .describe(
        "Whether the program refuses to destroy the stack, to delete or replace the Release (without it no pod has a network), and to delete a CRD (all its objects go with it).",
      ),
    retainOnDelete: z
      .boolean()
      .default(false)
      .describe(
        "Whether the Release, the CRDs, pools, policies and BGP objects stay in the cluster when they leave the stack, to hand them over.",
      ),
    allowUntested: z
      .boolean()
      .default(false)
      .describe(
        "Whether the rules accept versions that are known not to go together, or that have not been tested together.",
      ),
    allowChanges: z
      .array(z.enum(CHANGES))
      .default([])
      .describe(
        "Changes of a live cluster that an update may make, though it would refuse them otherwise: another Helm release, another name or id of the cluster, a pod CIDR (or a mask size of Cilium's cluster pool) that goes or changes, another IPAM mode, a minor version of Cilium skipped. Set it for the one update that makes the change. Default: none.",
      ),
  })
  .describe("Cilium's Helm Release.");

export const hubble = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe("Whether agents record flows (chart, hubble.enabled)."),
    relay: z
      .boolean()
      .default(false)
      .describe(
        "Whether Hubble Relay serves the flows of all agents at one address (chart, hubble.relay.enabled).",
      ),
    ui: z
      .boolean()
      .default(false)
      .describe("Whether Hubble's web page runs; needs the relay (chart, hubble.ui.enabled)."),
    metrics: z
      .array(
        z.string().regex(/^[A-Za-z0-9-]+(:\S+)?$/, {
          error: "not a metric; write its name, or name:options, like dns or dns:query;ignoreAAAA",
        }),
      )
      .default([])
      .describe(
        "Metrics that are counted from flows, such as dns, drop and tcp (chart, hubble.metrics.enabled).",
      ),
    certificates: z
      .enum(["helm", "cronJob", "certmanager"])
      .default("helm")
      .describe(
        "Issuer of Hubble's certificates (chart, hubble.tls.auto.method). Helm's are valid for 365 days, and only an upgrade of the Release renews them.",
      ),
    issuer: z
      .strictObject({
        name: z.string().min(1).describe("Name of the issuer."),
        kind: z.string().min(1).default("ClusterIssuer").describe("Kind of the issuer."),
        group: z.string().min(1).default("cert-manager.io").describe("API group of the issuer."),
      })
      .optional()
      .describe(
        "cert-manager's issuer of Hubble's certificates, needed with certificates: certmanager (chart, hubble.tls.auto.certManagerIssuerRef). cert-manager itself needs the cluster's network first; default: none.",
      ),
  })
  .prefault({})
  .describe("Hubble, which makes the traffic of the cluster visible.");

export const prometheus = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe("Whether agents, operators and proxies serve metrics (chart, prometheus.enabled)."),
    operator: z
      .boolean()
      .optional()
      .describe(
        "Whether operators serve metrics (chart, operator.prometheus.enabled); default: as enabled.",
      ),
    envoy: z
      .boolean()
      .optional()
      .describe(
        "Whether Envoy proxies serve metrics (chart, envoy.prometheus.enabled); default: as enabled.",
      ),
    serviceMonitors: z
      .boolean()
      .default(false)
      .describe(
        "Whether the chart creates ServiceMonitors for the Prometheus operator, whose CRDs must exist (chart, prometheus.serviceMonitor.enabled).",
      ),
  })
  .prefault({})
  .describe("Metrics for Prometheus.");

export const verification = z
  .strictObject({
    mode: z
      .enum(["strict", "warn", "off"])
      .default("strict")
      .describe(
        "strict: a failed check fails the update; warn: it is only reported; off: nothing is checked.",
      ),
    wait: z
      .int()
      .min(0)
      .max(3600)
      .default(120)
      .describe(
        "Grace period after an update, in seconds, before a failing check counts: operators react within seconds, leases within their duration.",
      ),
  })
  .prefault({})
  .describe("Verification, at the end of an update, that the cluster runs what the stack says.");

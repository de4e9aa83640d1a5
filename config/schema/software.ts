import { z } from "zod";
import { resources, version } from "./types";

/** The Gateway API's custom resource definitions. */
export const gatewayApi = z
  .strictObject({
    version: version.describe("Release, e.g. v1.3.0. It must go with the version of Cilium."),
    channel: z
      .enum(["standard", "experimental"])
      .default("experimental")
      .describe("Channel; experimental contains every CRD of standard."),
    source: z
      .string()
      .min(1)
      .optional()
      .describe(
        "URL of a mirror, or path of a file or folder, with the bundle; default: the release on GitHub.",
      ),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, { error: "not a SHA-256; write 64 lower-case hexadecimal digits" })
      .optional()
      .describe(
        "SHA-256 of the bundle, hexadecimal; one with another is refused. Default: not checked.",
      ),
    adopt: z
      .boolean()
      .default(false)
      .describe("Take over CRDs that something else (kubectl, Helm) has installed before."),
    removeCrds: z
      .array(
        z.string().regex(/^[a-z0-9]+\.gateway\.networking\.(x-)?k8s\.io$/, {
          error:
            "not a CRD of the Gateway API; write its full name, tcproutes.gateway.networking.k8s.io",
        }),
      )
      .default([])
      .describe(
        "Full names of CRDs that version and channel no longer have and that may go, once they hold no objects. Default: none goes.",
      ),
  })
  .describe("The Gateway API's custom resource definitions.");

/** Cilium's Helm Release. */
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
      .describe("Helm repository, used for a chart that is a plain name."),
    imageRegistry: z
      .string()
      .regex(/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._/-]+)?$/, {
        error: "not a registry; write host[:port][/path], without https://",
      })
      .optional()
      .describe(
        "Registry that mirrors quay.io for a site without internet, as host[:port][/path]; default: quay.io.",
      ),
    timeout: z
      .int()
      .min(900)
      .default(900)
      .describe(
        "Seconds that Helm waits for the Release, at least 900: images are pulled by nodes that have no network yet.",
      ),
    operatorReplicas: z
      .int()
      .min(1)
      .optional()
      .describe("Operators, no two on one node; default: 2, or 1 on a cluster of one node."),
    resources: z
      .strictObject({
        agent: resources.optional().describe("Of the agent, on every node."),
        operator: resources.optional().describe("Of the operator."),
        envoy: resources.optional().describe("Of the proxy, on every node."),
      })
      .prefault({})
      .describe("Requests and limits; default: the chart's, which sets none."),
    values: z
      .record(z.string(), z.unknown())
      .default({})
      .describe("Values deep-merged over all others, last; lists are replaced."),
    protect: z
      .boolean()
      .default(true)
      .describe(
        "Refuse to destroy the stack or to replace the Release, whose removal takes every pod's network down.",
      ),
    retainOnDelete: z
      .boolean()
      .default(false)
      .describe(
        "Leave the Release and the CRDs in the cluster when the stack is destroyed, to hand them over.",
      ),
    allowUntested: z
      .boolean()
      .default(false)
      .describe(
        "Let through versions that are known not to go together, or that nobody has tried.",
      ),
  })
  .describe("Cilium's Helm Release.");

/** Hubble. */
export const hubble = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe("Whether agents record flows (chart, hubble.enabled)."),
    relay: z
      .boolean()
      .default(false)
      .describe("One address for all agents' flows (chart, hubble.relay.enabled)."),
    ui: z
      .boolean()
      .default(false)
      .describe("The web page (chart, hubble.ui.enabled); needs the relay."),
    metrics: z
      .array(z.string().min(1))
      .default([])
      .describe("Metrics out of flows, e.g. dns, drop, tcp (chart, hubble.metrics.enabled)."),
    certificates: z
      .enum(["helm", "cronJob", "certmanager"])
      .default("helm")
      .describe(
        "Who makes the certificates (chart, hubble.tls.auto.method). Helm's last 365 days and need an upgrade to be renewed.",
      ),
  })
  .prefault({})
  .describe("Hubble, Cilium's view of the traffic.");

/** Prometheus. */
export const prometheus = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe("Metrics of agents, operator and proxy (chart, prometheus.enabled)."),
    serviceMonitors: z
      .boolean()
      .default(false)
      .describe(
        "ServiceMonitors for the Prometheus operator, whose CRDs must be there (chart, prometheus.serviceMonitor.enabled).",
      ),
  })
  .prefault({})
  .describe("Metrics for Prometheus.");

/** Proof, at the end of an update, that the network works. */
export const verification = z
  .strictObject({
    mode: z
      .enum(["strict", "warn", "off"])
      .default("strict")
      .describe(
        "strict: an update fails when a check does; warn: it says what is wrong; off: nothing is checked.",
      ),
    wait: z
      .int()
      .min(0)
      .max(3600)
      .default(120)
      .describe(
        "Seconds that what fails has to become right after an update: operators answer within seconds, leases within their duration.",
      ),
  })
  .prefault({})
  .describe("Proof, at the end of an update, that what runs is what was asked for.");

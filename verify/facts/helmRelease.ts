import type { V1Secret } from "@kubernetes/client-node";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { unpackHelmRecord } from "../../kubernetes/helmRecord";

/** A revision of a Helm release, from Helm's Secret. The values are left out: they may be secret. */
export interface HelmRelease {
  readonly name: string;
  readonly namespace: string;
  readonly revision: number;
  /** Helm's state: deployed, failed, pending-install, … */
  readonly state: string;
  readonly chartVersion: string;
  /** Name of the chart. */
  readonly chart: string;
  /** Data of the ConfigMap cilium-config in the manifest; undefined when it has none. */
  readonly ciliumConfig: Readonly<Record<string, string>> | undefined;
}

/** The fields of Helm's record that are read (helm.sh/helm/v3/pkg/release). */
const record = z.object({
  name: z.string(),
  namespace: z.string(),
  version: z.number(),
  info: z.object({ status: z.string() }),
  chart: z.object({ metadata: z.object({ name: z.string(), version: z.string() }) }),
  manifest: z.string(),
});

/**
 * Reads Helm's Secret.
 * @throws Error when it has another form.
 */
export function readHelmRelease(secret: V1Secret): HelmRelease {
  const { name, namespace, version, info, chart, manifest } = record.parse(
    unpackHelmRecord(secret),
  );
  return {
    name,
    namespace,
    revision: version,
    state: info.status,
    chart: chart.metadata.name,
    chartVersion: chart.metadata.version,
    ciliumConfig: ciliumConfigOf(manifest),
  };
}

function ciliumConfigOf(manifest: string): Record<string, string> | undefined {
  // Only this object is parsed: all of the chart's take a second.
  const text = manifest
    .split(/^---$/m)
    .find(
      (document) =>
        /^kind: ConfigMap$/m.test(document) && /^ {2}name: cilium-config$/m.test(document),
    );
  if (text === undefined) return undefined;
  return parseAllDocuments(text)[0]?.toJS()?.data;
}

import { gunzipSync } from "node:zlib";
import type { V1Secret } from "@kubernetes/client-node";
import { parseAllDocuments } from "yaml";
import { z } from "zod";

/** A revision of a Helm release, out of the Secret that Helm keeps of it. Its values are left out: they may be secret. */
export interface HelmRelease {
  /** Name of the release. */
  readonly name: string;
  /** Its namespace. */
  readonly namespace: string;
  /** Number of the revision. */
  readonly revision: number;
  /** Helm's state of it: deployed, failed, pending-install, … */
  readonly state: string;
  /** Version of the chart. */
  readonly chartVersion: string;
  /** Name of the chart. */
  readonly chart: string;
  /** Data of the ConfigMap cilium-config that it made; undefined when it made none. */
  readonly ciliumConfig: Readonly<Record<string, string>> | undefined;
}

/** As much of Helm's own record as is read here (helm.sh/helm/v3/pkg/release). */
const record = z.object({
  name: z.string(),
  namespace: z.string(),
  version: z.number(),
  info: z.object({ status: z.string() }),
  chart: z.object({ metadata: z.object({ name: z.string(), version: z.string() }) }),
  manifest: z.string(),
});

/**
 * Reads Helm's Secret of a release: JSON, gzipped, base64 (and base64 once more, as every Secret).
 * @throws Error when it is not what Helm writes.
 */
export function readHelmRelease(secret: V1Secret): HelmRelease {
  const packed = Buffer.from(secret.data?.release ?? "", "base64").toString();
  const { name, namespace, version, info, chart, manifest } = record.parse(
    JSON.parse(gunzipSync(Buffer.from(packed, "base64")).toString()),
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
  // Of a chart's objects only this one is read, as parsing all of them takes a second.
  const text = manifest
    .split(/^---$/m)
    .find(
      (document) =>
        /^kind: ConfigMap$/m.test(document) && /^ {2}name: cilium-config$/m.test(document),
    );
  if (text === undefined) return undefined;
  return parseAllDocuments(text)[0]?.toJS()?.data;
}

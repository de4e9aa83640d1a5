import { gunzipSync } from "node:zlib";
import type { V1Secret } from "@kubernetes/client-node";

/**
 * Unpacks the record of a revision in Helm's Secret: JSON, gzipped, in base64 (and in base64 once more, as every Secret).
 * @throws Error when it has another form.
 */
export function unpackHelmRecord({ data }: V1Secret): unknown {
  const packed = Buffer.from(data?.release ?? "", "base64").toString();
  return JSON.parse(gunzipSync(Buffer.from(packed, "base64")).toString());
}

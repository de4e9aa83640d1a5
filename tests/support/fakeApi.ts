import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** UID of the namespace kube-system that it tells. */
export const FAKE_UID = "0f0f0f0f-0000-4000-8000-000000000001";

/** An API server that answers the look at a cluster, and nothing else. */
export interface FakeApi {
  /** Path of a kubeconfig, with the context "prod". */
  readonly kubeconfig: string;
  /** Every request, as METHOD path. */
  readonly requests: readonly string[];
  close(): void;
}

/** Starts it, with answers by path over those of an empty cluster; a number is an HTTP status. */
export async function startFakeApi(
  answers: Readonly<Record<string, object | number>> = {},
): Promise<FakeApi> {
  const requests: string[] = [];
  const all: Record<string, object | number> = {
    "/api/v1/namespaces/kube-system": { metadata: { name: "kube-system", uid: FAKE_UID } },
    "/api/v1/nodes": { items: [] },
    "/api/v1/namespaces/kube-system/secrets": { items: [] },
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions": { items: [] },
    ...answers,
  };
  const server = createServer(({ method, url = "" }, response) => {
    const [path = ""] = url.split("?");
    requests.push(`${method} ${path}`);
    const answer = (method === "GET" ? all[path] : undefined) ?? 404;
    response.statusCode = typeof answer === "number" ? answer : 200;
    response.setHeader("content-type", "application/json");
    const body = typeof answer === "number" ? { message: `no: ${path}`, code: answer } : answer;
    response.end(JSON.stringify(body));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const folder = mkdtempSync(join(tmpdir(), "talos-cilium-api-"));
  const kubeconfig = join(folder, "kubeconfig");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "fake",
        cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true },
      },
    ],
    users: [{ name: "fake", user: {} }],
    contexts: [{ name: "prod", context: { cluster: "fake", user: "fake" } }],
    "current-context": "prod",
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  return {
    kubeconfig,
    requests,
    close: () => {
      server.close();
      server.closeAllConnections();
      rmSync(folder, { recursive: true });
    },
  };
}

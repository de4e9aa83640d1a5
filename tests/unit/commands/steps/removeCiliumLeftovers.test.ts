import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { stepCommand } from "../../../../components/stepCommand";

const PROJECT = join(__dirname, "..", "..", "..", "..");

/** What the states of stacks have that were applied before commands/steps/ existed. */
const OLD_COMMAND = "node --require ts-node/register/transpile-only tools/removeCiliumRemains.ts";

describe("the step that removes Cilium's leftovers", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "talos-cilium-leftovers-"));
  let server: Server;
  let requests: string[];

  before(async () => {
    // An API server with one CRD of Cilium's and one lease, which go when they are deleted.
    const crd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    const leases = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
    server = createServer(({ method, url = "" }, response) => {
      const path = url.split("?")[0] ?? "";
      requests.push(`${method} ${path}`);
      const gone = requests.includes(`DELETE ${crd}/ciliumnodes.cilium.io`);
      const items: Record<string, unknown[]> = {
        "/api/v1/namespaces/kube-system/pods": [],
        [crd]: gone ? [] : [{ metadata: { name: "ciliumnodes.cilium.io" }, spec: CILIUM_NODES }],
        [leases]: [
          { metadata: { name: "cilium-l2announce-default-web" } },
          { metadata: { name: "somebody-elses" } },
        ],
      };
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify(method === "GET" ? { items: items[path] } : {}));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    writeFileSync(
      join(folder, "kubeconfig"),
      JSON.stringify({
        clusters: [
          {
            name: "c",
            // Without it the client refuses HTTP.
            cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true },
          },
        ],
        users: [{ name: "u", user: {} }],
        contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      }),
    );
  });
  beforeEach(() => {
    requests = [];
  });
  after(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  for (const [what, command] of [
    ["the program", stepCommand("removeCiliumLeftovers")],
    ["the state of an older stack", OLD_COMMAND],
  ] as const) {
    it(`is what the command of ${what} runs`, async () => {
      const [node = "", ...args] = command.split(" ");
      const { exitCode, stderr } = await execa(node, args, {
        cwd: PROJECT,
        env: { KUBECONFIG: join(folder, "kubeconfig"), KUBE_CONTEXT: "c" },
        reject: false,
      });
      assert.equal(stderr, "");
      assert.equal(exitCode, 0);
      assert.deepEqual(
        requests.filter((request) => request.startsWith("DELETE")),
        [
          "DELETE /apis/apiextensions.k8s.io/v1/customresourcedefinitions/ciliumnodes.cilium.io",
          "DELETE /apis/coordination.k8s.io/v1/namespaces/kube-system/leases/cilium-l2announce-default-web",
        ],
      );
      assert.equal(requests[0], "GET /api/v1/namespaces/kube-system/pods");
    });
  }
});

const CILIUM_NODES = {
  group: "cilium.io",
  names: { kind: "CiliumNode", plural: "ciliumnodes" },
  versions: [{ name: "v2", storage: true, served: true }],
};

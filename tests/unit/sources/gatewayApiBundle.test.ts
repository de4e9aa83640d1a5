import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadGatewayApiBundle } from "../../../sources/gatewayApiBundle";

const gateways = crd("gateways.gateway.networking.k8s.io");
const routes = crd("httproutes.gateway.networking.k8s.io");
const policy = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: safe-upgrades.gateway.networking.k8s.io }
`;
const wanted = { version: "v1.6.1", channel: "experimental" as const };

describe("the Gateway API's bundle", () => {
  const folder = mkdtempSync(join(tmpdir(), "talos-cilium-bundle-"));
  const answers: { status: number; text: string }[] = [];
  let server: Server;
  let url: string;

  before(async () => {
    server = createServer((_request, response) => {
      const { status, text } = answers.shift() ?? { status: 500, text: "" };
      response.writeHead(status).end(text);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/install.yaml`;
  });
  after(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  it("is the same from a file, a folder and a mirror, digest included; other YAML is left out", async () => {
    const file = join(folder, "install.yaml");
    const text = [gateways, routes, policy, "resources: [a.yaml]"].join("---\n");
    writeFileSync(file, text);
    answers.push({ status: 200, text });
    const fromFile = await loadGatewayApiBundle({ ...wanted, source: file });
    assert.deepEqual(
      fromFile.crds.map(({ metadata }) => metadata.name),
      ["gateways.gateway.networking.k8s.io", "httproutes.gateway.networking.k8s.io"],
    );
    assert.equal(fromFile.policies.length, 1);
    assert.deepEqual(await loadGatewayApiBundle({ ...wanted, source: folder }), fromFile);
    assert.deepEqual(await loadGatewayApiBundle({ ...wanted, source: url }), fromFile);
  });

  it("is asked for again when the mirror fails, but not when it has none", async () => {
    answers.push({ status: 503, text: "" }, { status: 200, text: gateways });
    assert.equal((await loadGatewayApiBundle({ ...wanted, source: url })).crds.length, 1);
    answers.push({ status: 404, text: "" }, { status: 200, text: gateways });
    await assert.rejects(
      loadGatewayApiBundle({ ...wanted, source: url }),
      /it cannot be downloaded \(HTTP 404\); see gatewayApi\.source/,
    );
    answers.length = 0;
  });

  it("is refused with another SHA-256, and accepted with the right one", async () => {
    const sha256 = createHash("sha256").update(gateways).digest("hex");
    answers.push({ status: 200, text: gateways }, { status: 200, text: gateways });
    await loadGatewayApiBundle({ ...wanted, source: url, sha256 });
    await assert.rejects(
      loadGatewayApiBundle({ ...wanted, source: url, sha256: "0".repeat(64) }),
      new RegExp(`its SHA-256 is ${sha256}, not the configured 0{64}`),
    );
  });

  const wrong: Record<string, [text: string, message: RegExp]> = {
    "of another version": [
      crd("gateways.gateway.networking.k8s.io", "v1.3.0"),
      /gateways\.gateway\.networking\.k8s\.io is of v1\.3\.0, experimental, not v1\.6\.1, experimental/,
    ],
    "with a CRD twice": [
      [gateways, gateways].join("---\n"),
      /it holds gateways\.gateway\.networking\.k8s\.io twice; take one channel only/,
    ],
    "without a CRD": [policy, /it holds no CustomResourceDefinition/],
    "that is not YAML": ["a: b: c", /it is not YAML/],
  };
  for (const [what, [text, message]] of Object.entries(wrong)) {
    it(`is refused ${what}`, async () => {
      answers.push({ status: 200, text });
      await assert.rejects(loadGatewayApiBundle({ ...wanted, source: url }), message);
    });
  }

  it("is refused when there is no such file", async () => {
    await assert.rejects(
      loadGatewayApiBundle({ ...wanted, source: join(folder, "none.yaml") }),
      /none\.yaml: it cannot be read \(ENOENT/,
    );
  });
});

function crd(name: string, version = "v1.6.1"): string {
  return `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: ${name}
  annotations:
    gateway.networking.k8s.io/bundle-version: ${version}
    gateway.networking.k8s.io/channel: experimental
spec: { group: gateway.networking.k8s.io }
`;
}

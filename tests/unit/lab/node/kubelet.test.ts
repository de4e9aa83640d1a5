import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { CoreV1Api } from "@kubernetes/client-node";
import {
  containerEnvironment,
  type EnvironmentSources,
  expand,
} from "../../../../lab/node/environment";
import { findImage, overridesOf } from "../../../../lab/node/images";
import { Probe } from "../../../../lab/node/probe";

describe("the lab's kubelet", () => {
  const args = {
    object: { metadata: { name: "web-1", namespace: "default", uid: "1-2" }, spec: {} },
    node: { name: "talos-1", address: "192.168.10.100", controlPlane: false },
    apiService: "10.15.0.1",
    core: {
      readNamespacedConfigMap: async () => ({ data: { mtu: "1450" } }),
    } as unknown as CoreV1Api,
  } as unknown as EnvironmentSources;

  it("gives a container its own variables over those that every pod has", async () => {
    const env = [
      { name: "KUBERNETES_SERVICE_HOST", value: "localhost" },
      { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
      { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
      { name: "MTU", valueFrom: { configMapKeyRef: { name: "cilium-config", key: "mtu" } } },
      { name: "ABSENT", valueFrom: { configMapKeyRef: { name: "cilium-config", key: "no" } } },
      { name: "BOTH", value: "$(NODE)/$(IP)/$(OTHER)" },
    ];
    assert.deepEqual(
      await containerEnvironment({ ...args, container: { name: "web", env } }, ["10.14.0.7"]),
      {
        HOSTNAME: "web-1",
        KUBERNETES_SERVICE_HOST: "localhost",
        KUBERNETES_SERVICE_PORT: "443",
        NODE: "talos-1",
        IP: "10.14.0.7",
        MTU: "1450",
        BOTH: "talos-1/10.14.0.7/$(OTHER)",
      },
    );
    assert.equal(expand("--debug=$(CILIUM_DEBUG)", { CILIUM_DEBUG: "false" }), "--debug=false");
  });

  it("knows an image by its repository, whatever its tag and digest", () => {
    assert.deepEqual(findImage("quay.io/cilium/cilium:v1.20.2@sha256:0123"), {});
    assert.deepEqual(findImage("registry.k8s.io/coredns/coredns")?.entrypoint, ["coredns"]);
    assert.equal(findImage("docker.io/library/nginx:1"), undefined);
    assert.ok(
      overridesOf("cilium-agent").every(
        (flag) => flag.startsWith("--enable-") || flag.startsWith("--external-"),
      ),
    );
    assert.deepEqual(overridesOf("coredns"), []);
  });

  describe("probes a container", () => {
    let server: Server;
    let port: number;
    let healthy = true;
    let headers: string | undefined;
    before(async () => {
      server = createServer((request, response) => {
        headers = request.headers.brief as string | undefined;
        response.writeHead(healthy ? 200 : 503).end();
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      ({ port } = server.address() as AddressInfo);
    });
    after(() => server.close());

    const firstResult = (spec: object) =>
      new Promise<boolean>((resolve) => {
        const probe: Probe = new Probe({
          spec: { failureThreshold: 1, ...spec },
          address: "127.0.0.1",
          ports: [{ name: "health", containerPort: port }],
          onChange: (isHealthy) => {
            probe.stop();
            resolve(isHealthy);
          },
        });
      });

    it("by HTTP, with the probe's headers, at a port with a name", async () => {
      const httpHeaders = [{ name: "brief", value: "true" }];
      assert.equal(
        await firstResult({ httpGet: { path: "/healthz", port: "health", httpHeaders } }),
        true,
      );
      assert.equal(headers, "true");
      healthy = false;
      assert.equal(await firstResult({ httpGet: { path: "/healthz", port: "health" } }), false);
    });

    it("by TCP", async () => {
      assert.equal(await firstResult({ tcpSocket: { port } }), true);
      assert.equal(await firstResult({ tcpSocket: { port: 1 } }), false);
    });

    it("by no other way, which is never healthy", async () => {
      assert.equal(await firstResult({ exec: { command: ["true"] } }), false);
    });
  });
});

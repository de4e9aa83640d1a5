import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ciliumValues, clientRateLimit } from "../../../components/ciliumValues";
import { readStackFile, settingsOf } from "../../../lab/stack/stackConfig";

const prod = readStackFile("prod");

/** Values for prod with some keys of cilium's, nodes' or loadBalancing's configuration changed. */
function valuesWith(changes: Record<string, object>) {
  const config = Object.fromEntries(
    Object.entries(prod).map(([key, value]) => [
      key,
      { ...(value as object), ...changes[key.replace("talos-cilium:", "")] },
    ]),
  );
  return ciliumValues(settingsOf(config), "digest");
}

describe("values of Cilium's chart", () => {
  it("are, for prod, those of the source document and what Talos needs beside them", () => {
    const source = parse(
      readFileSync(join(__dirname, "../../fixtures/source/values.yaml"), "utf8"),
    );
    assert.deepEqual(valuesWith({}), {
      ...source,
      autoDirectNodeRoutes: true,
      bpf: { masquerade: true, hostLegacyRouting: true },
      cgroup: { autoMount: { enabled: false }, hostRoot: "/sys/fs/cgroup" },
      devices: ["ens18"],
      gatewayAPI: {
        enabled: true,
        enableAlpn: true,
        enableAppProtocol: true,
        gatewayClass: { create: "true" },
      },
      ipam: { mode: "kubernetes" },
      k8s: { requireIPv4PodCIDR: true },
      k8sClientRateLimit: { qps: 20, burst: 40 },
      operator: {
        replicas: 2,
        rollOutPods: true,
        podAnnotations: { "talos-cilium/gateway-api-crds": "digest" },
      },
      rollOutCiliumPods: true,
      securityContext: {
        capabilities: {
          ciliumAgent: [
            "CHOWN",
            "KILL",
            "NET_ADMIN",
            "NET_RAW",
            "IPC_LOCK",
            "SYS_ADMIN",
            "SYS_RESOURCE",
            "DAC_OVERRIDE",
            "FOWNER",
            "SETGID",
            "SETUID",
          ],
          cleanCiliumState: ["NET_ADMIN", "SYS_ADMIN", "SYS_RESOURCE"],
        },
      },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
    });
  });

  it("have one operator on a cluster of one node", () => {
    const values = valuesWith({ nodes: { controlPlanes: ["192.168.10.100"] } });
    assert.equal((values.operator as { replicas: number }).replicas, 1);
  });

  it("take the user's own over all others, replace lists, and leave out null", () => {
    const values = valuesWith({
      cilium: {
        values: {
          hubble: { relay: { enabled: true } },
          bpf: { masquerade: false, tproxy: null },
          devices: ["bond0"],
          MTU: null,
        },
      },
    });
    assert.deepEqual(values.hubble, { relay: { enabled: true } });
    assert.deepEqual(values.bpf, { masquerade: false, hostLegacyRouting: true });
    assert.deepEqual(values.devices, ["bond0"]);
    assert.ok(!("MTU" in values));
  });

  it("have a client rate limit that grows with the Services", () => {
    assert.deepEqual(clientRateLimit(1), { qps: 20, burst: 40 });
    assert.deepEqual(clientRateLimit(50), { qps: 20, burst: 40 });
    assert.deepEqual(clientRateLimit(51), { qps: 21, burst: 42 });
    assert.deepEqual(clientRateLimit(1000), { qps: 210, burst: 420 });
    const values = valuesWith({ loadBalancing: { services: 500 } });
    assert.deepEqual(values.k8sClientRateLimit, { qps: 110, burst: 220 });
  });
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { ciliumValues } from "../../../../config/derived/ciliumValues";
import { clientRateLimit } from "../../../../config/derived/clientRateLimit";
import type { HelmValues } from "../../../../config/derived/helmValues";
import { readStackConfig, settingsOf } from "../../../../config/stackFile";
import { STACKS } from "../../../support/stacks";

const prod = readStackConfig("prod", STACKS);

/** Values for prod with some keys of its configuration changed. */
function valuesWith(changes: Record<string, object>) {
  const changed = Object.entries(changes).map(([key, value]) => {
    const path = `talos-cilium:${key}`;
    return [path, { ...(prod[path] as object | undefined), ...value }];
  });
  return ciliumValues(settingsOf({ ...prod, ...Object.fromEntries(changed) }), "digest");
}

describe("values of Cilium's chart", () => {
  it("are, for prod, those of the source document and what Talos needs beside them", () => {
    const source = parse(
      readFileSync(join(__dirname, "../../../fixtures/source/values.yaml"), "utf8"),
    );
    assert.deepEqual(valuesWith({}), {
      ...source,
      l2announcements: {
        enabled: true,
        leaseDuration: "15s",
        leaseRenewDeadline: "5s",
        leaseRetryPeriod: "2s",
      },
      ipv4: { enabled: true },
      ipv6: { enabled: false },
      autoDirectNodeRoutes: true,
      directRoutingSkipUnreachable: false,
      bandwidthManager: { enabled: false, bbr: false },
      bgpControlPlane: { enabled: false },
      encryption: { enabled: false, nodeEncryption: false },
      envoy: { prometheus: { enabled: false, serviceMonitor: { enabled: false } } },
      hubble: {
        enabled: true,
        relay: { enabled: false },
        ui: { enabled: false },
        tls: { auto: { method: "helm" } },
      },
      loadBalancer: { acceleration: "disabled", algorithm: "random", mode: "snat" },
      prometheus: { enabled: false, serviceMonitor: { enabled: false } },
      bpf: { masquerade: true, hostLegacyRouting: true },
      cgroup: { autoMount: { enabled: false }, hostRoot: "/sys/fs/cgroup" },
      devices: ["ens18"],
      gatewayAPI: {
        enabled: true,
        enableAlpn: true,
        enableAppProtocol: true,
        externalTrafficPolicy: "Cluster",
        gatewayClass: { create: "true" },
      },
      ipam: { mode: "kubernetes" },
      k8s: { requireIPv4PodCIDR: true, requireIPv6PodCIDR: false },
      k8sClientRateLimit: { qps: 20, burst: 40 },
      operator: {
        prometheus: { enabled: false, serviceMonitor: { enabled: false } },
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
          hubble: { relay: { rollOutPods: true } },
          bpf: { tproxy: true, lbMapMax: null },
          updateStrategy: { rollingUpdate: { maxUnavailable: 2 } },
          securityContext: { capabilities: { cleanCiliumState: ["NET_ADMIN"] } },
          MTU: null,
        },
      },
    });
    assert.deepEqual((values.hubble as HelmValues).relay, { enabled: false, rollOutPods: true });
    assert.deepEqual(values.bpf, { tproxy: true, masquerade: true, hostLegacyRouting: true });
    assert.deepEqual((values.updateStrategy as HelmValues).rollingUpdate, { maxUnavailable: 2 });
    const { capabilities } = values.securityContext as { capabilities: HelmValues };
    assert.deepEqual(capabilities.cleanCiliumState, ["NET_ADMIN"]);
    assert.ok(!("MTU" in values));
  });

  it("keep every key of the user's own as it is spelt, whatever JavaScript makes of it", () => {
    const own = {
      podLabels: { constructor: "a", prototype: "b", toString: "c", "example.org/d": "e" },
      extraConfig: { "0": "first", "[1]": "second", "a.b": { constructor: { name: "x" } } },
    };
    const values = valuesWith({ cilium: { values: own } });
    assert.deepEqual(values.podLabels, own.podLabels);
    assert.deepEqual(values.extraConfig, own.extraConfig);
  });

  it("let the user's own replace a list by a mapping, and ours stay as they were", () => {
    const capabilities = { cleanCiliumState: { drop: ["ALL"] } };
    const values = valuesWith({
      cilium: { values: { securityContext: { capabilities } } },
    });
    const context = values.securityContext as { capabilities: HelmValues };
    assert.deepEqual(context.capabilities.cleanCiliumState, { drop: ["ALL"] });
    const others = valuesWith({}).securityContext as { capabilities: HelmValues };
    assert.deepEqual(others.capabilities.cleanCiliumState, [
      "NET_ADMIN",
      "SYS_ADMIN",
      "SYS_RESOURCE",
    ]);
  });

  it("have, in tunnel mode, no routes and no native CIDR", () => {
    const values = valuesWith({ routing: { mode: "tunnel", tunnelProtocol: "geneve", mtu: 1450 } });
    assert.equal(values.routingMode, "tunnel");
    assert.equal(values.tunnelProtocol, "geneve");
    assert.equal(values.autoDirectNodeRoutes, false);
    assert.equal(values.MTU, 1450);
    assert.ok(!("ipv4NativeRoutingCIDR" in values));
  });

  it("have both families on a dual-stack cluster", () => {
    const values = valuesWith({
      network: {
        podCidrs: ["10.14.0.0/16", "fd14::/56"],
        serviceCidrs: ["10.15.0.0/16", "fd15::/112"],
      },
    });
    assert.deepEqual(values.ipv6, { enabled: true });
    assert.equal(values.ipv6NativeRoutingCIDR, "fd14::/56");
    assert.deepEqual(values.k8s, { requireIPv4PodCIDR: true, requireIPv6PodCIDR: true });
  });

  it("pull every image from the mirror of a site without internet", () => {
    const values = valuesWith({ cilium: { imageRegistry: "registry.lan:5000/quay" } });
    const repository = (value: unknown) =>
      (value as { image: { repository: string } }).image.repository;
    assert.equal(repository(values), "registry.lan:5000/quay/cilium/cilium");
    assert.equal(repository(values.operator), "registry.lan:5000/quay/cilium/operator");
    assert.equal(repository(values.envoy), "registry.lan:5000/quay/cilium/cilium-envoy");
    assert.equal(repository(values.certgen), "registry.lan:5000/quay/cilium/certgen");
  });

  it("have a client rate limit that grows with the Services", () => {
    assert.deepEqual(clientRateLimit(1, 5), { qps: 20, burst: 40 });
    assert.deepEqual(clientRateLimit(50, 5), { qps: 20, burst: 40 });
    assert.deepEqual(clientRateLimit(51, 5), { qps: 21, burst: 42 });
    assert.deepEqual(clientRateLimit(65, 2), { qps: 43, burst: 86 });
    const values = valuesWith({ loadBalancing: { services: 500 } });
    assert.deepEqual(values.k8sClientRateLimit, { qps: 110, burst: 220 });
  });
});

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "yaml";
import {
  ciliumValues,
  GATEWAY_API_ANNOTATION,
  type Settings,
  TALOS_VALUES,
  VALUE_MAPPINGS,
  valueAt,
} from "../../../config";
import { importValues } from "../../../importer/importValues";
import { leavesOf, removeAt, type Tree } from "../../../importer/tree";
import { acceptedSettings } from "../../support/acceptedSettings";
import { anyConfig } from "../../support/anyConfig";
import { ROOT, settingsFrom, stackConfig } from "./stacks";

const FIXTURES = join(ROOT, "tests/fixtures");
const READ_KEYS = VALUE_MAPPINGS.flatMap(({ key, fromChart }) => (fromChart ? [key] : []));
const base = read("base.yaml");

/** Imports the chart's values of some settings, with all that no value of the chart has given beside them. */
function importAgain(settings: Settings) {
  const given = structuredClone(settings) as Tree;
  for (const key of READ_KEYS) {
    // With tunnels the chart has no pod CIDR, and a very wide one may be more than the pods'.
    const { podCidrs, nativeRoutingCidrs } = settings.network;
    const isWide = nativeRoutingCidrs !== undefined || podCidrs.some((cidr) => cidr.endsWith("/8"));
    if (key === "network.podCidrs" && (isWide || settings.routing.mode === "tunnel")) continue;
    removeAt(given, key.split("."));
  }
  removeAt(given, ["cilium", "values"]);
  return importValues(ciliumValues(settings, "digest"), [], { settings: given });
}

function assertGivenBack(settings: Settings, name = "") {
  const { config, changes, missing } = importAgain(settings);
  assert.deepEqual(missing, [], name);
  assert.deepEqual(
    changes.filter(({ what }) => !what.startsWith("network.podCidrs")),
    [],
    name,
  );
  assert.deepEqual(ciliumValues(settingsFrom(config), "digest"), ciliumValues(settings, "digest"));
}

function read(...path: string[]): Record<string, unknown> {
  return parse(readFileSync(join(FIXTURES, ...path), "utf8"));
}

const everything = settingsFrom({
  cluster: { name: "everything", id: 300, maxConnectedClusters: 511 },
  nodes: { controlPlanes: ["192.168.10.100"], workers: ["192.168.10.101", "192.168.10.102"] },
  kubePrism: { host: "127.0.0.1", port: 7446 },
  talos: { forwardKubeDnsToHost: false, hostLegacyRouting: false },
  network: {
    podCidrs: ["10.14.0.0/16", "fd14::/56"],
    serviceCidrs: ["10.15.0.0/16", "fd15::/112"],
  },
  routing: { mode: "native", routes: "network", devices: ["ens18", "bond+"], mtu: 1400 },
  encryption: { type: "ipsec", ipsecSecretName: "keys" },
  bandwidthManager: { enabled: true, bbr: true },
  gatewayApi: { version: "v1.3.0", hostNetwork: { enabled: true, nodeSelector: { edge: "yes" } } },
  cilium: {
    version: "1.18.4",
    imageDigests: false,
    imageRegistry: "registry.lan:5000/quay",
    operatorReplicas: 3,
    resources: {
      agent: { limits: { memory: "1Gi" } },
      operator: { requests: { cpu: "100m" } },
      envoy: { requests: { memory: "64Mi" } },
    },
  },
  loadBalancing: {
    pools: [{ start: "192.168.10.50", stop: "192.168.10.59" }],
    leaseDuration: 30,
    leaseRenewDeadline: 10,
    leaseRetryPeriod: 3,
    algorithm: "maglev",
    mode: "dsr",
    acceleration: "native",
    gatewayTrafficPolicy: "Local",
  },
  bgp: { localAsn: 64512, peers: [{ name: "router", address: "192.168.10.1", asn: 64513 }] },
  hubble: {
    relay: true,
    ui: true,
    metrics: ["dns"],
    certificates: "certmanager",
    issuer: { name: "internal" },
  },
  prometheus: { enabled: true, operator: false, envoy: false, serviceMonitors: true },
});
const wireguard = settingsFrom({
  ...base,
  encryption: { type: "wireguard", nodeEncryption: true },
  talos: { forwardKubeDnsToHost: false, bpfMasquerade: false },
  routing: { skipUnreachable: true },
  loadBalancing: {
    pools: [{ start: "192.168.10.50", stop: "192.168.10.99" }],
    policies: [{}],
    services: 500,
  },
  hubble: { enabled: false },
});
const tunnels = settingsFrom({
  ...stackConfig("prod"),
  talos: { masquerade: false },
  routing: { mode: "tunnel", tunnelProtocol: "geneve" },
});
/** Cilium as the network alone, with kube-proxy. */
const alone = settingsFrom({
  ...base,
  kubeProxyReplacement: false,
  gatewayApi: { enabled: false },
  loadBalancing: {},
});
const stacks = {
  prod: settingsFrom(stackConfig("prod")),
  lab: settingsFrom(stackConfig("lab")),
  everything,
  wireguard,
  tunnels,
  alone,
};

describe("values that settings lead to", function () {
  // Each import reads the configuration about twenty times, and there are about a hundred.
  this.timeout(60_000);

  for (const [name, settings] of Object.entries(stacks)) {
    it(`lead back to the settings of ${name}`, () => {
      assertGivenBack(settings);
      const again = settingsFrom(importAgain(settings).config);
      for (const key of READ_KEYS) {
        assert.deepEqual(valueAt(again, key), valueAt(settings, key), key);
      }
      assert.deepEqual(again.cilium.values, {});
    });
  }

  it("are, in these stacks, others than the defaults for every key that is read", () => {
    const defaults = settingsFrom(base);
    const never = READ_KEYS.filter((key) =>
      Object.values(stacks).every(
        (settings) =>
          JSON.stringify(valueAt(settings, key)) === JSON.stringify(valueAt(defaults, key)),
      ),
    );
    assert.deepEqual(never, []);
  });

  it("lead back to the settings of every valid fixture", () => {
    for (const file of readdirSync(join(FIXTURES, "valid"))) {
      const settings = settingsFrom({ ...base, ...read("valid", file) });
      // The chart does not have the order of the families, so an import lists IPv4 first.
      if (!settings.network.podCidrs[0]?.includes(":")) assertGivenBack(settings, file);
    }
  });

  it("lead back to any settings that are accepted", () => {
    let accepted = 0;
    fc.assert(
      fc.property(anyConfig, (config) => {
        const settings = acceptedSettings(config);
        if (settings === undefined) return;
        accepted++;
        assertGivenBack(settings);
      }),
      { numRuns: 400 },
    );
    assert.ok(accepted >= 4, `only ${accepted} were accepted`);
  });

  it("are, beside those with a key, exactly what the program sets by itself", () => {
    const managed = new Set(VALUE_MAPPINGS.map(({ path }) => path));
    const others = leavesOf(ciliumValues(stacks.prod, "digest"), managed)
      .filter(({ path }) => !managed.has(path))
      .map(({ path, value }) => [path, value]);
    assert.deepEqual(Object.fromEntries(others), {
      ...TALOS_VALUES,
      [`operator.podAnnotations.${GATEWAY_API_ANNOTATION}`]: "digest",
    });
  });

  it("have each path once", () => {
    const paths = VALUE_MAPPINGS.map(({ path }) => path);
    assert.deepEqual(paths, [...new Set(paths)]);
  });

  it("name no pod CIDR with tunnels, which is then to be written", () => {
    const { config, missing } = importValues(ciliumValues(tunnels, "digest"), []);
    assert.deepEqual(config.routing, { mode: "tunnel", tunnelProtocol: "geneve" });
    assert.match(missing.find(({ path }) => path === "network.podCidrs")?.why ?? "", /no pod CIDR/);
  });
});

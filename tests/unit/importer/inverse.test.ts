import assert from "node:assert/strict";
import { ciliumValues } from "../../../config/derived/ciliumValues";
import { managedValues } from "../../../config/derived/managedValues";
import { TALOS_VALUES } from "../../../config/derived/talosValues";
import type { Settings } from "../../../config/schema";
import { type Given, importValues } from "../../../importer/importValues";
import { INVERSE, TYPED } from "../../../importer/inverse";
import { DIGEST } from "../../../importer/setAlready";
import { leavesOf, valueAt } from "../../../importer/tree";
import { settingsFrom, stackConfig } from "./stacks";

const prod = settingsFrom(stackConfig("prod"));

/** The settings with what no value of the chart tells laid under those that were imported. */
function reimport(settings: Settings) {
  const { nodes, network, cilium, gatewayApi, loadBalancing, bgp } = settings;
  const given: Given = {
    settings: {
      "cilium.version": cilium.version,
      "gatewayApi.version": gatewayApi.version,
      nodes,
    },
  };
  const imported = importValues(ciliumValues(settings, "digest"), [], given);
  const under = (key: string, others: object) => ({
    [key]: { ...others, ...(imported.config[key] as object | undefined) },
  });
  const { pools, policies } = loadBalancing;
  const { serviceCidrs, nodeCidrMaskSizes } = network;
  return {
    imported,
    settings: settingsFrom({
      ...imported.config,
      ...under("network", { serviceCidrs, nodeCidrMaskSizes }),
      ...under("loadBalancing", { pools, policies }),
      ...under("talos", { forwardKubeDnsToHost: settings.talos.forwardKubeDnsToHost }),
      bgp,
    }),
  };
}

describe("the inverse of the typed values", () => {
  it("has every path with the key that decides it, and says how or why not", () => {
    assert.deepEqual(
      INVERSE.map(({ path, key }) => ({ path, key })).sort(byPath),
      managedValues(prod)
        .map(({ path, key }) => ({ path, key }))
        .sort(byPath),
    );
    for (const { path, read, notRead } of INVERSE) {
      assert.notEqual(read === undefined, notRead === undefined, path);
    }
  });

  it("leaves out exactly what the program sets by itself", () => {
    const others = leavesOf(ciliumValues(prod, "digest"), new Set(TYPED.keys()))
      .filter(({ path }) => !TYPED.has(path))
      .map(({ path, value }) => [path, value]);
    assert.deepEqual(Object.fromEntries(others), { ...TALOS_VALUES, [DIGEST]: "digest" });
  });

  const everything = settingsFrom({
    cluster: { name: "everything", id: 9 },
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
    gatewayApi: { version: "v1.3.0" },
    cilium: {
      version: "1.18.4",
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
      services: 500,
      leaseDuration: 30,
      leaseRenewDeadline: 10,
      leaseRetryPeriod: 3,
      algorithm: "maglev",
      mode: "dsr",
      acceleration: "native",
      gatewayTrafficPolicy: "Local",
    },
    bgp: { localAsn: 64512, peers: [{ name: "router", address: "192.168.10.1", asn: 64513 }] },
    hubble: { relay: true, ui: true, metrics: ["dns"], certificates: "cronJob" },
    prometheus: { enabled: true, serviceMonitors: true },
  });
  const stacks = { prod, lab: settingsFrom(stackConfig("lab")), everything };
  for (const [name, settings] of Object.entries(stacks)) {
    it(`gives back the settings of ${name} from their values`, () => {
      const again = reimport(settings);
      for (const { key } of INVERSE) {
        assert.deepEqual(valueAt(again.settings, key), valueAt(settings, key), key);
      }
      assert.deepEqual(ciliumValues(again.settings, "digest"), ciliumValues(settings, "digest"));
      assert.equal(valueAt(again.imported.config, "cilium.values"), undefined);
    });
  }

  it("gives back tunnels", () => {
    const settings = settingsFrom({
      ...stackConfig("prod"),
      routing: { mode: "tunnel", tunnelProtocol: "geneve" },
    });
    const { config, missing } = importValues(ciliumValues(settings, "digest"), []);
    assert.deepEqual(config.routing, { mode: "tunnel", tunnelProtocol: "geneve" });
    assert.match(missing.find(({ path }) => path === "network.podCidrs")?.why ?? "", /no pod CIDR/);
  });
});

function byPath(a: { path: string }, b: { path: string }): number {
  return a.path.localeCompare(b.path);
}

import fc from "fast-check";

/** A value that is mostly a good one, and now and then rubbish of any type. */
function mostly<T>(good: fc.Arbitrary<T>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 60, arbitrary: good }, { weight: 1, arbitrary: fc.anything() });
}

/** A key that is mostly left at its default. */
function seldom(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: value },
  );
}

/** Mostly nothing, so that the key has its default, and now and then one of some values. */
function few<T>(...values: readonly T[]): fc.Arbitrary<T | undefined> {
  return rarely<T | undefined>([undefined], values);
}

/** One of the good values, and now and then one of those that some rule refuses. */
function rarely<T>(good: readonly T[], bad: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 10, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom(...bad) },
  );
}

/** An address of a small LAN, so that collisions happen, or any address at all. */
const address = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 98, max: 199 }).map((last) => `192.168.10.${last}`) },
  { weight: 1, arbitrary: fc.ipV4() },
  { weight: 1, arbitrary: fc.ipV6() },
);
const podCidr = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom("10.14.0.0/16", "10.244.0.0/16", "10.20.0.0/14") },
  { weight: 1, arbitrary: fc.constantFrom("fd14::/56", "10.14.3.0/16", "192.168.0.0/16") },
);
const selector = fc.record({
  matchLabels: fc.dictionary(fc.constantFrom("tier", "lan"), fc.constantFrom("a", "b")),
});

/** Configurations of every kind: good ones, ones that break a rule, and ones that are no configuration at all. */
export const anyConfig: fc.Arbitrary<Record<string, unknown>> = fc.record({
  cluster: mostly(
    fc.record({
      name: mostly(rarely(["talos-prod"], ["default", "Upper"])),
      id: mostly(fc.integer({ min: 1, max: 255 })),
      maxConnectedClusters: few(511),
      kubernetes: few("1.33.2"),
    }),
  ),
  nodes: mostly(
    fc.record({
      controlPlanes: fc.uniqueArray(address, { minLength: 1, maxLength: 3 }),
      workers: fc.array(address, { maxLength: 2 }),
    }),
  ),
  lan: seldom(
    mostly(rarely<object>([{ cidr: "192.168.10.0/24" }, {}], [{ cidr: "192.168.10.1/24" }])),
  ),
  network: mostly(
    fc.record({
      podCidrs: fc.array(podCidr, { minLength: 1, maxLength: 1 }),
      serviceCidrs: rarely([["10.96.0.0/12"], ["10.15.0.0/16"]], [["fd15::/112"]]),
      nativeRoutingCidrs: few(["10.0.0.0/8"]),
    }),
  ),
  routing: seldom(
    mostly(
      fc.record({
        mode: fc.constantFrom("native", "tunnel"),
        tunnelProtocol: rarely(["vxlan"], ["geneve"]),
        devices: rarely([[], ["ens18"], ["ens+"]], [["e*"], ["s+"]]),
        mtu: fc.constantFrom(undefined, 1280, 1500, 9000),
        routes: few("network", "bgp"),
        skipUnreachable: few(true),
      }),
    ),
  ),
  talos: seldom(
    mostly(
      fc.record({
        forwardKubeDnsToHost: fc.boolean(),
        bpfMasquerade: fc.boolean(),
        hostLegacyRouting: fc.boolean(),
        masquerade: few(false),
      }),
    ),
  ),
  kubeProxyReplacement: few(false),
  kubePrism: few({ host: "127.0.0.1", port: 7446 }, { host: "api.lan", port: 6443 }),
  encryption: seldom(
    mostly(
      fc.record({
        type: fc.constantFrom("none", "wireguard", "ipsec"),
        nodeEncryption: few(true),
        ipsecSecretName: few("keys"),
      }),
    ),
  ),
  bandwidthManager: seldom(mostly(fc.record({ enabled: fc.boolean(), bbr: fc.boolean() }))),
  gatewayApi: mostly(
    rarely<object>(
      [
        { version: "v1.3.0" },
        { version: "v1.3.0", channel: "standard" },
        { version: "v1.3.0", hostNetwork: { enabled: true, nodeSelector: { edge: "yes" } } },
        { enabled: false },
      ],
      [{ version: "v1.6.1", adopt: true }],
    ),
  ),
  cilium: mostly(
    fc.record({
      version: fc.constantFrom("1.18.4", "1.19.6", "1.20.2"),
      allowUntested: rarely([true], [false]),
      imageRegistry: fc.constantFrom(undefined, "registry.lan:5000"),
      imageDigests: few(false),
      operatorReplicas: fc.constantFrom(undefined, 1, 2),
      resources: fc.constantFrom(undefined, {
        agent: { requests: { cpu: "100m", memory: "256Mi" } },
        operator: { limits: { memory: "1Gi" } },
        envoy: { requests: { cpu: "1" } },
      }),
      values: rarely<object>(
        [{}, { debug: { enabled: true } }, { podAnnotations: { "example.org/a": "b" } }],
        [{ routingMode: "tunnel" }, { cgroup: { automount: { enabled: false } } }],
      ),
    }),
  ),
  loadBalancing: mostly(
    fc.record({
      pools: fc.array(
        mostly(
          fc.record({
            name: fc.constantFrom("a", "b"),
            start: fc.constantFrom("192.168.10.50", "192.168.10.200"),
            stop: fc.constantFrom("192.168.10.99", "192.168.10.220"),
            serviceSelector: fc.oneof(fc.constant(undefined), selector),
          }),
        ),
        { minLength: 0, maxLength: 2, size: "-1" },
      ),
      policies: fc.array(
        mostly(
          fc.record({
            name: fc.constantFrom("a", "b"),
            interfaces: rarely([[], ["^ens18$"]], [["e*"], ["(["]]),
            serviceSelector: fc.oneof(fc.constant(undefined), selector),
            nodeSelector: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, selector),
            externalIPs: few(true),
          }),
        ),
        { minLength: 0, maxLength: 2, size: "-1" },
      ),
      leaseDuration: fc.integer({ min: 6, max: 30 }),
      services: few(30),
      acceleration: few("best-effort", "native"),
      gatewayTrafficPolicy: few("Local"),
      algorithm: fc.constantFrom("random", "maglev"),
      mode: fc.constantFrom("snat", "dsr", "hybrid"),
    }),
  ),
  bgp: seldom(
    mostly(
      fc.record({
        localAsn: rarely([64512], [65535]),
        peers: rarely(
          [
            [{ name: "router", address: "192.168.10.1", asn: 64513 }],
            [{ name: "far", address: "10.99.0.2", asn: 64513, multihop: 3, passwordSecret: "bgp" }],
          ],
          [[]],
        ),
        advertise: few(["LoadBalancerIP", "PodCIDR"]),
        localPreference: few(200),
        gracefulRestart: few(false),
      }),
    ),
  ),
  hubble: seldom(
    mostly(
      fc.record({
        enabled: fc.boolean(),
        relay: fc.boolean(),
        ui: fc.boolean(),
        metrics: fc.constantFrom([], ["dns", "drop"]),
        certificates: fc.constantFrom("helm", "cronJob", "certmanager"),
        issuer: few({ name: "internal" }),
      }),
    ),
  ),
  prometheus: seldom(
    mostly(
      fc.record({
        enabled: fc.boolean(),
        serviceMonitors: fc.boolean(),
        operator: few(true),
        envoy: few(true),
      }),
    ),
  ),
});

import { readSettings } from "../config";

/** Runs of each size; the fastest one counts, as other work on the machine only adds to it. */
const RUNS = 7;

const SIZES = {
  pools: [10, 100, 300, 1000],
  nodes: [10, 100, 1000, 5000],
};

/**
 * Time to read and check a configuration of many pools, each with a policy of its own, or of many nodes. Beside the
 * times stands the line through them: where a rule compares each with each, the points leave it.
 */
function main(): void {
  // The first run compiles what the others find compiled.
  fastest(configuration(100, 100));
  report("pools", (pools) => configuration(pools, 3));
  report("nodes", (nodes) => configuration(3, nodes));
}

function report(what: keyof typeof SIZES, configurationOf: (size: number) => object): void {
  const points = SIZES[what].map((size) => ({ size, ms: fastest(configurationOf(size)) }));
  for (const { size, ms } of points) {
    console.log(`${size} ${what}: ${ms.toFixed(1)} ms, ${((1000 * ms) / size).toFixed(0)} µs each`);
  }
  const { base, slope, r2 } = line(points);
  console.log(
    `${what}: ${base.toFixed(1)} ms + ${(1000 * slope).toFixed(0)} µs each (R² ${r2.toFixed(4)})`,
  );
}

/** A configuration that every rule accepts. Nodes are in 10.0.0.0/10, pools in 10.64.0.0/10, both on one LAN. */
function configuration(pools: number, nodes: number): Record<string, unknown> {
  const numbers = Array.from({ length: pools }, (_, index) => index);
  const tier = (index: number) => ({ matchLabels: { tier: `t${index}` } });
  return {
    cluster: { name: "bench", id: 1 },
    nodes: {
      controlPlanes: [address(1)],
      workers: Array.from({ length: nodes - 1 }, (_, index) => address(index + 2)),
    },
    lan: { cidr: "10.0.0.0/8", gateway: "10.255.0.1" },
    network: {
      podCidrs: ["172.16.0.0/12"],
      serviceCidrs: ["192.168.0.0/16"],
      nodeCidrMaskSizes: { ipv4: 28 },
    },
    gatewayApi: { version: "v1.3.0" },
    cilium: { version: "1.18.4" },
    loadBalancing: {
      pools: numbers.map((index) => ({
        name: `pool-${index}`,
        start: address((1 << 22) + 8 * index),
        stop: address((1 << 22) + 8 * index + 7),
        serviceSelector: tier(index),
      })),
      policies: numbers.map((index) => ({
        name: `policy-${index}`,
        interfaces: ["^ens18$"],
        serviceSelector: tier(index),
      })),
    },
  };
}

function address(number: number): string {
  return `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
}

function fastest(config: object): number {
  const times = Array.from({ length: RUNS }, () => {
    const began = performance.now();
    readSettings({ getObject: (key) => (config as Record<string, unknown>)[key] });
    return performance.now() - began;
  });
  return Math.min(...times);
}

/** Least squares. */
function line(points: readonly { size: number; ms: number }[]) {
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(({ size }) => size)), mean(points.map(({ ms }) => ms))];
  const covariance = mean(points.map(({ size, ms }) => (size - x) * (ms - y)));
  const variance = mean(points.map(({ size }) => (size - x) ** 2));
  const slope = covariance / variance;
  const base = y - slope * x;
  const rest = mean(points.map(({ size, ms }) => (ms - base - slope * size) ** 2));
  return { base, slope, r2: 1 - rest / mean(points.map(({ ms }) => (ms - y) ** 2)) };
}

main();

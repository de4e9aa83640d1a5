/**
 * Every version that the lab pins. module/go.mod names those of the Go modules once more, package.json those of the
 * npm packages, and controlPlane/coredns.yaml that of CoreDNS' image; a unit test compares them.
 */
export const VERSIONS = {
  /** Cilium whose programs the lab runs; see {@link CILIUM_MODULES} for the charts that it has. */
  cilium: "v1.20.2",
  cni: "v1.3.1",
  coredns: "v1.15.0",
  etcd: "v3.6.8",
  /** Library that KubePrism is made of, in Talos and here. */
  goLoadbalancer: "v0.5.0",
  kubernetes: "v1.36.3",
  /** The same release of Kubernetes, as its libraries are numbered. */
  kubernetesLibraries: "v0.36.3",
  kwok: "v0.8.0",
  pulumi: "v3.246.0",
  /** Command provider of Pulumi; ../stack/commandProvider stands in for it. */
  pulumiCommand: "v1.2.1",
  /** Kubernetes provider of Pulumi. */
  pulumiKubernetes: "v4.25.0",
} as const;

/** What Cilium's programs say of themselves: version, commit and its date, Go's version, platform. */
export const CILIUM_VERSION_TEXT = `${VERSIONS.cilium.slice(1)} lab 2026-01-01T00:00:00Z go version go1.26 linux/amd64`;

/** A Go module that something is taken out of: its version, and its hash as go.sum has it. */
export interface PinnedModule {
  readonly path: string;
  readonly version: string;
  readonly sum: string;
}

/** Cilium, for its chart and its BPF sources: the version that the lab runs, then one of each other minor version. */
export const CILIUM_MODULES: readonly PinnedModule[] = [
  {
    path: "github.com/cilium/cilium",
    version: VERSIONS.cilium,
    sum: "h1:dqiEGIcXc+gqCLYG/l7VCFJ8GHyb4HUrwbZOpkX5dL8=",
  },
  {
    path: "github.com/cilium/cilium",
    version: "v1.19.6",
    sum: "h1:2G0yzfral3u6v56dY3tx2pT4U1sbMXDSKTBlGBYgRGo=",
  },
  {
    path: "github.com/cilium/cilium",
    version: "v1.18.4",
    sum: "h1:/HrbeMmk46UDkJs4uJemIqxB7wuZ+QRMNVscNYua5C8=",
  },
];

/** The Gateway API, for its CRDs: a release for each version of Cilium. */
export const GATEWAY_API_MODULES: readonly PinnedModule[] = [
  {
    path: "sigs.k8s.io/gateway-api",
    version: "v1.6.1",
    sum: "h1:mock6phZbI6rvZerwrVNk7hVNymQgHo+6sJ81Ia7ftY=",
  },
  {
    path: "sigs.k8s.io/gateway-api",
    version: "v1.4.1",
    sum: "h1:NPxFutNkKNa8UfLd2CMlEuhIPMQgDQ6DXNKG9sHbJU8=",
  },
  {
    path: "sigs.k8s.io/gateway-api",
    version: "v1.3.0",
    sum: "h1:q6okN+/UKDATola4JY7zXzx40WO4VISk7i9DIfOvr9M=",
  },
];

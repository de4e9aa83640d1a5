import semver from "semver";
import type { Settings } from "./schema";

/** Versions that go with a minor version of Cilium. */
export interface Compatibility {
  /** Range of Gateway API versions whose CRDs this Cilium finds and serves. */
  readonly gatewayApi: string;
  /** Range of Kubernetes versions that this Cilium is tested with; undefined where nobody has collected it. */
  readonly kubernetes?: string;
  /** The Gateway API version that a message suggests. */
  readonly recommended: string;
  /** apiVersion in which this Cilium serves CiliumLoadBalancerIPPool and its BGP kinds. */
  readonly apiVersion: "cilium.io/v2" | "cilium.io/v2alpha1";
  /** Page that states the versions. */
  readonly source: string;
}

/**
 * Cilium's operator looks for the CRDs once, at its start. Where they are older than it needs, it disables its gateway
 * controller without an error. Where they no longer serve a version that it needs, it does not start
 * (https://github.com/cilium/cilium/issues/44920).
 */
export const COMPATIBILITY: Readonly<Record<string, Compatibility>> = {
  "1.17": {
    gatewayApi: "~1.2.0",
    recommended: "v1.2.1",
    apiVersion: "cilium.io/v2alpha1",
    source: "https://github.com/kubernetes-sigs/gateway-api/tree/main/conformance/reports/v1.2.0",
  },
  "1.18": {
    gatewayApi: ">=1.3.0 <1.5.0",
    kubernetes: ">=1.30.0 <1.34.0",
    recommended: "v1.3.0",
    apiVersion: "cilium.io/v2",
    source: "https://docs.cilium.io/en/v1.18/network/servicemesh/gateway-api/gateway-api/",
  },
  "1.19": {
    gatewayApi: "~1.4.0",
    kubernetes: ">=1.31.0 <1.35.0",
    recommended: "v1.4.1",
    apiVersion: "cilium.io/v2",
    source: "https://docs.cilium.io/en/v1.19/network/servicemesh/gateway-api/gateway-api/",
  },
  "1.20": {
    gatewayApi: ">=1.6.1 <1.7.0",
    kubernetes: ">=1.33.0 <1.37.0",
    recommended: "v1.6.1",
    apiVersion: "cilium.io/v2",
    source: "https://docs.cilium.io/en/v1.20/network/servicemesh/gateway-api/gateway-api/",
  },
};

/** Releases that have broken clusters, and how. */
export const KNOWN_BROKEN: Readonly<Record<string, string>> = {
  "1.18.6":
    "the kernel of Talos 1.12 refuses its programs (https://github.com/cilium/cilium/issues/44216)",
  "1.19.0":
    "the kernel of Talos 1.12 refuses its programs (https://github.com/cilium/cilium/issues/44216)",
  "1.20.0": "its proxy stops taking configuration (https://github.com/cilium/cilium/issues/47624)",
};

/** Releases with a fault that only some clusters meet: which, and the release without it. */
export const KNOWN_FAULTS: readonly {
  readonly versions: string;
  readonly fault: string;
  readonly fixedIn: string;
}[] = [
  {
    versions: ">=1.19.0 <1.19.5",
    fault:
      "a Service at the address of a node cuts that node off (https://github.com/cilium/cilium/issues/44430)",
    fixedIn: "1.19.5",
  },
];

/** The oldest version whose chart and CRDs the program knows. */
export const OLDEST = "1.17.0";

/** The row of the table for the newest minor version. */
export const NEWEST = COMPATIBILITY["1.20"] as Compatibility;

/** The row of the table for a version of Cilium; undefined where the table does not have its minor version. */
export function compatibilityOf(ciliumVersion: string): Compatibility | undefined {
  return COMPATIBILITY[minorOf(ciliumVersion)];
}

/** apiVersion of pools and BGP kinds for the settings' Cilium; versions newer than the table serve cilium.io/v2. */
export function ciliumApiVersion({ cilium }: Settings): Compatibility["apiVersion"] {
  return compatibilityOf(cilium.version)?.apiVersion ?? "cilium.io/v2";
}

/** The minor version of a version: 1.20 of 1.20.2. */
export function minorOf(version: string): string {
  return `${semver.major(version)}.${semver.minor(version)}`;
}

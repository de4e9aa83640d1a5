import { isDeepStrictEqual } from "node:util";
import type { Dropped } from "./report";
import { selectorOf } from "./selector";
import { isTree, type Tree, valueAt } from "./tree";

/** An element of loadBalancing.policies; absent fields have their defaults. */
export interface Policy {
  /** Name, absent when it is the default one. */
  readonly name?: unknown;
  /** Regular expressions of interfaces. */
  readonly interfaces?: unknown;
  /** Nodes that may announce. */
  readonly nodeSelector?: unknown;
  /** Services that it announces, absent for all. */
  readonly serviceSelector?: unknown;
  /** Whether spec.externalIPs are announced, too. */
  readonly externalIPs?: unknown;
}

/** A policy, and whether its manifest announced LoadBalancer addresses at all. */
export interface ImportedPolicy {
  /** The element of loadBalancing.policies. */
  readonly policy: Policy;
  /** loadBalancerIPs of the manifest, whose default is false. */
  readonly announces: boolean;
  /** externalIPs of the manifest. */
  readonly external: boolean;
}

/** The schema's default, which on Talos is every node. */
const LINUX = { matchLabels: { "kubernetes.io/os": "linux" } };

/** Reads a manifest of kind CiliumL2AnnouncementPolicy. */
export function policyOf(manifest: Tree): ImportedPolicy {
  const spec = isTree(manifest.spec) ? manifest.spec : {};
  const name = valueAt(manifest, "metadata.name");
  const nodeSelector = selectorOf(spec.nodeSelector);
  const serviceSelector = selectorOf(spec.serviceSelector);
  const external = spec.externalIPs === true;
  return {
    policy: {
      ...(name !== "services" && { name }),
      ...(spec.interfaces !== undefined && { interfaces: spec.interfaces }),
      ...(nodeSelector !== undefined &&
        !isDeepStrictEqual(nodeSelector, LINUX) && { nodeSelector }),
      ...(serviceSelector !== undefined && { serviceSelector }),
      ...(external && { externalIPs: true }),
    },
    announces: spec.loadBalancerIPs === true,
    external,
  };
}

/** What a policy begins to do that its manifest did not. */
export function policyReport({
  what,
  announces,
  external,
}: ImportedPolicy & { readonly what: string }): Dropped[] {
  if (announces) return [];
  const nothing = external ? "no LoadBalancer address" : "nothing";
  return [
    { what: `${what}, without loadBalancerIPs: true`, why: `it announced ${nothing}, now it does` },
  ];
}

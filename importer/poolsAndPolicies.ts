import { isDeepStrictEqual } from "node:util";
import { omitBy } from "es-toolkit/object/omitBy";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import { Address4, Address6 } from "ip-address";
import { cidrRange, cidrSchema, familyOf, LINUX_NODES, rangeSize, valueAt } from "../config";
import type { Dropped } from "./importReport";
import type { Tree } from "./tree";

/** An element of loadBalancing.pools; absent fields have their defaults. */
export interface Pool {
  /** Name, absent when it is the default one. */
  readonly name?: unknown;
  /** First address. */
  readonly start?: unknown;
  /** Last address. */
  readonly stop?: unknown;
  /** A whole CIDR instead of both. */
  readonly cidr?: unknown;
  /** Services that get an address from it, absent for all. */
  readonly serviceSelector?: unknown;
}

/**
 * Reads a manifest of kind CiliumLoadBalancerIPPool: a pool for each of its blocks, numbered when there are several.
 * @param what what the manifest is called in a report.
 * @returns the pools, and what was dropped: a pool that is disabled or has no addresses.
 */
export function poolsOf(manifest: Tree, what: string): { pools: Pool[]; dropped: Dropped[] } {
  const spec = isPlainObject(manifest.spec) ? manifest.spec : {};
  const name = valueAt(manifest, "metadata.name");
  if (spec.disabled === true) return { pools: [], dropped: [{ what, why: "it is disabled" }] };
  // Up to Cilium 1.15 blocks were called cidrs.
  const blocks = [spec.blocks, spec.cidrs].flatMap((some) => (Array.isArray(some) ? some : []));
  if (blocks.length === 0) return { pools: [], dropped: [{ what, why: "it has no addresses" }] };

  const serviceSelector = selectorOf(spec.serviceSelector);
  return {
    pools: blocks.filter(isPlainObject).map((block, index) => {
      const numbered = blocks.length > 1 ? `${name}-${index + 1}` : name;
      return {
        ...(numbered !== "services" && { name: numbered }),
        ...addresses(block, spec.allowFirstLastIPs === "No"),
        ...(serviceSelector !== undefined && { serviceSelector }),
      };
    }),
    dropped: [],
  };
}

/** The block's addresses; one with a start alone is a single address. */
function addresses(block: Tree, withoutEnds: boolean): Pool {
  const { start, stop, cidr } = block;
  if (cidr === undefined) return { start, stop: stop ?? start };
  const isCidr = cidrSchema.safeParse(cidr).success;
  return isCidr && withoutEnds ? inner(String(cidr)) : { cidr };
}

/** A CIDR without its first and last address, which allowFirstLastIPs: No keeps back; one of two addresses has none. */
function inner(cidr: string): Pool {
  if (rangeSize(cidrRange(cidr)) <= 2) return { cidr };
  const network = familyOf(cidr) === "IPv6" ? new Address6(cidr) : new Address4(cidr);
  return {
    start: network.startAddressExclusive().correctForm(),
    stop: network.endAddressExclusive().correctForm(),
  };
}

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

/** Reads a manifest of kind CiliumL2AnnouncementPolicy. */
export function policyOf(manifest: Tree): ImportedPolicy {
  const spec = isPlainObject(manifest.spec) ? manifest.spec : {};
  const name = valueAt(manifest, "metadata.name");
  const nodeSelector = selectorOf(spec.nodeSelector);
  const serviceSelector = selectorOf(spec.serviceSelector);
  const external = spec.externalIPs === true;
  return {
    policy: {
      ...(name !== "services" && { name }),
      ...(spec.interfaces !== undefined && { interfaces: spec.interfaces }),
      ...(nodeSelector !== undefined &&
        !isDeepStrictEqual(nodeSelector, LINUX_NODES) && { nodeSelector }),
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

/** A label selector of a manifest; undefined when it is absent or empty, as then it selects all. */
function selectorOf(selector: unknown): unknown {
  if (!isPlainObject(selector)) return selector ?? undefined;
  const conditions = omitBy(selector, isEmpty);
  return isEmpty(conditions) ? undefined : conditions;
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}

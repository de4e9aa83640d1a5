import { Address4, Address6 } from "ip-address";
import { cidrRange, cidrSchema, familyOf, rangeSize } from "../config";
import type { Dropped } from "./report";
import { selectorOf } from "./selector";
import { isTree, type Tree, valueAt } from "./tree";

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
  const spec = isTree(manifest.spec) ? manifest.spec : {};
  const name = valueAt(manifest, "metadata.name");
  if (spec.disabled === true) return { pools: [], dropped: [{ what, why: "it is disabled" }] };
  // Up to Cilium 1.15 blocks were called cidrs.
  const blocks = [spec.blocks, spec.cidrs].flatMap((some) => (Array.isArray(some) ? some : []));
  if (blocks.length === 0) return { pools: [], dropped: [{ what, why: "it has no addresses" }] };

  const serviceSelector = selectorOf(spec.serviceSelector);
  return {
    pools: blocks.filter(isTree).map((block, index) => {
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

import { isDeepStrictEqual } from "node:util";
import { omitBy } from "es-toolkit/object/omitBy";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import { Address4, Address6 } from "ip-address";
import { cidrRange, cidrSchema, familyOf, LINUX_NODES, rangeSize, valueAt } from "../config";
import type { Change } from "./importReport";
import { asTree, asTrees, type Tree } from "./tree";

/** An element of loadBalancing.pools; an absent field has its default. */
export interface Pool {
  readonly name?: unknown;
  readonly start?: unknown;
  readonly stop?: unknown;
  readonly cidr?: unknown;
  readonly blocks?: readonly Pool[];
  readonly serviceSelector?: unknown;
}

/** An element of loadBalancing.policies; an absent field has its default. */
export interface Policy {
  readonly name?: unknown;
  readonly interfaces?: unknown;
  readonly nodeSelector?: unknown;
  readonly serviceSelector?: unknown;
  readonly externalIPs?: unknown;
}

/** A policy, and what its manifest announced. */
export interface ImportedPolicy {
  readonly policy: Policy;
  /** Whether the manifest announced LoadBalancer addresses; the policy does in any case. */
  readonly announces: boolean;
}

/**
 * Reads a manifest of kind CiliumLoadBalancerIPPool.
 * @param what what a report calls the manifest.
 * @returns the pools, and what was lost: a pool that is disabled or has no addresses.
 */
export function readPools(manifest: Tree, what: string): { pools: Pool[]; changes: Change[] } {
  const spec = asTree(manifest.spec);
  const name = valueAt(manifest, "metadata.name");
  const without = (why: string) => ({
    pools: [],
    changes: [{ harm: "Services and Gateways" as const, what, why }],
  });
  if (spec.disabled === true) return without("not carried over: it is disabled");
  // Up to Cilium 1.15 blocks were called cidrs.
  const blocks = [spec.blocks, spec.cidrs].flatMap((some) => (Array.isArray(some) ? some : []));
  if (blocks.length === 0) return without("not carried over: it has no addresses");

  const serviceSelector = readSelector(spec.serviceSelector);
  const read = asTrees(blocks).map((block) => readBlock(block, spec.allowFirstLastIPs === "No"));
  const [only] = read;
  const pool: Pool = {
    ...(name !== "services" && { name }),
    ...(read.length === 1 ? only : { blocks: read }),
    ...(serviceSelector !== undefined && { serviceSelector }),
  };
  return { pools: [pool], changes: [] };
}

/** A block with a start alone is a single address. */
function readBlock(block: Tree, withoutEnds: boolean): Pool {
  const { start, stop, cidr } = block;
  if (cidr === undefined) return { start, stop: stop ?? start };
  const isCidr = cidrSchema.safeParse(cidr).success;
  return isCidr && withoutEnds ? withoutEndAddresses(String(cidr)) : { cidr };
}

/** allowFirstLastIPs: No withholds the first and the last address of a CIDR, unless it has two addresses or one. */
function withoutEndAddresses(cidr: string): Pool {
  if (rangeSize(cidrRange(cidr)) <= 2) return { cidr };
  const network = familyOf(cidr) === "IPv6" ? new Address6(cidr) : new Address4(cidr);
  return {
    start: network.startAddressExclusive().correctForm(),
    stop: network.endAddressExclusive().correctForm(),
  };
}

/** Reads a manifest of kind CiliumL2AnnouncementPolicy. */
export function readPolicy(manifest: Tree): ImportedPolicy {
  const spec = asTree(manifest.spec);
  const name = valueAt(manifest, "metadata.name");
  const nodeSelector = readSelector(spec.nodeSelector);
  const serviceSelector = readSelector(spec.serviceSelector);
  return {
    policy: {
      ...(name !== "services" && { name }),
      ...(spec.interfaces !== undefined && { interfaces: spec.interfaces }),
      ...(nodeSelector !== undefined &&
        !isDeepStrictEqual(nodeSelector, LINUX_NODES) && { nodeSelector }),
      ...(serviceSelector !== undefined && { serviceSelector }),
      ...(spec.externalIPs === true && { externalIPs: true }),
    },
    // The CRD's default is false.
    announces: spec.loadBalancerIPs === true,
  };
}

/** Says of a policy that it announces LoadBalancer addresses, when its manifest did not. */
export function newAnnouncements({
  what,
  policy,
  announces,
}: ImportedPolicy & { readonly what: string }): Change[] {
  if (announces) return [];
  const nothing = policy.externalIPs === true ? "no LoadBalancer address" : "nothing";
  return [
    {
      harm: "Services and Gateways",
      what: `${what}, without loadBalancerIPs: true`,
      why: `it announced ${nothing}, and the policy of the configuration announces LoadBalancer addresses`,
    },
  ];
}

/** A selector that is absent or empty selects all, and is undefined here. */
export function readSelector(selector: unknown): unknown {
  if (!isPlainObject(selector)) return selector ?? undefined;
  const conditions = omitBy(selector, isEmpty);
  return isEmpty(conditions) ? undefined : conditions;
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}

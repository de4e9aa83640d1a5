import { AddressError } from "ip-address";
import {
  type AddressRange,
  addressRange,
  cidrRange,
  count,
  describeRange,
  without,
} from "../config";
import type { RenderedObject } from "../sources/helm";

/** Addresses of a pool, or of a pod CIDR, that are gone. */
export interface Loss {
  readonly ranges: readonly AddressRange[];
  /** Exact, as IPv6 has more than a number holds. */
  readonly count: bigint;
}

/** The addresses of the old ranges that no new range has, each once. */
export function lostAddresses(
  before: readonly AddressRange[],
  after: readonly AddressRange[],
): Loss {
  const ranges: AddressRange[] = [];
  for (const range of before) ranges.push(...without(range, [...after, ...ranges]));
  return { ranges, count: ranges.reduce((sum, { first, last }) => sum + last - first + 1n, 0n) };
}

/** The loss in words: `50 addresses (192.168.10.50 to 192.168.10.99)`. */
export function describeLoss({ ranges, count: lost }: Loss): string {
  const number = lost.toLocaleString("en");
  const texts = ranges.slice(0, 5).map(describeRange);
  const more = ranges.length > 5 ? ` and ${count(ranges.length - 5, "more range")}` : "";
  return `${number} ${lost === 1n ? "address" : "addresses"} (${texts.join(", ")}${more})`;
}

/** Ranges of a CiliumLoadBalancerIPPool; those that are no addresses are left out, as Cilium does. */
export function poolRanges(pool: RenderedObject): AddressRange[] {
  const { blocks } = (pool.spec ?? {}) as { blocks?: unknown };
  if (!Array.isArray(blocks)) return [];
  return blocks.flatMap(({ start, stop, cidr }: Readonly<Record<string, string | undefined>>) =>
    rangesOf(() => {
      if (cidr !== undefined) return cidrRange(cidr);
      return addressRange(start ?? "", stop ?? start ?? "");
    }),
  );
}

/** Ranges of CIDRs in one text, with spaces or commas between them. */
export function cidrRanges(text: unknown): AddressRange[] {
  return String(text)
    .split(/[\s,]+/)
    .filter(Boolean)
    .flatMap((cidr) => rangesOf(() => cidrRange(cidr)));
}

function rangesOf(parse: () => AddressRange): AddressRange[] {
  try {
    return [parse()];
  } catch (error) {
    if (error instanceof AddressError) return [];
    throw error;
  }
}

import { Address4, Address6 } from "ip-address";

/** IPv4 or IPv6. */
export type Family = "IPv4" | "IPv6";

/** A run of addresses of one family, both ends included. */
export interface AddressRange {
  /** First address. */
  readonly start: string;
  /** Last address. */
  readonly stop: string;
}

/** Family of an address or a CIDR. */
export function familyOf(text: string): Family {
  return text.includes(":") ? "IPv6" : "IPv4";
}

/** The range that a CIDR covers, network and broadcast address included. */
export function cidrRange(cidr: string): AddressRange {
  const network = parse(cidr);
  return {
    start: network.startAddress().correctForm(),
    stop: network.endAddress().correctForm(),
  };
}

/** A single address as a range. */
export function single(address: string): AddressRange {
  return { start: address, stop: address };
}

/** Prefix length of a CIDR. */
export function prefixLength(cidr: string): number {
  return parse(cidr).subnetMask;
}

/** The CIDR with its host bits cleared: 10.14.3.0/16 becomes 10.14.0.0/16. */
export function canonicalCidrOf(cidr: string): string {
  return `${cidrRange(cidr).start}/${prefixLength(cidr)}`;
}

/** Number of addresses in a range; of an IPv6 range it may be beyond what a number holds exactly. */
export function rangeSize({ start, stop }: AddressRange): number {
  return Number(parse(stop).bigInt() - parse(start).bigInt()) + 1;
}

/** Whether two ranges share an address; ranges of different families never do. */
export function overlaps(a: AddressRange, b: AddressRange): boolean {
  return (
    familyOf(a.start) === familyOf(b.start) &&
    !precedes(a.stop, b.start) &&
    !precedes(b.stop, a.start)
  );
}

/** Whether one range lies wholly in another one. */
export function contains(outer: AddressRange, inner: AddressRange): boolean {
  return (
    familyOf(outer.start) === familyOf(inner.start) &&
    !precedes(inner.start, outer.start) &&
    !precedes(outer.stop, inner.stop)
  );
}

/** Whether an address comes before another one of its family. */
export function precedes(a: string, b: string): boolean {
  return parse(a).bigInt() < parse(b).bigInt();
}

/** The range as people write it. */
export function describeRange({ start, stop }: AddressRange): string {
  return start === stop ? start : `${start} to ${stop}`;
}

function parse(text: string): Address4 | Address6 {
  return familyOf(text) === "IPv6" ? new Address6(text) : new Address4(text);
}

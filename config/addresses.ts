import { Address4, Address6 } from "ip-address";

/** IPv4 or IPv6. */
export type Family = "IPv4" | "IPv6";

/**
 * A run of addresses of one family, both ends included. Its ends are parsed once, when one of the functions below makes
 * it, as the rules compare each range with many others.
 */
export interface AddressRange {
  readonly family: Family;
  readonly start: string;
  readonly stop: string;
  /** `start` as a number. */
  readonly first: bigint;
  /** `stop` as a number; less than `first` where the configuration has the ends swapped. */
  readonly last: bigint;
}

/** Family of an address or a CIDR. */
export function familyOf(text: string): Family {
  return text.includes(":") ? "IPv6" : "IPv4";
}

/** The range between two addresses of one family. */
export function addressRange(start: string, stop: string): AddressRange {
  return {
    family: familyOf(start),
    start,
    stop,
    first: parse(start).bigInt(),
    last: parse(stop).bigInt(),
  };
}

/** The range that a CIDR covers, network and broadcast address included. */
export function cidrRange(cidr: string): AddressRange {
  const network = parse(cidr);
  const [start, stop] = [network.startAddress(), network.endAddress()];
  return {
    family: familyOf(cidr),
    start: start.correctForm(),
    stop: stop.correctForm(),
    first: start.bigInt(),
    last: stop.bigInt(),
  };
}

/** A single address as a range. */
export function single(address: string): AddressRange {
  const value = parse(address).bigInt();
  return { family: familyOf(address), start: address, stop: address, first: value, last: value };
}

/** Prefix length of a CIDR. */
export function prefixLength(cidr: string): number {
  return parse(cidr).subnetMask;
}

/** The CIDR with its host bits cleared: 10.14.3.0/16 becomes 10.14.0.0/16. */
export function canonicalCidrOf(cidr: string): string {
  return `${cidrRange(cidr).start}/${prefixLength(cidr)}`;
}

/** Number of addresses in a range, rounded to what a number holds exactly where it is a large range of IPv6. */
export function rangeSize({ first, last }: AddressRange): number {
  return Number(last - first) + 1;
}

/** Whether two ranges share an address; ranges of different families never do. */
export function overlaps(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family && a.last >= b.first && b.last >= a.first;
}

/** Whether one range lies wholly in another one. */
export function contains(outer: AddressRange, inner: AddressRange): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

/** What is left of a range without others, in order. */
export function without(range: AddressRange, taken: readonly AddressRange[]): AddressRange[] {
  const left: AddressRange[] = [];
  let first = range.first;
  const keep = (last: bigint) => {
    if (first <= last) left.push(between(range.family, first, last));
  };
  for (const other of [...taken].sort((a, b) => (a.first < b.first ? -1 : 1))) {
    if (!overlaps(range, other)) continue;
    keep(other.first - 1n);
    if (other.last >= first) first = other.last + 1n;
  }
  keep(range.last);
  return left;
}

function between(family: Family, first: bigint, last: bigint): AddressRange {
  const text = (value: bigint) =>
    (family === "IPv4" ? Address4.fromBigInt(value) : Address6.fromBigInt(value)).correctForm();
  return { family, start: text(first), stop: text(last), first, last };
}

/** Whether an address comes before another one of its family. */
export function precedes(a: string, b: string): boolean {
  return parse(a).bigInt() < parse(b).bigInt();
}

/** A range in words: "192.168.10.50 to 192.168.10.99", or the address alone where it is one. */
export function describeRange({ start, stop }: Pick<AddressRange, "start" | "stop">): string {
  return start === stop ? start : `${start} to ${stop}`;
}

function parse(text: string): Address4 | Address6 {
  return familyOf(text) === "IPv6" ? new Address6(text) : new Address4(text);
}

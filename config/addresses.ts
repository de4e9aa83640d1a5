import { Address4 } from "ip-address";

/** A run of IPv4 addresses, both ends included. */
export interface AddressRange {
  /** First address. */
  readonly start: string;
  /** Last address. */
  readonly stop: string;
}

/** The range that a CIDR covers, network and broadcast address included. */
export function cidrRange(cidr: string): AddressRange {
  const network = new Address4(cidr);
  return {
    start: network.startAddress().correctForm(),
    stop: network.endAddress().correctForm(),
  };
}

/** The CIDR with its host bits cleared: 10.14.3.0/16 becomes 10.14.0.0/16. */
export function canonicalCidrOf(cidr: string): string {
  const network = new Address4(cidr);
  return `${network.startAddress().correctForm()}/${network.subnetMask}`;
}

/** Number of addresses in a range. */
export function rangeSize({ start, stop }: AddressRange): number {
  return Number(toNumber(stop) - toNumber(start)) + 1;
}

/** Whether two ranges share an address. */
export function overlaps(a: AddressRange, b: AddressRange): boolean {
  return toNumber(a.start) <= toNumber(b.stop) && toNumber(b.start) <= toNumber(a.stop);
}

/** Whether an address comes before another one. */
export function precedes(a: string, b: string): boolean {
  return toNumber(a) < toNumber(b);
}

function toNumber(address: string): bigint {
  return new Address4(address).bigInt();
}

import assert from "node:assert/strict";
import fc from "fast-check";
import { Address4, Address6 } from "ip-address";
import { type AddressRange, addressRange, cidrRange, familyOf } from "../../../config";
import { describeLoss, lostAddresses, poolRanges } from "../../../render/lostAddresses";
import { pool } from "../../support/stackObjects";

/** Addresses of a small part of each family, so that ranges meet. */
const text = (family: "IPv4" | "IPv6", value: number) =>
  family === "IPv4"
    ? Address4.fromBigInt(0x0a000000n + BigInt(value)).correctForm()
    : Address6.fromBigInt((0xfd00n << 112n) + BigInt(value)).correctForm();

const range: fc.Arbitrary<AddressRange> = fc
  .record({
    family: fc.constantFrom("IPv4" as const, "IPv6" as const),
    first: fc.nat(255),
    more: fc.nat(40),
    isCidr: fc.boolean(),
  })
  .map(({ family, first, more, isCidr }) =>
    isCidr
      ? cidrRange(`${text(family, first)}/${family === "IPv4" ? 29 : 125}`)
      : addressRange(text(family, first), text(family, first + more)),
  );

/** Every address of some ranges, by counting. */
function addresses(ranges: readonly AddressRange[]): Set<string> {
  const all = new Set<string>();
  for (const { family, first, last } of ranges) {
    for (let each = first; each <= last; each++) all.add(`${family} ${each}`);
  }
  return all;
}

describe("the addresses that a change takes away", () => {
  it("are those of the old ranges that no new range has, each once, of both families", () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 6 }), fc.array(range, { maxLength: 6 }), (a, b) => {
        const loss = lostAddresses(a, b);
        const left = addresses(b);
        const expected = [...addresses(a)].filter((each) => !left.has(each));
        assert.deepEqual([...addresses(loss.ranges)].sort(), expected.sort());
        assert.equal(loss.count, BigInt(expected.length));
        for (const { family, start, stop } of loss.ranges) {
          assert.deepEqual([familyOf(start), familyOf(stop)], [family, family]);
        }
      }),
    );
  });

  it("are none where the ranges are only cut otherwise", () => {
    fc.assert(
      fc.property(range, fc.nat(40), (whole, at) => {
        const middle = whole.first + BigInt(at);
        fc.pre(middle < whole.last);
        const parts = [
          { ...whole, last: middle },
          { ...whole, first: middle + 1n },
        ];
        assert.equal(lostAddresses([whole], parts).count, 0n);
        assert.equal(lostAddresses(parts, [whole]).count, 0n);
      }),
    );
  });

  it("are read from CIDRs, from start and stop, and from a start alone; what is no address has none", () => {
    const { object } = pool(
      "services",
      { cidr: "10.0.0.0/30" },
      { start: "10.0.1.1", stop: "10.0.1.2" },
      { start: "fd00::1" },
      { cidr: "10.0.0.0/99" },
      {},
    );
    const loss = lostAddresses(poolRanges(object), []);
    assert.equal(
      describeLoss(loss),
      "7 addresses (10.0.0.0 to 10.0.0.3, 10.0.1.1 to 10.0.1.2, fd00::1)",
    );
  });

  it("are shown with the first ranges only, where there are many", () => {
    const many = Array.from({ length: 9 }, (_, index) =>
      addressRange(`10.0.${index}.1`, `10.0.${index}.1`),
    );
    assert.match(describeLoss(lostAddresses(many, [])), /^9 addresses \(.*and 4 more ranges\)$/);
    assert.match(describeLoss(lostAddresses(many.slice(0, 1), [])), /^1 address \(10\.0\.0\.1\)$/);
  });
});

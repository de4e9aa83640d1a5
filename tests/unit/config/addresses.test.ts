import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addressRange,
  canonicalCidrOf,
  cidrRange,
  contains,
  familyOf,
  overlaps,
  precedes,
  prefixLength,
  rangeSize,
  single,
} from "../../../config/addresses";

const cidr = fc.oneof(
  fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map((parts) => parts.join("/")),
  fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })).map((parts) => parts.join("/")),
);
const range = fc
  .oneof(fc.tuple(fc.ipV4(), fc.ipV4()), fc.tuple(fc.ipV6(), fc.ipV6()))
  .map(([a, b]) => (precedes(b, a) ? addressRange(b, a) : addressRange(a, b)));

describe("address arithmetic", () => {
  it("finds that overlap is symmetric, and that a range overlaps itself", () => {
    fc.assert(
      fc.property(range, range, (a, b) => {
        assert.equal(overlaps(a, b), overlaps(b, a));
        assert.ok(overlaps(a, a));
      }),
    );
  });

  it("canonicalises once and for all, to a CIDR of the same range", () => {
    fc.assert(
      fc.property(cidr, (text) => {
        const canonical = canonicalCidrOf(text);
        assert.equal(canonicalCidrOf(canonical), canonical);
        assert.deepEqual(cidrRange(canonical), cidrRange(text));
        assert.equal(cidrRange(text).start, canonical.split("/")[0]);
        assert.ok(contains(cidrRange(text), single(text.split("/")[0] ?? "")));
      }),
    );
  });

  it("counts as many addresses in a CIDR as its prefix length says", () => {
    fc.assert(
      fc.property(cidr, (text) => {
        const bits = familyOf(text) === "IPv4" ? 32 : 128;
        assert.equal(rangeSize(cidrRange(text)), 2 ** (bits - prefixLength(text)));
      }),
    );
  });

  it("finds one range in another only where they overlap, and each in itself", () => {
    fc.assert(
      fc.property(range, range, (a, b) => {
        assert.ok(contains(a, a));
        if (contains(a, b)) assert.ok(overlaps(a, b));
        if (contains(a, b) && contains(b, a)) assert.equal(rangeSize(a), rangeSize(b));
      }),
    );
  });

  it("keeps the families apart", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV6(), (four, six) => {
        assert.ok(!overlaps(single(four), single(six)));
        assert.equal(familyOf(four), "IPv4");
        assert.equal(familyOf(six), "IPv6");
      }),
    );
  });

  it("knows the source document's pool", () => {
    const pool = addressRange("192.168.10.50", "192.168.10.99");
    assert.equal(rangeSize(pool), 50);
    assert.ok(!overlaps(pool, addressRange("192.168.10.100", "192.168.10.102")));
    assert.ok(overlaps(pool, cidrRange("192.168.10.96/27")));
  });
});

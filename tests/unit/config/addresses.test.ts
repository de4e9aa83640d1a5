import assert from "node:assert/strict";
import fc from "fast-check";
import {
  canonicalCidrOf,
  cidrRange,
  overlaps,
  precedes,
  rangeSize,
} from "../../../config/addresses";

const address = fc.ipV4();
const cidr = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map((parts) => parts.join("/"));
const range = fc
  .tuple(address, address)
  .map(([a, b]) => (precedes(b, a) ? { start: b, stop: a } : { start: a, stop: b }));

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
      }),
    );
  });

  it("counts as many addresses in a CIDR as its prefix length says", () => {
    fc.assert(
      fc.property(cidr, (text) => {
        assert.equal(rangeSize(cidrRange(text)), 2 ** (32 - Number(text.split("/")[1])));
      }),
    );
  });

  it("knows the source document's pool", () => {
    const pool = { start: "192.168.10.50", stop: "192.168.10.99" };
    assert.equal(rangeSize(pool), 50);
    assert.ok(!overlaps(pool, { start: "192.168.10.100", stop: "192.168.10.102" }));
    assert.ok(overlaps(pool, cidrRange("192.168.10.96/27")));
  });
});

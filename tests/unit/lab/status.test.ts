import assert from "node:assert/strict";
import { statusRows } from "../../../lab/status";
import { healthy } from "../verify/checks/healthy";

describe("the lab's status", () => {
  it("has a row for each kind of object that the stack makes", () => {
    assert.deepEqual(
      statusRows(healthy()).map(({ what, state }) => [what, state]),
      [
        ["nodes", "5 of 5 Ready"],
        ["Gateway API CRDs", "5 of 5 Established (v1.6.1 experimental)"],
        ["Release cilium", "revision 3, deployed"],
        ["GatewayClasses", "cilium: Accepted"],
        ["address pools", "services: 192.168.10.50 to 192.168.10.99, 49 of 50 free"],
        ["L2 policies", "services: on ^eth0$"],
      ],
    );
  });

  it("says none of what is not there, and has nothing to wait for", () => {
    const facts = healthy();
    Object.assign(facts, { crds: [], releases: [], gatewayClasses: [], pools: [], policies: [] });
    const rows = statusRows(facts);
    assert.deepEqual(
      rows.slice(1).map(({ state }) => state),
      Array(5).fill("none"),
    );
    assert.ok(rows.every(({ settled }) => settled));
  });

  it("is not settled while a controller has something to say", () => {
    const facts = healthy();
    facts.nodes = facts.nodes.map((node) => ({ ...node, status: {} }));
    facts.crds = facts.crds.map((crd) => ({ ...crd, status: undefined }) as never);
    facts.gatewayClasses = facts.gatewayClasses.map((one) => ({ ...one, status: {} }));
    facts.pools = facts.pools.map((pool) => ({ ...pool, status: {} }));
    assert.deepEqual(
      statusRows(facts).flatMap(({ what, settled }) => (settled ? [] : what)),
      ["nodes", "Gateway API CRDs", "GatewayClasses", "address pools"],
    );
  });
});

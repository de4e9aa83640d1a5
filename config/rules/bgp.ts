import { single } from "../addresses";
import { nodeOwners, poolOwners } from "../addressPlan";
import { apart, uniqueNames } from "./factories";
import { problem, problemIf, type Rule, repeated } from "./rule";

/** The nodes have an AS number where they peer. */
export const bgpLocalAsn: Rule = {
  name: "bgp-local-asn",
  check: ({ bgp }) =>
    problemIf(
      bgp.peers.length > 0 && bgp.localAsn === undefined,
      "bgp.localAsn",
      `missing (${bgp.peers.length} peers)`,
      "set the nodes' AS number, a private one is 64512 to 65534",
    ),
};

/** See {@link uniqueNames}. */
export const bgpPeerNames = uniqueNames("bgp-peer-names", "bgp.peers", ({ bgp }) =>
  bgp.peers.map(({ name }) => name),
);

/** AS numbers that nobody may have (RFC 7607, 4893, 7300). */
const RESERVED_ASNS = [23456, 65535, 4294967295];

/** An AS number is not a reserved one. */
export const bgpAsnReserved: Rule = {
  name: "bgp-asn-reserved",
  check: ({ bgp }) =>
    [
      { path: "bgp.localAsn", asn: bgp.localAsn },
      ...bgp.peers.map(({ asn }, index) => ({ path: `bgp.peers.${index}.asn`, asn })),
    ].flatMap(({ path, asn }) =>
      problemIf(
        asn !== undefined && RESERVED_ASNS.includes(asn),
        path,
        `a reserved AS number (${asn})`,
        "take a private one, 64512 to 65534",
      ),
    ),
};

/** A peer is signalled as lost after three missed signs of life at the earliest (RFC 4271, 4.4). */
export const bgpTimers: Rule = {
  name: "bgp-timers",
  check: ({ bgp }) =>
    problemIf(
      3 * bgp.keepAlive > bgp.holdTime,
      "bgp.keepAlive",
      `more than a third of holdTime (${bgp.keepAlive} s, ${bgp.holdTime} s)`,
      `use ${Math.floor(bgp.holdTime / 3)}, or a longer holdTime`,
    ),
};

/** Each router is a peer once. */
export const bgpPeerAddresses: Rule = {
  name: "bgp-peer-addresses",
  check: ({ bgp }) =>
    repeated(bgp.peers, ({ address }) => address).map(([address, positions]) =>
      problem(
        `bgp.peers.${positions[1]}.address`,
        `${positions.map((position) => `bgp.peers.${position}`).join(" and ")} are one router (${address})`,
        "list each router once",
      ),
    ),
};

/** A peer is a router, not a node, nor an address that a Service may get. */
export const bgpPeerIsARouter = apart(
  "bgp-peer-is-a-router",
  ({ bgp }) =>
    bgp.peers.map(({ address }, index) => ({
      path: `bgp.peers.${index}.address`,
      range: single(address),
      text: address,
    })),
  (settings) => [...nodeOwners(settings), ...poolOwners(settings)],
  "name the router's own address",
);

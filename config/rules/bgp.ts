import { bgpPeerClaims, nodeClaims, poolClaims } from "../addressPlan";
import { count } from "../text";
import { disjoint, duplicates, uniqueNames } from "./factories";
import { problemIf, type Rule } from "./rule";

export const bgpPeersNeedLocalAsn: Rule = {
  name: "bgp-peers-need-local-asn",
  description:
    "`bgp.localAsn` is set where there are `bgp.peers`. The nodes need an AS number of their own to open a session.",
  severity: "error",
  check: ({ bgp }) =>
    problemIf(bgp.peers.length > 0 && bgp.localAsn === undefined, {
      path: "bgp.localAsn",
      wrong: `missing (${count(bgp.peers.length, "peer")})`,
      fix: "set the AS number of the nodes, such as a private one from 64512 to 65534",
    }),
};

export const bgpPeerNamesUnique = uniqueNames({
  name: "bgp-peer-names-unique",
  description:
    "Each peer in `bgp.peers` has a name of its own. A CiliumBGPClusterConfig tells its peers apart by their names.",
  path: "bgp.peers",
  names: ({ bgp }) => bgp.peers.map(({ name }) => name),
});

const RESERVED_ASNS = [23456, 65535, 4294967295];

export const bgpAsnNotReserved: Rule = {
  name: "bgp-asn-not-reserved",
  description:
    "`bgp.localAsn` and each peer's `asn` are none of the reserved AS numbers 23456, 65535 and 4294967295. Nobody may use them (RFC 6793, RFC 7300).",
  severity: "error",
  check: ({ bgp }) =>
    [
      { path: "bgp.localAsn", asn: bgp.localAsn },
      ...bgp.peers.map(({ asn }, index) => ({ path: `bgp.peers.${index}.asn`, asn })),
    ].flatMap(({ path, asn }) =>
      problemIf(asn !== undefined && RESERVED_ASNS.includes(asn), {
        path,
        wrong: `a reserved AS number (${asn})`,
        fix: "use a private one, 64512 to 65534",
      }),
    ),
};

export const bgpKeepAliveWithinHoldTime: Rule = {
  name: "bgp-keep-alive-within-hold-time",
  description:
    "`bgp.keepAlive` is at most a third of `bgp.holdTime`. A peer is then considered down only after three missed messages (RFC 4271, section 4.4).",
  severity: "error",
  check: ({ bgp }) =>
    problemIf(3 * bgp.keepAlive > bgp.holdTime, {
      path: "bgp.keepAlive",
      wrong: `more than a third of holdTime (${bgp.keepAlive} s, ${bgp.holdTime} s)`,
      fix: `use ${Math.floor(bgp.holdTime / 3)}, or a longer holdTime`,
    }),
};

export const bgpPeerAddressesUnique: Rule = {
  name: "bgp-peer-addresses-unique",
  description:
    "Each peer in `bgp.peers` has an address of its own. A node opens one session with each router.",
  severity: "error",
  check: ({ bgp }) =>
    duplicates(bgp.peers, ({ address }) => address).map(([address, positions]) => ({
      path: `bgp.peers.${positions[1]}.address`,
      wrong: `${positions.map((position) => `bgp.peers.${position}`).join(" and ")} are the same router (${address})`,
      fix: "list each router once",
    })),
};

export const bgpPeerIsRouter = disjoint({
  name: "bgp-peer-is-router",
  description:
    "No `address` in `bgp.peers` is a node's or in a pool. A peer is a router, and neither a node nor a Service is one.",
  claims: bgpPeerClaims,
  others: (settings) => [...nodeClaims(settings), ...poolClaims(settings)],
  fix: "write the router's own address",
});

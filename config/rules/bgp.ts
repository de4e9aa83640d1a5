import { cidrRange, contains, familyOf, overlaps, single } from "../addresses";
import { bgpPeerClaims, gatewayClaims, lanOf, nodeClaims, poolClaims } from "../addressPlan";
import { CONTROL_PLANE_LABEL, leavesOutControlPlanes } from "../controlPlaneLabel";
import { count } from "../text";
import { disjoint, duplicates, uniqueNames } from "./factories";
import { problemIf, type Rule } from "./rule";

export const bgpPeersNeedLocalAsn: Rule = {
  name: "bgp-peers-need-local-asn",
  description:
    "`bgp.localAsn` is set where there are `bgp.peers`. The nodes need an AS number of their own to open a session (https://docs.cilium.io/en/stable/network/bgp-control-plane/bgp-control-plane-configuration/).",
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
    "Each peer in `bgp.peers` has a name of its own. A CiliumBGPClusterConfig tells its peers apart by their names (its CRD, x-kubernetes-list-map-keys).",
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
    "`bgp.keepAlive` is at most a third of `bgp.holdTime`, for each peer's own timers, too. A peer is then considered down only after three missed messages (RFC 4271, section 4.4).",
  severity: "error",
  check: ({ bgp }) =>
    [
      { path: "bgp", holdTime: bgp.holdTime, keepAlive: bgp.keepAlive },
      ...bgp.peers.flatMap(({ holdTime, keepAlive }, index) =>
        holdTime === undefined && keepAlive === undefined
          ? []
          : [
              {
                path: `bgp.peers.${index}`,
                holdTime: holdTime ?? bgp.holdTime,
                keepAlive: keepAlive ?? bgp.keepAlive,
              },
            ],
      ),
    ].flatMap(({ path, holdTime, keepAlive }) =>
      problemIf(3 * keepAlive > holdTime, {
        path: `${path}.keepAlive`,
        wrong: `more than a third of holdTime (${keepAlive} s, ${holdTime} s)`,
        fix: `use ${Math.floor(holdTime / 3)}, or a longer holdTime`,
      }),
    ),
};

export const bgpPeerInReach: Rule = {
  name: "bgp-peer-in-reach",
  description:
    "A peer of another AS is in `lan.cidr`, or has `multihop`. The packets of such a session have a TTL of 1 and reach the LAN only (https://docs.cilium.io/en/stable/network/bgp-control-plane/bgp-control-plane-configuration/, ebgpMultihop).",
  severity: "error",
  check: (settings) =>
    settings.bgp.peers.flatMap(({ address, asn, multihop }, index) => {
      const lan = lanOf(settings, familyOf(address));
      return problemIf(
        lan !== undefined &&
          asn !== settings.bgp.localAsn &&
          (multihop ?? 1) === 1 &&
          !isLinkLocal(address) &&
          !contains(lan.range, single(address)),
        {
          path: `bgp.peers.${index}.address`,
          wrong: `it is not in ${lan?.path}, and packets to a router of another AS go no further (${address}, ${lan?.text})`,
          fix: `set bgp.peers.${index}.multihop to the number of hops, or write the router's address on the LAN`,
        },
      );
    }),
};

function isLinkLocal(address: string): boolean {
  return contains(cidrRange("fe80::/10"), single(address));
}

export const bgpGatewayKnowsPods: Rule = {
  name: "bgp-gateway-knows-pods",
  description:
    "With `routing.routes: bgp`, `lan.gateway` is one of `bgp.peers`. Cilium installs no route that it learns, so packets to the pods of other nodes go to the default gateway (https://github.com/cilium/cilium/issues/31283).",
  severity: "warning",
  check: (settings) => {
    const { routing, bgp } = settings;
    if (routing.mode !== "native" || routing.routes !== "bgp" || bgp.peers.length === 0) return [];
    const peers = bgpPeerClaims(settings);
    return gatewayClaims(settings).flatMap(({ path, range, text }) =>
      problemIf(!peers.some((peer) => overlaps(peer.range, range)), {
        path,
        wrong: `it is no peer, and packets to the pods of other nodes go there (${text})`,
        fix: "peer with it, or make sure that it learns the pods' routes from the peers",
      }),
    );
  },
};

export const bgpRoutesFromEveryNode: Rule = {
  name: "bgp-routes-from-every-node",
  description:
    "With `routing.routes: bgp`, `bgp.nodeSelector` does not leave out control planes or workers. Nobody would advertise the routes to their pods.",
  severity: "error",
  check: ({ routing, bgp, nodes }) => {
    const { matchLabels = {}, matchExpressions = [] } = bgp.nodeSelector;
    const withoutControlPlanes = leavesOutControlPlanes(bgp.nodeSelector);
    const withoutWorkers =
      nodes.workers.length > 0 &&
      (Object.hasOwn(matchLabels, CONTROL_PLANE_LABEL) ||
        matchExpressions.some(
          ({ key, operator }) =>
            key === CONTROL_PLANE_LABEL && (operator === "Exists" || operator === "In"),
        ));
    const left = withoutControlPlanes ? "control planes" : "workers";
    return problemIf(
      routing.mode === "native" &&
        routing.routes === "bgp" &&
        (withoutControlPlanes || withoutWorkers),
      {
        path: "bgp.nodeSelector",
        wrong: `it leaves the ${left} out, and nobody advertises the routes to their pods (routing.routes bgp)`,
        fix: "select every node, or set routing.routes to what installs the routes",
      },
    );
  },
};

export const bgpPeerAddressesUnique: Rule = {
  name: "bgp-peer-addresses-unique",
  description:
    "Each peer in `bgp.peers` has an address of its own. A node opens one session with each router (pkg/bgp/gobgp, peers by address).",
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

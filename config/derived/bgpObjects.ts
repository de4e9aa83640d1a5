import { omitBy } from "es-toolkit/object/omitBy";
import { isUndefined } from "es-toolkit/predicate/isUndefined";
import type { Settings } from "../schema";

type Bgp = Settings["bgp"];
type Peer = Bgp["peers"][number];

/** An object of Cilium's BGP control plane that a stack makes. */
export interface BgpObject {
  readonly kind: "CiliumBGPAdvertisement" | "CiliumBGPPeerConfig" | "CiliumBGPClusterConfig";
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** The BGP objects of a stack that has peers. */
export interface BgpObjects {
  readonly advertisement: BgpObject;
  /** The configuration of all peers, named "routers", and one for each peer that differs from it, named for the peer. */
  readonly peerConfigs: readonly [BgpObject, ...BgpObject[]];
  readonly clusterConfig: BgpObject;
}

/** Label that ties the advertisement to the peers. */
const LABELS = { "talos-cilium/advertise": "bgp" };

const SHARED = "routers";

/** Name of the configuration of a peer that differs from the shared one. */
function ownConfigName({ name }: Peer): string {
  return `${SHARED}-${name}`;
}

export function bgpObjects(bgp: Bgp): BgpObjects {
  return {
    advertisement: {
      kind: "CiliumBGPAdvertisement",
      metadata: { name: "services", labels: LABELS },
      spec: { advertisements: advertisements(bgp) },
    },
    peerConfigs: [
      peerConfig(SHARED, bgp),
      ...bgp.peers
        .filter(hasOwnConfig)
        .map((peer) => peerConfig(ownConfigName(peer), { ...bgp, ...omitBy(peer, isUndefined) })),
    ],
    clusterConfig: {
      kind: "CiliumBGPClusterConfig",
      metadata: { name: "nodes" },
      spec: {
        nodeSelector: bgp.nodeSelector,
        bgpInstances: [
          {
            name: "nodes",
            localASN: bgp.localAsn,
            peers: bgp.peers.map((peer) => ({
              name: peer.name,
              peerAddress: peer.address,
              peerASN: peer.asn,
              peerConfigRef: { name: hasOwnConfig(peer) ? ownConfigName(peer) : SHARED },
            })),
          },
        ],
      },
    },
  };
}

/** Whether a peer has anything that CiliumBGPPeerConfig holds. */
function hasOwnConfig({ name: _name, address: _address, asn: _asn, ...own }: Peer): boolean {
  return Object.values(own).some((value) => value !== undefined);
}

function peerConfig(
  name: string,
  config: Pick<
    Bgp,
    "holdTime" | "keepAlive" | "connectRetry" | "gracefulRestart" | "restartTime" | "families"
  > &
    Partial<Pick<Peer, "port" | "multihop" | "passwordSecret">>,
): BgpObject {
  const { connectRetry, restartTime, port, multihop, passwordSecret } = config;
  return {
    kind: "CiliumBGPPeerConfig",
    metadata: { name },
    spec: {
      ...(port !== undefined && { transport: { peerPort: port } }),
      timers: {
        ...(connectRetry !== undefined && { connectRetryTimeSeconds: connectRetry }),
        holdTimeSeconds: config.holdTime,
        keepAliveTimeSeconds: config.keepAlive,
      },
      ...(passwordSecret !== undefined && { authSecretRef: passwordSecret }),
      ...(multihop !== undefined && { ebgpMultihop: multihop }),
      // Sessions and routes outlive a restart of the agent.
      gracefulRestart: {
        enabled: config.gracefulRestart,
        ...(config.gracefulRestart &&
          restartTime !== undefined && { restartTimeSeconds: restartTime }),
      },
      families: config.families.map((afi) => ({
        afi,
        safi: "unicast",
        advertisements: { matchLabels: LABELS },
      })),
    },
  };
}

/** One advertisement for the Services' addresses, one for the pod CIDRs, in the order of the configuration. */
function advertisements({ advertise, serviceSelector, localPreference }: Bgp): object[] {
  const attributes = localPreference !== undefined && { attributes: { localPreference } };
  const addresses = advertise.filter((type) => type !== "PodCIDR");
  return advertise
    .filter((type) => type === "PodCIDR" || type === addresses[0])
    .map((type) =>
      type === "PodCIDR"
        ? { advertisementType: "PodCIDR", ...attributes }
        : {
            advertisementType: "Service",
            service: { addresses },
            // Without a selector none would be advertised; no Service has this label.
            selector: serviceSelector ?? {
              matchExpressions: [{ key: "talos-cilium/never", operator: "DoesNotExist" }],
            },
            ...attributes,
          },
    );
}

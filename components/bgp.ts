import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config";
import { otherVersions } from "./otherVersions";
import type { Replacement } from "./replacement";
import { retryOnLostConnection } from "./retryOnLostConnection";

type BgpSettings = Settings["bgp"];

export interface BgpArgs extends BgpSettings {
  /** apiVersion of the BGP kinds that the installed Cilium serves. */
  readonly apiVersion: string;
  /** Whether the objects stay in the cluster when they leave the stack. */
  readonly retainOnDelete: boolean;
  readonly replacement: Replacement;
}

/** Label that ties the advertisement to the peers. */
const LABEL = { "talos-cilium/advertise": "bgp" };

/** BGP: what is advertised, the timers of the sessions, and which nodes peer with which routers. */
export class Bgp extends pulumi.ComponentResource {
  constructor(name: string, args: BgpArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:Bgp", name, {}, opts);
    const { apiVersion, localAsn, peers, nodeSelector, advertise } = args;
    const options = {
      parent: this,
      retainOnDelete: args.retainOnDelete,
      ...args.replacement,
      ...retryOnLostConnection(`${name}-lost-connection`),
    };

    const advertised = new k8s.apiextensions.CustomResource(
      `${name}-advertisement`,
      {
        apiVersion,
        kind: "CiliumBGPAdvertisement",
        metadata: { name: "services", labels: LABEL },
        spec: { advertisements: advertise.map(advertisement) },
      },
      { ...options, aliases: otherVersions("CiliumBGPAdvertisement") },
    );

    const peerConfig = new k8s.apiextensions.CustomResource(
      `${name}-peer-config`,
      {
        apiVersion,
        kind: "CiliumBGPPeerConfig",
        metadata: { name: "routers" },
        spec: {
          timers: { holdTimeSeconds: args.holdTime, keepAliveTimeSeconds: args.keepAlive },
          // Sessions and routes outlive a restart of the agent.
          gracefulRestart: { enabled: true },
          families: ["ipv4", "ipv6"].map((afi) => ({
            afi,
            safi: "unicast",
            advertisements: { matchLabels: LABEL },
          })),
        },
      },
      { ...options, dependsOn: [advertised], aliases: otherVersions("CiliumBGPPeerConfig") },
    );

    new k8s.apiextensions.CustomResource(
      `${name}-cluster-config`,
      {
        apiVersion,
        kind: "CiliumBGPClusterConfig",
        metadata: { name: "nodes" },
        spec: {
          nodeSelector,
          bgpInstances: [
            {
              name: "nodes",
              localASN: localAsn,
              peers: peers.map(({ name: peer, address, asn }) => ({
                name: peer,
                peerAddress: address,
                peerASN: asn,
                peerConfigRef: { name: "routers" },
              })),
            },
          ],
        },
      },
      { ...options, dependsOn: [peerConfig], aliases: otherVersions("CiliumBGPClusterConfig") },
    );
    this.registerOutputs({});
  }
}

/** The addresses of every Service are advertised: the selector matches all of them, as none has this label. */
function advertisement(type: BgpArgs["advertise"][number]) {
  if (type === "PodCIDR") return { advertisementType: "PodCIDR" };
  return {
    advertisementType: "Service",
    service: { addresses: ["LoadBalancerIP"] },
    selector: {
      matchExpressions: [{ key: "talos-cilium/never", operator: "DoesNotExist" }],
    },
  };
}

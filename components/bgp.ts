import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type BgpObject, bgpObjects, type Settings } from "../config";
import { otherVersions } from "./otherVersions";
import type { Replacement } from "./replacement";
import { retryOnLostConnection } from "./retryOnLostConnection";

export interface BgpArgs {
  readonly bgp: Settings["bgp"];
  /** apiVersion of the BGP kinds that the installed Cilium serves. */
  readonly apiVersion: string;
  /** Whether the objects stay in the cluster when they leave the stack. */
  readonly retainOnDelete: boolean;
  readonly replacement: Replacement;
}

/** BGP: what is advertised, how the sessions are, and which nodes peer with which routers. */
export class Bgp extends pulumi.ComponentResource {
  constructor(name: string, args: BgpArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:Bgp", name, {}, opts);
    const { advertisement, peerConfigs, clusterConfig } = bgpObjects(args.bgp);
    const retry = retryOnLostConnection(`${name}-lost-connection`);
    const make = (child: string, { kind, metadata, spec }: BgpObject, after: pulumi.Resource[]) =>
      new k8s.apiextensions.CustomResource(
        `${name}-${child}`,
        { apiVersion: args.apiVersion, kind, metadata, spec },
        {
          parent: this,
          retainOnDelete: args.retainOnDelete,
          dependsOn: after,
          aliases: otherVersions(kind),
          ...args.replacement,
          ...retry,
        },
      );

    const advertised = make("advertisement", advertisement, []);
    const [shared, ...own] = peerConfigs;
    const configs = [
      make("peer-config", shared, [advertised]),
      ...own.map((config) => make(`peer-config-${config.metadata.name}`, config, [advertised])),
    ];
    make("cluster-config", clusterConfig, configs);
    this.registerOutputs({});
  }
}

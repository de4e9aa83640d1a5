import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config";
import { repeatedOnLostConnection } from "./lostConnection";

/** Arguments of {@link LoadBalancing}. */
export interface LoadBalancingArgs {
  /** Pools of addresses for Services of type LoadBalancer. */
  readonly pools: Settings["loadBalancing"]["pools"];
  /** Policies that announce them on the LAN; none where BGP alone does. */
  readonly policies: Settings["loadBalancing"]["policies"];
  /** apiVersion of CiliumLoadBalancerIPPool that the installed Cilium serves. */
  readonly apiVersion: string;
  /** The cluster. */
  readonly provider: k8s.Provider;
}

/** The pools that LoadBalancer addresses come from, and the policies that announce them on the LAN. */
export class LoadBalancing extends pulumi.ComponentResource {
  /** Names of the pools. */
  public readonly pools: pulumi.Output<string[]>;
  /** Names of the policies. */
  public readonly policies: pulumi.Output<string[]>;

  constructor(name: string, args: LoadBalancingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:LoadBalancing", name, {}, opts);
    const { apiVersion, provider } = args;
    const repeated = repeatedOnLostConnection(`${name}-lost-connection`);
    const options = { parent: this, provider, ...repeated };

    const pools = args.pools.map(
      ({ name: pool, start, stop, cidr, serviceSelector }) =>
        new k8s.apiextensions.CustomResource(
          `${name}-pool-${pool}`,
          {
            apiVersion,
            kind: "CiliumLoadBalancerIPPool",
            metadata: { name: pool },
            // Of a range every address is given out; of a CIDR, too, since Cilium 1.16.
            spec: { blocks: [cidr === undefined ? { start, stop } : { cidr }], serviceSelector },
          },
          options,
        ),
    );

    const policies = args.policies.map(
      ({ name: policy, interfaces, nodeSelector, serviceSelector, externalIPs }) =>
        new k8s.apiextensions.CustomResource(
          `${name}-policy-${policy}`,
          {
            apiVersion: "cilium.io/v2alpha1",
            kind: "CiliumL2AnnouncementPolicy",
            metadata: { name: policy },
            spec: {
              // Without it the policy announces no LoadBalancer address: the default is false.
              loadBalancerIPs: true,
              ...(externalIPs && { externalIPs }),
              ...(interfaces.length > 0 && { interfaces: [...interfaces] }),
              nodeSelector,
              serviceSelector,
            },
          },
          options,
        ),
    );

    this.pools = pulumi.all(pools.map(({ metadata }) => metadata.name));
    this.policies = pulumi.all(policies.map(({ metadata }) => metadata.name));
    this.registerOutputs({ pools: this.pools, policies: this.policies });
  }
}

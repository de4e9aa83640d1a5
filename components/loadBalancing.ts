import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { policySpec, poolSpec, type Settings } from "../config";
import { otherVersions } from "./otherVersions";
import { poolPlaces } from "./poolPlaces";
import type { Replacement } from "./replacement";
import { retryOnLostConnection } from "./retryOnLostConnection";

export interface LoadBalancingArgs {
  readonly pools: Settings["loadBalancing"]["pools"];
  /** Names of the pools that the last update made. */
  readonly earlierPools: readonly string[];
  /** Empty where BGP alone announces the addresses. */
  readonly policies: Settings["loadBalancing"]["policies"];
  /** apiVersion of CiliumLoadBalancerIPPool that the installed Cilium serves. */
  readonly apiVersion: string;
  /** Whether the objects stay in the cluster when they leave the stack. */
  readonly retainOnDelete: boolean;
  readonly replacement: Replacement;
}

/** The pools that LoadBalancer addresses come from, and the policies that announce them on the LAN. */
export class LoadBalancing extends pulumi.ComponentResource {
  /** Names of the pools. */
  public readonly pools: pulumi.Output<string[]>;

  /** metadata.generation of pools and policies, by name: the API server counts it up with every change of a spec. */
  public readonly generations: pulumi.Output<Record<string, number>>;

  constructor(name: string, args: LoadBalancingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:LoadBalancing", name, {}, opts);
    const options = {
      parent: this,
      retainOnDelete: args.retainOnDelete,
      ...args.replacement,
      ...retryOnLostConnection(`${name}-lost-connection`),
    };

    const places = poolPlaces(
      args.pools.map((pool) => pool.name),
      args.earlierPools,
    );
    const pools = args.pools.map((pool) => {
      const versions = otherVersions("CiliumLoadBalancerIPPool");
      const place = places.get(pool.name);
      return new k8s.apiextensions.CustomResource(
        `${name}-pool-${pool.name}`,
        {
          apiVersion: args.apiVersion,
          kind: "CiliumLoadBalancerIPPool",
          metadata: { name: pool.name },
          spec: poolSpec(pool),
        },
        {
          ...options,
          ...(place === undefined
            ? { aliases: versions }
            : {
                aliases: versions.map((version) => ({ ...version, name: `${name}-pool-${place}` })),
                deleteBeforeReplace: true,
              }),
        },
      );
    });

    const policies = args.policies.map(
      (policy) =>
        new k8s.apiextensions.CustomResource(
          `${name}-policy-${policy.name}`,
          {
            apiVersion: "cilium.io/v2alpha1",
            kind: "CiliumL2AnnouncementPolicy",
            metadata: { name: policy.name },
            spec: policySpec(policy),
          },
          options,
        ),
    );

    this.pools = pulumi.all(pools.map(({ metadata }) => metadata.name));
    this.generations = pulumi
      .all([...pools, ...policies].map(({ metadata }) => metadata))
      .apply((all) => Object.fromEntries(all.map(({ name, generation }) => [name, generation])));
    this.registerOutputs({ pools: this.pools });
  }
}

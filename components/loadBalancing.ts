import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { policySpec, poolSpec, type Settings } from "../config";
import { otherVersions } from "./otherVersions";
import type { Replacement } from "./replacement";
import { repeatedOnLostConnection } from "./retryOnLostConnection";

/** Arguments of {@link LoadBalancing}. */
export interface LoadBalancingArgs {
  /** Pools of addresses for Services of type LoadBalancer. */
  readonly pools: Settings["loadBalancing"]["pools"];
  /** Policies that announce them on the LAN; none where BGP alone does. */
  readonly policies: Settings["loadBalancing"]["policies"];
  /** apiVersion of CiliumLoadBalancerIPPool that the installed Cilium serves. */
  readonly apiVersion: string;
  /** Whether they stay in the cluster when they leave the stack. */
  readonly retainOnDelete: boolean;
  /** A new value makes all of them again: the cluster was made anew. */
  readonly replacement: Replacement;
  /** The cluster. */
  readonly provider: k8s.Provider;
}

/** The pools that LoadBalancer addresses come from, and the policies that announce them on the LAN. */
export class LoadBalancing extends pulumi.ComponentResource {
  /** Names of the pools. */
  public readonly pools: pulumi.Output<string[]>;
  /** Names of the policies. */
  public readonly policies: pulumi.Output<string[]>;

  /** Generations of pools and policies, by their names: each change of one makes a new one. */
  public readonly generations: pulumi.Output<Record<string, number>>;

  constructor(name: string, args: LoadBalancingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:LoadBalancing", name, {}, opts);
    const { apiVersion, retainOnDelete, replacement, provider } = args;
    const repeated = repeatedOnLostConnection(`${name}-lost-connection`);
    const options = { parent: this, provider, retainOnDelete, ...replacement, ...repeated };

    const pools = args.pools.map(
      (pool) =>
        new k8s.apiextensions.CustomResource(
          `${name}-pool-${pool.name}`,
          {
            apiVersion,
            kind: "CiliumLoadBalancerIPPool",
            metadata: { name: pool.name },
            spec: poolSpec(pool),
          },
          { ...options, aliases: otherVersions("CiliumLoadBalancerIPPool") },
        ),
    );

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
    this.policies = pulumi.all(policies.map(({ metadata }) => metadata.name));
    this.generations = pulumi
      .all([...pools, ...policies].map(({ metadata }) => metadata))
      .apply((all) => Object.fromEntries(all.map(({ name, generation }) => [name, generation])));
    this.registerOutputs({ pools: this.pools, policies: this.policies });
  }
}

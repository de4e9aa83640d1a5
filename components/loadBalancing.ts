import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** Arguments of {@link LoadBalancing}. */
export interface LoadBalancingArgs {
  /** Addresses that Services of type LoadBalancer get, both ends included. */
  readonly pool: { readonly start: string; readonly stop: string };
  /** apiVersion of CiliumLoadBalancerIPPool that the installed Cilium serves. */
  readonly poolApiVersion: string;
  /** Regular expressions (Go) of the interfaces that answer ARP; none means each of Cilium's devices. */
  readonly interfaces: readonly string[];
  /** The cluster. */
  readonly provider: k8s.Provider;
}

/** The pool that LoadBalancer addresses come from, and the one policy that announces them on the LAN. */
export class LoadBalancing extends pulumi.ComponentResource {
  /** Name of the CiliumLoadBalancerIPPool. */
  public readonly pool: pulumi.Output<string>;
  /** Name of the CiliumL2AnnouncementPolicy. */
  public readonly policy: pulumi.Output<string>;

  constructor(name: string, args: LoadBalancingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("talos-cilium:index:LoadBalancing", name, {}, opts);
    const { provider, interfaces } = args;

    const pool = new k8s.apiextensions.CustomResource(
      `${name}-pool`,
      {
        apiVersion: args.poolApiVersion,
        kind: "CiliumLoadBalancerIPPool",
        metadata: { name: "services" },
        // A range, since 192.168.10.50 to 192.168.10.99 is no CIDR; and of a range every address is given out.
        spec: { blocks: [{ start: args.pool.start, stop: args.pool.stop }] },
      },
      { parent: this, provider },
    );

    const policy = new k8s.apiextensions.CustomResource(
      `${name}-policy`,
      {
        apiVersion: "cilium.io/v2alpha1",
        kind: "CiliumL2AnnouncementPolicy",
        metadata: { name: "services" },
        spec: {
          // Without it the policy announces nothing: the default is false.
          loadBalancerIPs: true,
          ...(interfaces.length > 0 && { interfaces: [...interfaces] }),
          nodeSelector: { matchLabels: { "kubernetes.io/os": "linux" } },
        },
      },
      { parent: this, provider },
    );

    this.pool = pool.metadata.name;
    this.policy = policy.metadata.name;
    this.registerOutputs({ pool: this.pool, policy: this.policy });
  }
}

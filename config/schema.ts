import semver from "semver";
import { z } from "zod";

const ipv4 = z.ipv4({
  error: "not an IPv4 address; write it as four decimal numbers, 192.168.10.50",
});
const cidr = z.cidrv4({
  error: "not an IPv4 CIDR; write it as address/prefix length, 10.14.0.0/16",
});
const port = z.int().min(1).max(65535);

/** An exact semantic version, never a range, and never "latest". */
const version = z.string().refine((text) => semver.valid(text) === text.replace(/^v/, ""), {
  error: "not an exact version; write all three numbers, 1.18.4",
});

/**
 * Schema of each key of the stack configuration. Objects are strict: an unknown key is a mistake. Defaults come from
 * the field's own documents, named beside each.
 */
export const schema = {
  /** Which cluster, and how the program reaches it. */
  cluster: z.strictObject({
    /** Cilium's cluster.name: at most 32 characters, lower case (chart, cluster.name). */
    name: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/, {
      error: "not a cluster name; use 1 to 32 lower-case letters, digits and inner hyphens",
    }),
    /** Cilium's cluster.id, 1 to 255 and unique among clusters that may ever be meshed (chart, cluster.id). */
    id: z.int().min(1).max(255),
    /** Path of the kubeconfig; default: what KUBECONFIG or ~/.kube/config says. */
    kubeconfig: z.string().min(1).optional(),
    /** Context within the kubeconfig; default: its current one. */
    context: z.string().min(1).optional(),
  }),

  /** Addresses of the nodes on the LAN. They decide the number of operator replicas, and no pool may contain one. */
  nodes: z.strictObject({
    /** Control planes, each node's own IPv4 address. None of them is a virtual address. */
    controlPlanes: z.array(ipv4).min(1),
    /** Workers; default none. */
    workers: z.array(ipv4).default([]),
  }),

  /** The load balancer for the Kubernetes API on every Talos node. */
  kubePrism: z
    .strictObject({
      /** Host that Cilium's pods reach it at, default localhost (Talos: it listens there only). */
      host: z.string().min(1).default("localhost"),
      /** TCP port, default 7445 (Talos: machine.features.kubePrism.port). */
      port: port.default(7445),
    })
    .prefault({}),

  /** The network that pods get their addresses from. */
  podNetwork: z.strictObject({
    /** Pod CIDR, as Talos has it in cluster.network.podSubnets. */
    cidr,
  }),

  /** The Gateway API's custom resource definitions. */
  gatewayApi: z.strictObject({
    /** Release, e.g. v1.3.0. It must go with the version of Cilium. */
    version,
    /** Channel, default experimental, which contains every CRD of standard. */
    channel: z.enum(["standard", "experimental"]).default("experimental"),
    /** URL of a mirror, or path of a file or folder, with the bundle; default: the release on GitHub. */
    source: z.string().min(1).optional(),
    /** SHA-256 of the bundle in hexadecimal; a bundle with another one is refused. Default: not checked. */
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, { error: "not a SHA-256; write 64 lower-case hexadecimal digits" })
      .optional(),
  }),

  /** Cilium's Helm Release. */
  cilium: z.strictObject({
    /** Version of Cilium and of its chart. */
    version,
    /** Chart: a name in the repository, a path, or an oci:// URL; default cilium. */
    chart: z.string().min(1).default("cilium"),
    /** Helm repository, used for a chart that is a plain name; default https://helm.cilium.io. */
    repository: z.url().default("https://helm.cilium.io"),
    /** Seconds that Helm waits for the Release, at least 900: images are pulled by nodes that have no network yet. */
    timeout: z.int().min(900).default(900),
    /** Interfaces for Cilium's datapath, each a name or a prefix with a trailing +; default: Cilium finds them. */
    devices: z.array(z.string().min(1)).default([]),
    /** Values deep-merged over all others, last; lists are replaced. */
    values: z.record(z.string(), z.unknown()).default({}),
    /** True refuses to delete or replace the Release, whose removal takes every pod's network down; default true. */
    protect: z.boolean().default(true),
  }),

  /** Addresses for Services of type LoadBalancer and how they are announced. */
  loadBalancing: z.strictObject({
    /** The pool of addresses, both ends included. */
    pool: z.strictObject({ start: ipv4, stop: ipv4 }),
    /** The one L2 announcement policy. */
    policy: z
      .strictObject({
        /** Regular expressions (Go) of the interfaces that answer ARP; default: each of Cilium's devices. */
        interfaces: z.array(z.string().min(1)).default([]),
      })
      .prefault({}),
    /** Services that are announced at most, for Cilium's client rate limit; default: as many as the pool has addresses. */
    services: z.int().min(1).optional(),
  }),
};

/** A key of the stack configuration. */
export type Key = keyof typeof schema;

/** The whole configuration of one stack, defaults filled in. */
export type Settings = { readonly [K in Key]: DeepReadonly<z.output<(typeof schema)[K]>> };

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

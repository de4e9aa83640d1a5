import type { Depth } from "../depth";
import { KUBERNETES_PROVIDER, KUBERNETES_PROVIDER_MAIN, type PatchName } from "./patches";
import { CILIUM_VERSION_TEXT, VERSIONS } from "./versions";

/** Where a program that the user has already may be, and which versions of it will do. */
export interface Installed {
  /** On PATH, in the folder that KUBEBUILDER_ASSETS names, or among the plugins of Pulumi's home folder. */
  readonly where: "PATH" | "KUBEBUILDER_ASSETS" | "PULUMI_PLUGINS";
  /** Arguments that make it print its version. */
  readonly versionArgs: readonly string[];
  /** Versions that the lab can use, as a range of semantic versions. */
  readonly range: string;
}

/** One program of the lab, built from a pinned Go module when the user has none that will do. */
export interface Tool {
  /** Name of the program, and of its entry in the cache. */
  readonly name: string;
  /** Version that is built, as the module or the program's release names it. */
  readonly version: string;
  /** Go package of its main function. */
  readonly package: string;
  /** Go variables set by the linker (`-X`), the way the program's own release sets them. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Patches of the modules that it is made of, see ./patches. */
  readonly patches?: readonly PatchName[];
  /** When set, a program of the user's that is new enough is used instead. */
  readonly installed?: Installed;
  /** Depth that alone needs it, or the tests alone; default: both depths do. */
  readonly depth?: Depth | "none";
}

/** Path of the Go module in ./module, which pins all the others; programs of ours are packages of it. */
export const OURS = "talos-cilium/lab/toolchain";

const KUBERNETES_VARIABLES = {
  "k8s.io/component-base/version.gitVersion": VERSIONS.kubernetes,
  "k8s.io/component-base/version.gitMajor": "1",
  "k8s.io/component-base/version.gitMinor": "36",
};

/** Every program of a lab. */
export const TOOLS = [
  {
    name: "etcd",
    version: VERSIONS.etcd,
    package: "go.etcd.io/etcd/server/v3",
    installed: { where: "KUBEBUILDER_ASSETS", versionArgs: ["--version"], range: "^3.6.0" },
  },
  {
    name: "kube-apiserver",
    version: VERSIONS.kubernetes,
    package: "k8s.io/kubernetes/cmd/kube-apiserver",
    variables: KUBERNETES_VARIABLES,
    // Never older than the controller-manager and scheduler built here (Kubernetes version skew policy).
    installed: { where: "KUBEBUILDER_ASSETS", versionArgs: ["--version"], range: "^1.36.0" },
  },
  {
    name: "kube-controller-manager",
    version: VERSIONS.kubernetes,
    package: "k8s.io/kubernetes/cmd/kube-controller-manager",
    variables: KUBERNETES_VARIABLES,
  },
  {
    name: "kube-scheduler",
    version: VERSIONS.kubernetes,
    package: "k8s.io/kubernetes/cmd/kube-scheduler",
    variables: KUBERNETES_VARIABLES,
  },
  {
    name: "kubeprism",
    version: VERSIONS.goLoadbalancer,
    package: `${OURS}/kubeprism`,
  },
  {
    name: "cilium-operator",
    version: VERSIONS.cilium,
    package: "github.com/cilium/cilium/operator",
  },
  {
    name: "pulumi",
    version: VERSIONS.pulumi,
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    variables: {
      "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": VERSIONS.pulumi.slice(1),
    },
    patches: ["pulumi"],
    installed: { where: "PATH", versionArgs: ["version"], range: `^${VERSIONS.pulumi.slice(1)}` },
  },
  {
    name: "pulumi-resource-kubernetes",
    version: VERSIONS.pulumiKubernetes,
    package: `${KUBERNETES_PROVIDER}/${KUBERNETES_PROVIDER_MAIN}`,
    variables: {
      [`${KUBERNETES_PROVIDER}/pkg/version.Version`]: VERSIONS.pulumiKubernetes.slice(1),
    },
    patches: ["flux-ssa", "pulumi", "pulumi-kubernetes"],
    installed: {
      where: "PULUMI_PLUGINS",
      versionArgs: ["--version"],
      range: VERSIONS.pulumiKubernetes.slice(1),
    },
  },
  {
    name: "kwok",
    version: VERSIONS.kwok,
    package: "sigs.k8s.io/kwok/cmd/kwok",
    depth: "control-plane",
  },
  ciliumTool("cilium-agent", "daemon"),
  ciliumTool("cilium-dbg", "cilium-dbg"),
  ciliumTool("cilium-cni", "plugins/cilium-cni"),
  ciliumTool("cilium-health", "cilium-health"),
  ciliumTool("cilium-health-responder", "cilium-health/responder"),
  {
    name: "cnitool",
    version: VERSIONS.cni,
    package: "github.com/containernetworking/cni/cnitool",
    depth: "network",
  },
  // With the plugins that ../controlPlane/coredns.yaml asks for; the others need the SDKs of every cloud.
  {
    name: "coredns",
    version: VERSIONS.coredns,
    package: `${OURS}/coredns`,
    depth: "network",
  },
  {
    name: "kubelet-exec",
    version: VERSIONS.kubernetesLibraries,
    package: `${OURS}/kubelet-exec`,
    depth: "network",
  },
  // What Kubernetes' own end-to-end tests run in their pods: servers and clients of every kind.
  {
    name: "agnhost",
    version: VERSIONS.kubernetes,
    package: "k8s.io/kubernetes/test/images/agnhost",
    depth: "network",
  },
  // Helm's engine, which renders hundreds of values in one process.
  {
    name: "helm-template",
    version: "v3.18.6",
    package: `${OURS}/helm-template`,
    depth: "none",
  },
] as const satisfies readonly Tool[];

type AnyTool = (typeof TOOLS)[number];

/** Name of a program of the lab. */
export type ToolName = AnyTool["name"];

/** Names of the programs that every depth needs. */
export type CommonToolName = Exclude<AnyTool, { depth: Depth }>["name"];

/** Programs that the network depth runs on its nodes, besides the common ones. */
export const NETWORK_TOOLS = TOOLS.filter(
  (tool): tool is Extract<AnyTool, { depth: "network" }> =>
    "depth" in tool && tool.depth === "network",
);

/** Programs that a lab of a depth runs. */
export function toolsOf(depth: Depth): readonly (Tool & { name: ToolName })[] {
  return TOOLS.filter((tool: Tool) => tool.depth === undefined || tool.depth === depth);
}

/** A program of the module that the operator is of. */
function ciliumTool<Name extends string>(name: Name, folder: string) {
  return {
    name,
    version: VERSIONS.cilium,
    package: `github.com/cilium/cilium/${folder}`,
    variables: { "github.com/cilium/cilium/pkg/version.ciliumVersion": CILIUM_VERSION_TEXT },
    depth: "network",
  } as const;
}

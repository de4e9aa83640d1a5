import { join } from "node:path";

/** Where a program that the user has already may be, and which versions of it will do. */
interface Installed {
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
  /** Folder below modules/ whose go.mod and go.sum pin it. */
  readonly module: string;
  /** Go package of its main function. */
  readonly package: string;
  /** Go build tags. */
  readonly tags?: string;
  /** Go variables set by the linker (`-X`), the way the program's own release sets them. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Files of another module laid over the module's folder, for go:embed: file name -> [module, path in it]. */
  readonly overlay?: Readonly<Record<string, readonly [module: string, path: string]>>;
  /** When set, a program of the user's that is new enough is used instead. */
  readonly installed?: Installed;
}

/** Folder that holds one folder a Go module: go.mod, go.sum, and our main.go where the module has none to use. */
export const MODULES_FOLDER = join(__dirname, "modules");

const PULUMI_VERSION = "3.246.0";

/** Version of the kubernetes provider; package.json pins the SDK to the same one. */
export const KUBERNETES_PROVIDER_VERSION = "4.25.0";

/** Version of the command provider that package.json pins; ../stack/commandProvider stands in for it. */
export const COMMAND_PROVIDER_VERSION = "1.2.1";

/** Version of Cilium whose programs the lab runs. */
export const CILIUM_VERSION = "v1.20.2";

/** What Cilium's programs say of themselves: version, commit and its date, Go's version, platform. */
const CILIUM_VERSION_TEXT = `${CILIUM_VERSION.slice(1)} lab 2026-01-01T00:00:00Z go version go1.26 linux/amd64`;

const KUBERNETES_VERSION = "v1.36.3";
const KUBERNETES_VARIABLES = {
  "k8s.io/component-base/version.gitVersion": KUBERNETES_VERSION,
  "k8s.io/component-base/version.gitMajor": "1",
  "k8s.io/component-base/version.gitMinor": "36",
};
const KUBERNETES_PROVIDER_MODULE = "github.com/pulumi/pulumi-kubernetes/provider/v4";

/** Every program of a lab, in the order in which they are built: what the control plane needs first. */
export const TOOLS = [
  {
    name: "etcd",
    version: "v3.6.8",
    module: "kubernetes",
    package: "go.etcd.io/etcd/server/v3",
    installed: { where: "KUBEBUILDER_ASSETS", versionArgs: ["--version"], range: "^3.6.0" },
  },
  {
    name: "kube-apiserver",
    version: KUBERNETES_VERSION,
    module: "kubernetes",
    package: "k8s.io/kubernetes/cmd/kube-apiserver",
    variables: KUBERNETES_VARIABLES,
    // Never older than the controller-manager and scheduler built here (Kubernetes version skew policy).
    installed: { where: "KUBEBUILDER_ASSETS", versionArgs: ["--version"], range: "^1.36.0" },
  },
  {
    name: "kube-controller-manager",
    version: KUBERNETES_VERSION,
    module: "kubernetes",
    package: "k8s.io/kubernetes/cmd/kube-controller-manager",
    variables: KUBERNETES_VARIABLES,
  },
  {
    name: "kube-scheduler",
    version: KUBERNETES_VERSION,
    module: "kubernetes",
    package: "k8s.io/kubernetes/cmd/kube-scheduler",
    variables: KUBERNETES_VARIABLES,
  },
  {
    name: "kubeprism",
    version: "v0.5.0",
    module: "kubeprism",
    package: ".",
  },
  {
    name: "kwok",
    version: "v0.8.0",
    module: "kwok",
    package: "sigs.k8s.io/kwok/cmd/kwok",
  },
  {
    name: "cilium-operator",
    version: CILIUM_VERSION,
    module: "cilium",
    package: "github.com/cilium/cilium/operator",
    tags: "ipam_provider_operator",
  },
  {
    name: "pulumi",
    version: `v${PULUMI_VERSION}`,
    module: "pulumi",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": PULUMI_VERSION },
    installed: { where: "PATH", versionArgs: ["version"], range: `^${PULUMI_VERSION}` },
  },
  {
    name: "pulumi-resource-kubernetes",
    version: `v${KUBERNETES_PROVIDER_VERSION}`,
    module: "pulumi-resource-kubernetes",
    package: ".",
    variables: {
      [`${KUBERNETES_PROVIDER_MODULE}/pkg/version.Version`]: KUBERNETES_PROVIDER_VERSION,
    },
    overlay: {
      "schema.json": [KUBERNETES_PROVIDER_MODULE, "cmd/pulumi-resource-kubernetes/schema.json"],
      "terraform-mapping.json": [
        KUBERNETES_PROVIDER_MODULE,
        "cmd/pulumi-resource-kubernetes/terraform-mapping.json",
      ],
    },
    installed: {
      where: "PULUMI_PLUGINS",
      versionArgs: ["--version"],
      range: KUBERNETES_PROVIDER_VERSION,
    },
  },
] as const satisfies readonly Tool[];

/** What a lab at network depth runs beside them, on its nodes. */
export const NETWORK_TOOLS = [
  ciliumTool("cilium-agent", "daemon"),
  ciliumTool("cilium-dbg", "cilium-dbg"),
  ciliumTool("cilium-cni", "plugins/cilium-cni"),
  ciliumTool("cilium-health", "cilium-health"),
  ciliumTool("cilium-health-responder", "cilium-health/responder"),
  {
    name: "cnitool",
    version: "v1.3.1",
    module: "cnitool",
    package: "github.com/containernetworking/cni/cnitool",
  },
  {
    name: "coredns",
    version: "v1.15.0",
    module: "coredns",
    package: "github.com/coredns/coredns",
  },
  {
    name: "kubelet-exec",
    version: "v0.36.3",
    module: "kubelet-exec",
    package: ".",
  },
  // What Kubernetes' own end-to-end tests run in their pods: servers and clients of every kind.
  {
    name: "agnhost",
    version: KUBERNETES_VERSION,
    module: "kubernetes",
    package: "k8s.io/kubernetes/test/images/agnhost",
  },
] as const satisfies readonly Tool[];

/** Name of a program of the lab. */
export type ToolName = (typeof TOOLS | typeof NETWORK_TOOLS)[number]["name"];

/** A program of the module that the operator is of. */
function ciliumTool<Name extends string>(name: Name, folder: string) {
  return {
    name,
    version: CILIUM_VERSION,
    module: "cilium",
    package: `github.com/cilium/cilium/${folder}`,
    variables: { "github.com/cilium/cilium/pkg/version.ciliumVersion": CILIUM_VERSION_TEXT },
  };
}

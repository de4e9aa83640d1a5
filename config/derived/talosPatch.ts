import semver from "semver";
import { familyOf } from "../addresses";
import type { Settings } from "../schema";

/**
 * Form of a machine config. classic: everything in one v1alpha1 document; documents: one document for each subject, from
 * Talos 1.14. Talos refuses a config that sets one thing in both forms.
 */
export type TalosForm = "classic" | "documents";

/** A YAML document: one that is merged over a machine's config, or one of an Omni cluster template. */
export type YamlDocument = Readonly<Record<string, unknown>>;

/** The first version of Talos that generates machine configs in documents. */
const DOCUMENTS_SINCE = "1.14.0";

/** Defaults of kube-controller-manager, prefix lengths (node-cidr-mask-size-ipv4 and -ipv6). */
const DEFAULT_MASK_SIZES = { IPv4: 24, IPv6: 64 };

/** Kinds that Talos refuses on workers (ControlplaneOnlyConfig; siderolabs/talos, pkg/machinery/config/container). */
const CONTROL_PLANE_KINDS = new Set<unknown>(["KubeFlannelCNIConfig", "KubeProxyConfig"]);

/** Prefix of the patches' names in Omni, which tells a reader there where a patch comes from. */
const PATCH_NAME = "talos-cilium";

/**
 * The form that the stack's version of Talos generates; classic where the stack does not name a version. A cluster that
 * was upgraded to 1.14 keeps its config, which is classic.
 */
export function talosForm({ cluster }: Settings): TalosForm {
  return cluster.talos !== undefined && semver.gte(cluster.talos, DOCUMENTS_SINCE)
    ? "documents"
    : "classic";
}

/**
 * The strategic merge patches of the machine config that a stack requires of Talos: no CNI, kube-proxy on or off, the
 * CIDRs of pods and Services, KubePrism's port, and the host's DNS.
 * @param form default: the form of the Talos version in the settings.
 */
export function talosPatch(settings: Settings, form = talosForm(settings)): YamlDocument[] {
  return form === "classic" ? [classicDocument(settings)] : configDocuments(settings);
}

/** Whether workers refuse a document, so that it must not be in a patch for every machine. */
export function isControlPlaneOnly({ kind }: YamlDocument): boolean {
  return CONTROL_PLANE_KINDS.has(kind);
}

/**
 * The same patches for an Omni cluster template: one document for each kind of template document, with the patches that
 * belong into the template's document of that kind.
 *
 * Each document of the machine config is a patch of its own: only newer versions of Omni accept several documents in one
 * inline patch (https://github.com/siderolabs/omni/issues/2683), and all accept one. An inline patch needs a name
 * (siderolabs/omni, client/pkg/template/internal/models/patch.go).
 */
export function omniPatch(settings: Settings, form = talosForm(settings)): YamlDocument[] {
  const documents = talosPatch(settings, form);
  const fragments = [
    { kind: "Cluster", documents: documents.filter((document) => !isControlPlaneOnly(document)) },
    { kind: "ControlPlane", documents: documents.filter(isControlPlaneOnly) },
  ];
  return fragments
    .filter((fragment) => fragment.documents.length > 0)
    .map((fragment) => ({
      kind: fragment.kind,
      patches: fragment.documents.map((document) => ({
        name: patchName(document),
        inline: document,
      })),
    }));
}

function classicDocument(settings: Settings): YamlDocument {
  const masks = maskSizes(settings);
  return {
    cluster: {
      network: {
        cni: { name: "none" },
        podSubnets: settings.network.podCidrs,
        serviceSubnets: settings.network.serviceCidrs,
      },
      proxy: { disabled: settings.kubeProxyReplacement },
      ...(masks.length > 0 && { controllerManager: { extraArgs: maskArguments(masks) } }),
    },
    machine: {
      features: {
        kubePrism: { enabled: true, port: settings.kubePrism.port },
        hostDNS: hostDns(settings),
      },
    },
  };
}

/**
 * Kinds and fields are those of https://docs.siderolabs.com/talos/v1.14/reference/configuration/document-map and the
 * pages it links to (KubeNetworkConfig, KubeFlannelCNIConfig, KubeProxyConfig, KubePrismConfig, ResolverConfig), compared
 * with the Go types in siderolabs/talos, pkg/machinery/config/types/k8s and network. Talos refuses each of them beside its
 * counterpart in a v1alpha1 document (V1Alpha1ConflictValidate there), so the patch has no v1alpha1 document. Talos 1.14
 * generates configs with these documents (pkg/machinery/config/generate).
 */
function configDocuments(settings: Settings): YamlDocument[] {
  return [
    configDocument("KubeNetworkConfig", {
      podSubnets: settings.network.podCidrs,
      serviceSubnets: settings.network.serviceCidrs,
      ...Object.fromEntries(
        maskSizes(settings).map(({ family, size }) => [`nodeCIDRMaskSize${family}`, size]),
      ),
    }),
    // The document alone turns KubePrism on.
    configDocument("KubePrismConfig", { port: settings.kubePrism.port }),
    configDocument("ResolverConfig", { hostDNS: hostDns(settings) }),
    // A config without a CNI's document has no CNI; every generated config has this one.
    configDocument("KubeFlannelCNIConfig", { $patch: "delete" }),
    configDocument("KubeProxyConfig", { enabled: !settings.kubeProxyReplacement }),
  ];
}

function configDocument(kind: string, fields: YamlDocument): YamlDocument {
  return { apiVersion: "v1alpha1", kind, ...fields };
}

function hostDns({ talos }: Settings): YamlDocument {
  return { enabled: true, forwardKubeDNSToHost: talos.forwardKubeDnsToHost };
}

/** The prefix length for each family of the pods; none where all are Kubernetes' defaults. */
function maskSizes({ network }: Settings) {
  const { ipv4, ipv6 } = network.nodeCidrMaskSizes;
  const sizes = network.podCidrs.map((cidr) => {
    const family = familyOf(cidr);
    return { family, size: family === "IPv4" ? ipv4 : ipv6 };
  });
  return sizes.some(({ family, size }) => size !== DEFAULT_MASK_SIZES[family]) ? sizes : [];
}

/** kube-controller-manager has an argument for each family in dual stack, and one without a family in single stack. */
function maskArguments(masks: ReturnType<typeof maskSizes>): YamlDocument {
  return Object.fromEntries(
    masks.map(({ family, size }) => [
      masks.length === 1 ? "node-cidr-mask-size" : `node-cidr-mask-size-${family.toLowerCase()}`,
      // Talos accepts arguments as text only.
      String(size),
    ]),
  );
}

function patchName({ kind }: YamlDocument): string {
  return kind === undefined ? PATCH_NAME : `${PATCH_NAME}-${String(kind).toLowerCase()}`;
}

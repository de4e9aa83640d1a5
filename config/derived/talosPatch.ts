import semver from "semver";
import { familyOf } from "../addresses";
import type { Settings } from "../schema";

/**
 * How a machine config is written. classic: everything in the one v1alpha1 document; documents: a document of its own
 * for each subject, from Talos 1.14. Talos refuses a config that says one thing both ways.
 */
export type TalosForm = "classic" | "documents";

/** One YAML document: of a machine config, where it is merged over the one that the machine has, or of a template. */
export type YamlDocument = Readonly<Record<string, unknown>>;

/** The version of Talos from which on generated machine configs consist of documents. */
const DOCUMENTS_SINCE = "1.14.0";

/** What kube-controller-manager does without being told, prefix lengths (its node-cidr-mask-size-ipv4 and -ipv6). */
const DEFAULT_MASK_SIZES = { IPv4: 24, IPv6: 64 };

/**
 * Kinds that Talos refuses on machines that are no control planes: ControlplaneOnlyConfig, enforced in siderolabs/talos,
 * pkg/machinery/config/container.
 */
const CONTROL_PLANE_KINDS = new Set<unknown>(["KubeFlannelCNIConfig", "KubeProxyConfig"]);

/** Begins the names of patches in Omni, so that whoever finds one there knows where it comes from. */
const PATCH_NAME = "talos-cilium";

/**
 * The form of machine configs that the stack's version of Talos generates; classic when the stack does not say which
 * version it is. A cluster that was upgraded to 1.14 keeps the config it has, which is classic.
 */
export function talosForm({ cluster }: Settings): TalosForm {
  return cluster.talos !== undefined && semver.gte(cluster.talos, DOCUMENTS_SINCE)
    ? "documents"
    : "classic";
}

/**
 * The patch of the machine config that a stack requires of Talos, as strategic merge patches: no CNI, kube-proxy on or
 * off, the CIDRs of pods and Services, KubePrism's port, and the host's DNS.
 * @param form default: the one of the Talos that the settings name.
 */
export function talosPatch(settings: Settings, form = talosForm(settings)): YamlDocument[] {
  return form === "classic" ? [classicDocument(settings)] : configDocuments(settings);
}

/**
 * Whether a document of a patch is for control planes only. Workers refuse these kinds, so the document must not be
 * in a patch that is applied to every machine.
 */
export function isControlPlaneOnly({ kind }: YamlDocument): boolean {
  return CONTROL_PLANE_KINDS.has(kind);
}

/**
 * The same patch for an Omni cluster template: a document per kind of template document, each with the patches that
 * belong into the template's own document of that kind.
 *
 * Each document of the machine config is a patch of its own: only newer versions of Omni take several documents inline
 * in one patch (https://github.com/siderolabs/omni/issues/2683), and all take one. An inline patch needs a name
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
 * All of it has documents in Talos 1.14, each of apiVersion v1alpha1; fields and kinds are as in
 * https://docs.siderolabs.com/talos/v1.14/reference/configuration/document-map and the pages it links to
 * (KubeNetworkConfig, KubeFlannelCNIConfig, KubeProxyConfig, KubePrismConfig, ResolverConfig), compared with the Go
 * types in siderolabs/talos, pkg/machinery/config/types/k8s and network. Each of them is refused beside its counterpart
 * in a v1alpha1 document (V1Alpha1ConflictValidate there), so nothing may stay in that. That generated configs of 1.14
 * have these documents: pkg/machinery/config/generate.
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
    // That there is such a document turns KubePrism on.
    configDocument("KubePrismConfig", { port: settings.kubePrism.port }),
    configDocument("ResolverConfig", { hostDNS: hostDns(settings) }),
    // No CNI is said by having no document of one; every generated config has this one.
    configDocument("KubeFlannelCNIConfig", { $patch: "delete" }),
    configDocument("KubeProxyConfig", { enabled: !settings.kubeProxyReplacement }),
  ];
}

function configDocument(kind: string, fields: YamlDocument): YamlDocument {
  return { apiVersion: "v1alpha1", kind, ...fields };
}

/** Both forms have these keys. */
function hostDns({ talos }: Settings): YamlDocument {
  return { enabled: true, forwardKubeDNSToHost: talos.forwardKubeDnsToHost };
}

/** The prefix lengths of each family that pods have, or none when Kubernetes would take the same by itself. */
function maskSizes({ network }: Settings) {
  const { ipv4, ipv6 } = network.nodeCidrMaskSizes;
  const sizes = network.podCidrs.map((cidr) => {
    const family = familyOf(cidr);
    return { family, size: family === "IPv4" ? ipv4 : ipv6 };
  });
  return sizes.some(({ family, size }) => size !== DEFAULT_MASK_SIZES[family]) ? sizes : [];
}

/** kube-controller-manager has arguments with a family for dual stack, and one without for a single family. */
function maskArguments(masks: ReturnType<typeof maskSizes>): YamlDocument {
  return Object.fromEntries(
    masks.map(({ family, size }) => [
      masks.length === 1 ? "node-cidr-mask-size" : `node-cidr-mask-size-${family.toLowerCase()}`,
      // Talos takes arguments as text only.
      String(size),
    ]),
  );
}

function patchName({ kind }: YamlDocument): string {
  return kind === undefined ? PATCH_NAME : `${PATCH_NAME}-${String(kind).toLowerCase()}`;
}

/** Fields of a kind that the API server refuses to change. */
interface ImmutableFields {
  /** Kind with its API group, as in {@link kindOf}. */
  readonly kinds: readonly string[];
  /** Paths; a field below one of them is immutable, too. */
  readonly paths: readonly string[];
  /** Paths below these that may change all the same. */
  readonly except?: readonly string[];
  /** Whether it holds for two versions of an object; default: always. */
  readonly holds?: (before: object, after: object) => boolean;
  /** What says so. */
  readonly source: string;
}

/** The validation of Kubernetes 1.36, by API group. */
const VALIDATION = (path: string) =>
  `https://github.com/kubernetes/kubernetes/blob/v1.36.3/${path}/validation/validation.go`;
const APPS = VALIDATION("pkg/apis/apps");
const CORE = VALIDATION("pkg/apis/core");

type Spec = { readonly spec?: Readonly<Record<string, unknown>> };

export const IMMUTABLE_FIELDS: readonly ImmutableFields[] = [
  { kinds: ["DaemonSet.apps", "Deployment.apps"], paths: ["spec.selector"], source: APPS },
  {
    kinds: ["StatefulSet.apps"],
    paths: ["spec"],
    except: [
      ...["spec.replicas", "spec.ordinals", "spec.template", "spec.updateStrategy"],
      ...["spec.revisionHistoryLimit", "spec.minReadySeconds"],
      "spec.persistentVolumeClaimRetentionPolicy",
    ],
    source: APPS,
  },
  {
    kinds: ["Job.batch"],
    paths: [
      ...["spec.template", "spec.selector", "spec.completionMode", "spec.podFailurePolicy"],
      ...["spec.backoffLimitPerIndex", "spec.managedBy", "spec.successPolicy"],
    ],
    source: VALIDATION("pkg/apis/batch"),
  },
  {
    kinds: ["Job.batch"],
    paths: ["spec.completions"],
    holds: (before) => (before as Spec).spec?.completionMode !== "Indexed",
    source: VALIDATION("pkg/apis/batch"),
  },
  {
    kinds: ["Service"],
    paths: ["spec.clusterIP", "spec.clusterIPs"],
    // Where the new one names no address, the API server keeps the old one.
    holds: (before, after) =>
      (after as Spec).spec?.clusterIP !== undefined && !areExternalNames(before, after),
    source: CORE,
  },
  {
    kinds: ["Service"],
    paths: ["spec.loadBalancerClass"],
    holds: (before, after) => [before, after].every((each) => isOfType(each, "LoadBalancer")),
    source: CORE,
  },
  {
    kinds: [
      "RoleBinding.rbac.authorization.k8s.io",
      "ClusterRoleBinding.rbac.authorization.k8s.io",
    ],
    paths: ["roleRef"],
    source: VALIDATION("pkg/apis/rbac"),
  },
  { kinds: ["Secret"], paths: ["type"], source: CORE },
  {
    kinds: ["Secret", "ConfigMap"],
    paths: ["immutable", "data", "binaryData", "stringData"],
    holds: (before) => (before as { immutable?: unknown }).immutable === true,
    source: CORE,
  },
  {
    kinds: ["PersistentVolumeClaim"],
    paths: ["spec"],
    except: ["spec.resources.requests", "spec.volumeAttributesClassName"],
    source: CORE,
  },
  {
    kinds: ["StorageClass.storage.k8s.io"],
    paths: ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"],
    source: VALIDATION("pkg/apis/storage"),
  },
  {
    kinds: ["IngressClass.networking.k8s.io"],
    paths: ["spec.controller"],
    source: VALIDATION("pkg/apis/networking"),
  },
  {
    kinds: ["PriorityClass.scheduling.k8s.io"],
    paths: ["value", "preemptionPolicy"],
    source: VALIDATION("pkg/apis/scheduling"),
  },
  {
    kinds: ["CustomResourceDefinition.apiextensions.k8s.io"],
    paths: ["spec.group", "spec.scope", "spec.names.kind", "spec.names.plural"],
    source: VALIDATION("staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"),
  },
  {
    kinds: ["GatewayClass.gateway.networking.k8s.io"],
    paths: ["spec.controllerName"],
    source: "https://gateway-api.sigs.k8s.io/api-types/gatewayclass/",
  },
];

function areExternalNames(before: object, after: object): boolean {
  return [before, after].some((each) => isOfType(each, "ExternalName"));
}

function isOfType(service: object, type: string): boolean {
  return (service as Spec).spec?.type === type;
}

import {
  ApiextensionsV1Api,
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  type KubeConfig,
} from "@kubernetes/client-node";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import { ignoreNotFound, retryTransient } from "../kubernetes/client";
import type { ClusterObjects } from "./clusterSources";
import { objectsIn } from "./sources";
import type { Tree } from "./tree";

/** Resources of Cilium's API group, each in the newest version that the cluster serves. */
const RESOURCES = [
  "ciliumloadbalancerippools",
  "ciliuml2announcementpolicies",
  "ciliumbgpclusterconfigs",
  "ciliumbgppeerconfigs",
  "ciliumbgpadvertisements",
  "ciliumbgpnodeconfigoverrides",
  "ciliumbgppeeringpolicies",
];

const namespace = "kube-system";

/** Reads what an import needs; it changes nothing. */
export async function fetchCluster(
  cluster: KubeConfig,
  context: string | undefined,
): Promise<ClusterObjects> {
  const core = cluster.makeApiClient(CoreV1Api);
  const pods = (labelSelector: string) =>
    retryTransient(() => core.listNamespacedPod({ namespace, labelSelector }));
  const [
    releases,
    configMap,
    daemonSet,
    nodes,
    apiServers,
    managers,
    gatewayCrd,
    serviceCidrs,
    manifests,
  ] = await Promise.all([
    retryTransient(() =>
      core.listSecretForAllNamespaces({ labelSelector: "owner=helm,name=cilium" }),
    ),
    ignoreNotFound(() => core.readNamespacedConfigMap({ namespace, name: "cilium-config" })),
    ignoreNotFound(() =>
      cluster.makeApiClient(AppsV1Api).readNamespacedDaemonSet({ namespace, name: "cilium" }),
    ),
    retryTransient(() => core.listNode()),
    pods("k8s-app=kube-apiserver"),
    pods("k8s-app=kube-controller-manager"),
    ignoreNotFound(() =>
      cluster
        .makeApiClient(ApiextensionsV1Api)
        .readCustomResourceDefinition({ name: "gateways.gateway.networking.k8s.io" }),
    ),
    list(cluster, "networking.k8s.io", ["v1", "v1beta1"], "servicecidrs"),
    Promise.all(RESOURCES.map((plural) => list(cluster, "cilium.io", ["v2", "v2alpha1"], plural))),
  ]);
  return {
    context,
    releases: releases.items,
    ciliumConfig: configMap?.data,
    daemonSet,
    nodes: nodes.items,
    controlPlanePods: [...apiServers.items, ...managers.items],
    serviceCidrs: serviceCidrs.flatMap(({ spec }) =>
      isPlainObject(spec) ? (spec.cidrs as string[]) : [],
    ),
    manifests: manifests.flat(),
    gatewayCrd,
  };
}

/** Objects of a resource in the first version that the cluster serves; none where it serves none. */
async function list(
  cluster: KubeConfig,
  group: string,
  versions: readonly string[],
  plural: string,
): Promise<Tree[]> {
  const api = cluster.makeApiClient(CustomObjectsApi);
  for (const version of versions) {
    const found = await ignoreNotFound(() =>
      api.listClusterCustomObject({ group, version, plural }),
    );
    if (found !== undefined) return objectsIn(found as Tree);
  }
  return [];
}

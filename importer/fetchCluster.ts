import { ApiextensionsV1Api, AppsV1Api, CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import { isPlainObject } from "es-toolkit/predicate/isPlainObject";
import { ignoreNotFound, retryTransient } from "../kubernetes/client";
import { listCustomResources } from "../kubernetes/lists";
import type { ClusterObjects } from "./clusterSources";
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
    listCustomResources<Tree>(cluster, "networking.k8s.io", ["v1", "v1beta1"], "servicecidrs"),
    Promise.all(
      RESOURCES.map((plural) =>
        listCustomResources<Tree>(cluster, "cilium.io", ["v2", "v2alpha1"], plural),
      ),
    ),
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

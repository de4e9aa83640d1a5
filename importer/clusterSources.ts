import type {
  V1CustomResourceDefinition,
  V1DaemonSet,
  V1Node,
  V1Pod,
  V1Secret,
} from "@kubernetes/client-node";
import { sortBy } from "es-toolkit/array/sortBy";
import { z } from "zod";
import { CONTROL_PLANE_LABEL, cidrRange, contains, single } from "../config";
import { unpackHelmRecord } from "../kubernetes/helmRecord";
import { internalIps } from "../kubernetes/nodeStatus";
import { plainVersion, RENDERED, valuesOfObjects, versionOfImage } from "./ciliumConfig";
import type { Change } from "./importReport";
import type { Sources } from "./sources";
import type { Tree } from "./tree";

/** What is read of a cluster for an import. */
export interface ClusterObjects {
  /** Context of the kubeconfig, if one was named. */
  readonly context: string | undefined;
  /** Secrets of Helm, of every revision. */
  readonly releases: readonly V1Secret[];
  /** Data of kube-system/cilium-config. */
  readonly ciliumConfig: Readonly<Record<string, string>> | undefined;
  readonly daemonSet: V1DaemonSet | undefined;
  readonly nodes: readonly V1Node[];
  /** Pods of kube-apiserver and kube-controller-manager; Talos runs them as static pods. */
  readonly controlPlanePods: readonly V1Pod[];
  /** spec.cidrs of the ServiceCIDRs. */
  readonly serviceCidrs: readonly string[];
  /** Pools, policies and BGP objects. */
  readonly manifests: readonly Tree[];
  /** CRD of Gateways. */
  readonly gatewayCrd: V1CustomResourceDefinition | undefined;
}

/** The fields of Helm's record that are read (helm.sh/helm/v3/pkg/release); config is absent without values. */
const record = z.object({
  version: z.number(),
  info: z.object({ status: z.string() }),
  chart: z.object({ metadata: z.object({ name: z.string(), version: z.string() }) }),
  config: z.record(z.string(), z.unknown()).nullish(),
});

/**
 * What a cluster has for an import: the values of Cilium's Helm release, or, where Helm did not install it, those that
 * its ConfigMap was rendered from.
 */
export function sourcesOfCluster(objects: ClusterObjects): Sources {
  const release = newestRelease(objects.releases);
  const values =
    release?.config ??
    (release === undefined ? valuesOfObjects(objects.ciliumConfig, objects.daemonSet) : {});
  const found: Record<string, unknown> = {};
  const set = (key: string, value: unknown) => {
    if (value !== undefined && !(Array.isArray(value) && value.length === 0)) found[key] = value;
  };
  set("cilium.version", release?.chart.metadata.version ?? versionOfImage(objects.daemonSet));
  set("cluster.context", objects.context);
  const versions = objects.nodes.map(({ status }) => status?.nodeInfo);
  set(
    "cluster.kubernetes",
    versions.map((info) => plainVersion(info?.kubeletVersion)).find(Boolean),
  );
  set("cluster.talos", versions.map((info) => talosVersion(info?.osImage)).find(Boolean));
  set("nodes.controlPlanes", addresses(objects.nodes.filter(isControlPlane)));
  set("nodes.workers", addresses(objects.nodes.filter((node) => !isControlPlane(node))));
  set("network.serviceCidrs", flag(objects, "service-cluster-ip-range") ?? objects.serviceCidrs);
  set("network.podCidrs", flag(objects, "cluster-cidr"));
  const annotations = objects.gatewayCrd?.metadata?.annotations ?? {};
  set("gatewayApi.version", annotations["gateway.networking.k8s.io/bundle-version"]);
  set("gatewayApi.channel", annotations["gateway.networking.k8s.io/channel"]);
  const where =
    release === undefined ? "ConfigMap cilium-config" : `Helm release, revision ${release.version}`;
  return {
    values,
    manifests: new Map(objects.manifests.map((manifest) => [manifest, "the cluster"])),
    settings: found,
    read: values === undefined ? [] : [where],
    missing: podCidrsFit(objects, found)
      ? []
      : [
          {
            path: "network.podCidrs",
            why: "a node's pod CIDR is outside it; compare kubectl get nodes -o jsonpath='{.items[*].spec.podCIDRs}'",
          },
        ],
    changes: ownersOf(objects, release !== undefined),
  };
}

function newestRelease(secrets: readonly V1Secret[]) {
  return secrets
    .map((secret) => record.parse(unpackHelmRecord(secret)))
    .filter(({ chart, info }) => chart.metadata.name === "cilium" && info.status !== "superseded")
    .sort((a, b) => b.version - a.version)[0];
}

/** A flag of Talos' static pods: a list of CIDRs. */
function flag({ controlPlanePods }: ClusterObjects, name: string): string[] | undefined {
  const start = `--${name}=`;
  const found = controlPlanePods
    .flatMap(({ spec }) => spec?.containers ?? [])
    .flatMap(({ command = [], args = [] }) => [...command, ...args])
    .find((argument) => argument.startsWith(start));
  return found?.slice(start.length).split(",");
}

function podCidrsFit({ nodes }: ClusterObjects, found: Readonly<Record<string, unknown>>): boolean {
  const cidrs = found["network.podCidrs"];
  if (!Array.isArray(cidrs)) return true;
  const ranges = cidrs.map((cidr) => cidrRange(String(cidr)));
  return nodes
    .flatMap(({ spec }) => spec?.podCIDRs ?? [])
    .every((cidr) => ranges.some((range) => contains(range, cidrRange(cidr))));
}

/** What else writes Cilium's objects, and would undo what the stack does. */
function ownersOf({ daemonSet }: ClusterObjects, hasRelease: boolean): Change[] {
  const { labels = {}, annotations = {} } = daemonSet?.metadata ?? {};
  const flux = labels["helm.toolkit.fluxcd.io/name"] ?? labels["kustomize.toolkit.fluxcd.io/name"];
  const argo =
    annotations["argocd.argoproj.io/tracking-id"] ?? labels["argocd.argoproj.io/instance"];
  const owner =
    flux !== undefined ? `Flux (${flux})` : argo !== undefined ? `Argo CD (${argo})` : undefined;
  const changes: Change[] = [];
  if (owner !== undefined) {
    changes.push({
      harm: "data path",
      what: `DaemonSet cilium, owned by ${owner}`,
      why: "two owners would undo each other's work; suspend the other one before the first update",
    });
  }
  if (!hasRelease && daemonSet !== undefined) {
    changes.push({
      harm: "data path",
      what: "DaemonSet cilium, without a Helm release",
      why: RENDERED,
    });
  }
  return changes;
}

function isControlPlane({ metadata }: V1Node): boolean {
  return Object.hasOwn(metadata?.labels ?? {}, CONTROL_PLANE_LABEL);
}

/** InternalIPs, one of each node, in their own order, as a person would list them. */
function addresses(nodes: readonly V1Node[]): string[] {
  const ranges = nodes.flatMap((node) => internalIps(node).slice(0, 1).map(single));
  return sortBy(ranges, ["family", "first"]).map(({ start }) => start);
}

function talosVersion(osImage: string | undefined): string | undefined {
  return plainVersion(/^Talos \((v[^)]+)\)/.exec(osImage ?? "")?.[1]);
}

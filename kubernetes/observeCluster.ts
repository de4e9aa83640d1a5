import { setTimeout as sleep } from "node:timers/promises";
import {
  ApiException,
  ApiextensionsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  type KubeConfig,
  type KubernetesObject,
  RbacAuthorizationV1Api,
  type V1ClusterRole,
  type V1CustomResourceDefinition,
  type V1Secret,
} from "@kubernetes/client-node";
import { maxBy } from "es-toolkit/array/maxBy";
import { z } from "zod";
import {
  CILIUM_RELEASE,
  installedByConfig,
  type ObservedCluster,
  type ObservedCrd,
  type ReleaseName,
} from "../config";
import { AccessError } from "./accessError";
import { describeError, ignoreNotFound, retryTransient } from "./client";
import { unpackHelmRecord } from "./helmRecord";
import { nodeIps } from "./nodeStatus";

/** Seconds that the look at a cluster may take in all. */
const TIMEOUT = 20;

/** Objects of one CRD that are fetched at most: enough to name some and to say that there are more. */
const OBJECTS_AT_MOST = 200;

/** Why a cluster could not be looked at, and what to do. */
export class LookError extends Error {}

const SEE = "see that it runs, and cluster.kubeconfig, cluster.context and KUBECONFIG";

/**
 * Reads what identifies a cluster; it writes nothing.
 * @param dropped names of CRDs that are to be looked into for objects.
 * @throws LookError, within {@link TIMEOUT}, with the cause and the right that is missing.
 */
export async function observeCluster(
  cluster: KubeConfig,
  dropped: readonly string[],
): Promise<ObservedCluster> {
  return await inTime(cluster, async () => {
    const core = cluster.makeApiClient(CoreV1Api);
    // One after the other: the first one finds out whether there is an API server, and whether it knows the caller.
    const uid = await readUid(cluster);
    const [nodes, config, role, record, crds] = await Promise.all([
      allowed("list nodes", async () => (await core.listNode()).items),
      allowed("get configmaps in kube-system", () =>
        ignoreNotFound(() =>
          core.readNamespacedConfigMap({ namespace: "kube-system", name: "cilium-config" }),
        ),
      ),
      allowed("get clusterroles", () =>
        ignoreNotFound(() =>
          cluster.makeApiClient(RbacAuthorizationV1Api).readClusterRole({ name: "cilium" }),
        ),
      ),
      readRecord(core),
      listCrds(cluster),
    ]);
    return {
      uid,
      nodes: nodes.map((node) => ({
        name: node.metadata?.name ?? "",
        addresses: nodeIps(node),
        podCidrs: node.spec?.podCIDRs ?? [],
      })),
      cilium: config && installedByConfig(config.data ?? {}),
      release: record !== undefined,
      version: record && chartVersionOf(record),
      owner: role && ownerOf(role),
      crds,
      objects: await objectsOf(
        cluster,
        crds.filter(({ name }) => dropped.includes(name)),
      ),
    };
  });
}

/** UID of the namespace kube-system. */
export async function readUid(cluster: KubeConfig): Promise<string> {
  const core = cluster.makeApiClient(CoreV1Api);
  return allowed("get namespaces", async () => {
    const { metadata } = await core.readNamespace({ name: "kube-system" });
    return metadata?.uid ?? "";
  });
}

/** Helm's record of what runs: the deployed revision, or the last one where none is. */
async function readRecord(core: CoreV1Api): Promise<V1Secret | undefined> {
  const { name, namespace } = CILIUM_RELEASE;
  const labelled = (labels: string) =>
    allowed(`list secrets in ${namespace}`, async () => {
      const labelSelector = `owner=helm,name=${name}${labels}`;
      return (await core.listNamespacedSecret({ namespace, labelSelector })).items;
    });
  const [deployed] = await labelled(",status=deployed");
  if (deployed) return deployed;
  return maxBy(await labelled(""), ({ metadata }) => Number(metadata?.labels?.version));
}

/** The fields of Helm's record that are read here. */
const helmRecord = z.object({ chart: z.object({ metadata: z.object({ version: z.string() }) }) });

function chartVersionOf(record: V1Secret): string {
  try {
    return helmRecord.parse(unpackHelmRecord(record)).chart.metadata.version;
  } catch (error) {
    const { name, namespace } = record.metadata ?? {};
    throw new LookError(
      `Helm's record of Cilium cannot be read (Secret ${namespace}/${name}); see it with helm history cilium -n ${namespace}`,
      { cause: error },
    );
  }
}

/** The release that Helm has marked an object with. */
function ownerOf({ metadata }: V1ClusterRole): ReleaseName | undefined {
  const name = metadata?.annotations?.["meta.helm.sh/release-name"];
  const namespace = metadata?.annotations?.["meta.helm.sh/release-namespace"];
  return name === undefined || namespace === undefined ? undefined : { name, namespace };
}

async function objectsOf(
  cluster: KubeConfig,
  crds: readonly ObservedCrd[],
): Promise<Record<string, string[]>> {
  const objects = await listObjects(cluster, crds);
  return Object.fromEntries(
    crds.map(({ name }) => [
      name,
      objects
        .filter((object) => object.crd === name && !isOfRelease(object))
        .map(({ text }) => text),
    ]),
  );
}

/** All CRDs of a cluster. */
export async function listCrds(cluster: KubeConfig): Promise<ObservedCrd[]> {
  const api = cluster.makeApiClient(ApiextensionsV1Api);
  const { items } = await allowed("list customresourcedefinitions", () =>
    api.listCustomResourceDefinition(),
  );
  return items.map(observed);
}

function observed({ metadata, spec }: V1CustomResourceDefinition): ObservedCrd {
  const version = spec.versions.find(({ storage, served }) => storage && served);
  return {
    name: metadata?.name ?? "",
    kind: spec.names.kind,
    group: spec.group,
    plural: spec.names.plural,
    version: (version ?? spec.versions.find(({ served }) => served))?.name ?? "",
  };
}

/** Objects of CRDs, in order, each as Kind namespace/name. */
export async function listObjects(
  cluster: KubeConfig,
  crds: readonly ObservedCrd[],
): Promise<(KubernetesObject & { readonly crd: string; readonly text: string })[]> {
  const api = cluster.makeApiClient(CustomObjectsApi);
  const lists = await Promise.all(
    crds.map(async ({ name: crd, group, version, plural, kind }) => {
      const list = await allowed(`list ${plural}.${group}`, () =>
        ignoreNotFound(() =>
          api.listCustomObjectForAllNamespaces({ group, version, plural, limit: OBJECTS_AT_MOST }),
        ),
      );
      const { items = [] } = (list ?? {}) as { items?: KubernetesObject[] };
      return items.map((object) => {
        const { namespace, name } = object.metadata ?? {};
        return { ...object, crd, text: `${kind} ${[namespace, name].filter(Boolean).join("/")}` };
      });
    }),
  );
  return lists.flat();
}

/** Whether Cilium's chart has made it, such as the GatewayClass; it goes with the release. */
export function isOfRelease({ metadata }: KubernetesObject): boolean {
  return metadata?.annotations?.["meta.helm.sh/release-name"] === "cilium";
}

/** Work on a cluster that must be done in time; {@link LookError} of whatever keeps it from that. */
async function inTime<T>(cluster: KubeConfig, work: () => Promise<T>): Promise<T> {
  const ended = new AbortController();
  const server = cluster.getCurrentCluster()?.server ?? "the API server";
  const late = sleep(TIMEOUT * 1000, undefined, { signal: ended.signal }).then(() => {
    throw new LookError(`${server}: no answer within ${TIMEOUT} s; ${SEE}`);
  });
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    if (error instanceof LookError || error instanceof AccessError) throw error;
    throw new LookError(`${server}: ${describeError(error)}; ${SEE}`, { cause: error });
  } finally {
    ended.abort();
    late.catch(() => {});
  }
}

/** A request; one that is forbidden says which right it needs. */
async function allowed<T>(right: string, request: () => Promise<T>): Promise<T> {
  try {
    return await retryTransient(request);
  } catch (error) {
    if (error instanceof ApiException && error.code === 403) {
      throw new LookError(`the right to ${right} is missing: ${describeError(error)}`);
    }
    throw error;
  }
}

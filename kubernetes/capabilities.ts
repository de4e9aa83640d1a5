import {
  ApiException,
  ApisApi,
  CoreV1Api,
  CustomObjectsApi,
  type KubeConfig,
  VersionApi,
} from "@kubernetes/client-node";
import pMap from "p-map";
import { retryTransient } from "./client";

/** Requests that are under way at once. */
const CONCURRENCY = 8;

/**
 * What a cluster can do, as Helm's templates ask for it: its version of Kubernetes, without v, and its APIs as
 * `group/version` and `group/version/Kind`, sorted.
 */
export async function readCapabilities(
  cluster: KubeConfig,
): Promise<{ readonly kubernetes: string; readonly apis: readonly string[] }> {
  const { gitVersion } = await retryTransient(() => cluster.makeApiClient(VersionApi).getCode());
  const { groups } = await retryTransient(() => cluster.makeApiClient(ApisApi).getAPIVersions());
  const versions = groups.flatMap(({ name, versions }) =>
    versions.map(({ version }) => ({ group: name, version })),
  );
  const core = await retryTransient(() => cluster.makeApiClient(CoreV1Api).getAPIResources());
  const objects = cluster.makeApiClient(CustomObjectsApi);
  const kinds = await pMap(
    versions,
    async ({ group, version }) => {
      const list = await retryTransient(() =>
        objects.getAPIResources({ group, version }).catch(unlessUnserved),
      );
      return apisOf(`${group}/${version}`, list?.resources ?? []);
    },
    { concurrency: CONCURRENCY },
  );
  const apis = [...apisOf("v1", core.resources), ...kinds.flat()];
  return { kubernetes: gitVersion.replace(/^v/, ""), apis: [...new Set(apis)].sort() };
}

/** An aggregated API whose pods do not run, as metrics-server's without a network, has no kinds; Helm goes on, too. */
function unlessUnserved(error: unknown): undefined {
  if (error instanceof ApiException && (error.code === 404 || error.code === 503)) return undefined;
  throw error;
}

function apisOf(version: string, resources: readonly { readonly kind: string }[]): string[] {
  return [version, ...resources.map(({ kind }) => `${version}/${kind}`)];
}

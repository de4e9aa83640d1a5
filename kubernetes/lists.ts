import { CustomObjectsApi, type KubeConfig, type V1ListMeta } from "@kubernetes/client-node";
import { ignoreNotFound, retryTransient } from "./client";

/** Objects per page of a list, as kubectl has it. */
const PAGE_SIZE = 500;

interface Page<T> {
  readonly metadata?: V1ListMeta;
  readonly items: T[];
}

/** The whole list, page by page. */
export async function listAll<T>(
  list: (page: { limit: number; _continue?: string }) => Promise<Page<T>>,
): Promise<T[]> {
  const items: T[] = [];
  for (let next: string | undefined; ; ) {
    const page = await retryTransient(() =>
      list({ limit: PAGE_SIZE, ...(next !== undefined && { _continue: next }) }),
    );
    items.push(...page.items);
    next = page.metadata?._continue;
    if (next === undefined || next === "") return items;
  }
}

/** Objects of a kind, in the first version that the cluster serves; none when it serves none. */
export async function listCustomResources<T>(
  cluster: KubeConfig,
  group: string,
  versions: readonly string[],
  plural: string,
): Promise<T[]> {
  const api = cluster.makeApiClient(CustomObjectsApi);
  for (const version of versions) {
    const items = await ignoreNotFound(() =>
      listAll(async (page) => {
        const request = { group, version, plural, ...page };
        return (await api.listClusterCustomObject(request)) as Page<T>;
      }),
    );
    if (items !== undefined) return items;
  }
  return [];
}

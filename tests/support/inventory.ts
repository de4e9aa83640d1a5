import { request } from "node:https";
import { ApiException, ApisApi, type KubeConfig } from "@kubernetes/client-node";
import { retryTransient } from "../../kubernetes/client";

/** An API resource list, as far as it is read here. */
interface ResourceList {
  readonly resources: readonly { name: string; kind: string; verbs: string[] }[];
}

/** A list of objects, as far as it is read here. */
interface ObjectList {
  readonly items?: readonly { metadata: Record<string, unknown> }[];
}

/**
 * Every object of every kind, found by discovery, that is of one of Cilium's or the Gateway API's groups, or named or
 * labelled after one of them; but events, which the API server forgets by itself.
 */
export async function ciliumObjects(config: KubeConfig): Promise<string[]> {
  const groups = await config.makeApiClient(ApisApi).getAPIVersions();
  const paths = [
    "/api/v1",
    ...groups.groups.map(({ preferredVersion }) => `/apis/${preferredVersion?.groupVersion}`),
  ];
  const found: string[] = [];
  for (const path of paths) {
    const { resources } = await get<ResourceList>(config, path);
    for (const { name } of resources.filter(isListed)) {
      // Discovery may lag behind a definition that has just gone: then there is nothing, or not yet an answer.
      const { items } = await listed(config, `${path}/${name}`);
      for (const { metadata } of items ?? []) {
        const { name: object, namespace, labels, annotations } = metadata;
        const text = JSON.stringify([object, namespace, labels, annotations]);
        if (/cilium|gateway/i.test(text) || /cilium|gateway/.test(path)) {
          found.push([path, name, namespace, object].filter(Boolean).join("/"));
        }
      }
    }
  }
  return found;
}

async function listed(config: KubeConfig, path: string): Promise<ObjectList> {
  try {
    return await retryTransient(() => get<ObjectList>(config, path));
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return {};
    throw error;
  }
}

function isListed({ name, verbs }: ResourceList["resources"][number]): boolean {
  return verbs.includes("list") && !name.includes("/") && name !== "events";
}

async function get<T>(config: KubeConfig, path: string): Promise<T> {
  const options = {};
  await config.applyToHTTPSOptions(options);
  return new Promise((resolve, reject) => {
    request(`${config.getCurrentCluster()?.server}${path}`, options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new ApiException(response.statusCode ?? 0, path, text, {}));
      });
    })
      .on("error", reject)
      .end();
  });
}

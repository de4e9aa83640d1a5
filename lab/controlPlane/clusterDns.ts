import { readFileSync } from "node:fs";
import {
  type KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  loadAllYaml,
  type V1Service,
} from "@kubernetes/client-node";
import type { Settings } from "../../config";
import { clusterServices } from "./clusterServices";

/** Installs CoreDNS, as Talos does in a new cluster. Its pods, like all others, wait for the network. */
export async function applyClusterDns(cluster: KubeConfig, settings: Settings): Promise<void> {
  const api = KubernetesObjectApi.makeApiClient(cluster);
  const manifests = loadAllYaml(readFileSync(require.resolve("./coredns.yaml"), "utf8"));
  for (const object of manifests as KubernetesObject[]) {
    if (object.kind === "Service") {
      const service = object as V1Service;
      service.spec = { ...service.spec, clusterIP: clusterServices(settings).dns };
    }
    await api.create(object);
  }
}

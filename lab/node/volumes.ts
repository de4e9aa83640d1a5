import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type {
  CoreV1Api,
  V1KeyToPath,
  V1Pod,
  V1Volume,
  V1VolumeProjection,
} from "@kubernetes/client-node";
import { unlessAbsent } from "./optional";

/** Paths of a pod's volumes, by their names. */
export type Volumes = ReadonlyMap<string, string>;

/** Where volumes lie, as with a real kubelet. */
const FOLDER = "/var/lib/kubelet/pods";

/**
 * Makes the volumes of a pod. Their content stays as it was when the pod started.
 * @throws Error when something that they hold is not there, or they are of a kind that the lab does not have.
 */
export async function prepareVolumes(core: CoreV1Api, pod: V1Pod): Promise<Volumes> {
  const volumes = new Map<string, string>();
  for (const volume of pod.spec?.volumes ?? []) {
    volumes.set(volume.name, await prepareVolume(core, pod, volume));
  }
  return volumes;
}

async function prepareVolume(core: CoreV1Api, pod: V1Pod, volume: V1Volume): Promise<string> {
  if (volume.hostPath !== undefined) {
    const { path, type = "" } = volume.hostPath;
    if (type === "FileOrCreate") writeFileSync(path, "", { flag: "a" });
    else if (!path.startsWith("/proc")) mkdirSync(path, { recursive: true });
    return path;
  }
  const folder = join(FOLDER, pod.metadata?.uid ?? "", "volumes", volume.name);
  mkdirSync(folder, { recursive: true });
  const sources: V1VolumeProjection[] = volume.projected?.sources ?? [
    ...(volume.configMap ? [{ configMap: volume.configMap }] : []),
    ...(volume.secret ? [{ secret: { ...volume.secret, name: volume.secret.secretName } }] : []),
  ];
  if (sources.length === 0 && volume.emptyDir === undefined && volume.projected === undefined) {
    throw new Error(`volume ${volume.name}: the lab does not have this kind of volume`);
  }
  for (const source of sources) {
    for (const [path, content] of await filesOf(core, pod, source)) {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
  }
  return folder;
}

async function filesOf(
  core: CoreV1Api,
  { metadata, spec }: V1Pod,
  source: V1VolumeProjection,
): Promise<[path: string, content: string | Buffer][]> {
  const namespace = metadata?.namespace ?? "";
  if (source.configMap !== undefined) {
    const { name = "", items, optional } = source.configMap;
    const found = await unlessAbsent(core.readNamespacedConfigMap({ namespace, name }), optional);
    return selected(Object.entries(found?.data ?? {}), items);
  }
  if (source.secret !== undefined) {
    const { name = "", items, optional } = source.secret;
    const found = await unlessAbsent(core.readNamespacedSecret({ namespace, name }), optional);
    const files = Object.entries(found?.data ?? {}).map(([key, value]): [string, Buffer] => [
      key,
      Buffer.from(value, "base64"),
    ]);
    return selected(files, items);
  }
  if (source.serviceAccountToken !== undefined) {
    const { audience, expirationSeconds, path } = source.serviceAccountToken;
    const { status } = await core.createNamespacedServiceAccountToken({
      namespace,
      name: spec?.serviceAccountName ?? "default",
      body: {
        spec: {
          audiences: audience === undefined ? [] : [audience],
          // A lab's token is not renewed, so it is good for longer than a lab lasts.
          expirationSeconds: Math.max(expirationSeconds ?? 0, 7 * 24 * 3600),
          boundObjectRef: {
            kind: "Pod",
            apiVersion: "v1",
            name: metadata?.name,
            uid: metadata?.uid,
          },
        },
      },
    });
    return [[path, status?.token ?? ""]];
  }
  const fields: Record<string, string> = {
    "metadata.namespace": namespace,
    "metadata.name": metadata?.name ?? "",
  };
  return (source.downwardAPI?.items ?? []).map(({ path, fieldRef }) => [
    path,
    fields[fieldRef?.fieldPath ?? ""] ?? "",
  ]);
}

function selected<T>(
  files: [string, T][],
  items: readonly V1KeyToPath[] | undefined,
): [string, T][] {
  if (items === undefined) return files;
  return items.flatMap(({ key, path }) =>
    files.filter(([name]) => name === key).map(([, content]): [string, T] => [path, content]),
  );
}

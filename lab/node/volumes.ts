import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type {
  CoreV1Api,
  V1KeyToPath,
  V1Pod,
  V1Volume,
  V1VolumeProjection,
} from "@kubernetes/client-node";
import { readConfigMap, readSecret } from "./configObjects";

/** Paths of a pod's volumes, by their names. */
export type Volumes = ReadonlyMap<string, string>;

/** Content of files, by path in the volume. */
type Files = Readonly<Record<string, string | Buffer>>;

/** The folder that a real kubelet uses, too. */
const FOLDER = "/var/lib/kubelet/pods";

/** Seconds that a token is valid at least. It is not renewed, so it must outlive the lab. */
const TOKEN_SECONDS = 7 * 24 * 3600;

/**
 * Makes the volumes of a pod. A later change of a ConfigMap or Secret does not reach them.
 * @throws Error when the lab does not support the kind of volume, or the content does not exist.
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
    throw new Error(
      `volume ${volume.name}: the lab does not support this kind of volume; use hostPath, emptyDir, ` +
        "configMap, secret or projected, or add it to lab/node/volumes.ts",
    );
  }
  for (const source of sources) {
    for (const [path, content] of Object.entries(await filesOf(core, pod, source))) {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
  }
  return folder;
}

async function filesOf(core: CoreV1Api, pod: V1Pod, source: V1VolumeProjection): Promise<Files> {
  const namespace = pod.metadata?.namespace ?? "";
  if (source.configMap !== undefined) {
    const data = await readConfigMap(core, namespace, source.configMap);
    return select(data, source.configMap.items);
  }
  if (source.secret !== undefined) {
    const data = await readSecret(core, namespace, source.secret);
    return select(data, source.secret.items);
  }
  if (source.serviceAccountToken !== undefined) {
    return { [source.serviceAccountToken.path]: await createToken(core, pod, source) };
  }
  const fields: Record<string, string> = {
    "metadata.namespace": namespace,
    "metadata.name": pod.metadata?.name ?? "",
  };
  return Object.fromEntries(
    (source.downwardAPI?.items ?? []).map(({ path, fieldRef }) => [
      path,
      fields[fieldRef?.fieldPath ?? ""] ?? "",
    ]),
  );
}

async function createToken(
  core: CoreV1Api,
  { metadata, spec }: V1Pod,
  { serviceAccountToken }: V1VolumeProjection,
): Promise<string> {
  const { audience, expirationSeconds = 0 } = serviceAccountToken ?? {};
  const { name, uid, namespace = "" } = metadata ?? {};
  const { status } = await core.createNamespacedServiceAccountToken({
    namespace,
    name: spec?.serviceAccountName ?? "default",
    body: {
      spec: {
        audiences: audience === undefined ? [] : [audience],
        expirationSeconds: Math.max(expirationSeconds, TOKEN_SECONDS),
        boundObjectRef: { kind: "Pod", apiVersion: "v1", name, uid },
      },
    },
  });
  return status?.token ?? "";
}

/** The keys that a volume's items name, under their paths; without items, all keys. */
function select<T>(
  data: Readonly<Record<string, T>>,
  items: readonly V1KeyToPath[] | undefined,
): Record<string, T> {
  if (items === undefined) return data;
  return Object.fromEntries(
    items.flatMap(({ key, path }) => {
      const content = data[key];
      return content === undefined ? [] : [[path, content] as const];
    }),
  );
}

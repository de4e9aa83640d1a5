import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { RunError } from "@pulumi/pulumi";
import { parseAllDocuments } from "yaml";
import type { GatewayApi } from "../config";
import { download } from "./download";

/** A Kubernetes object as it stands in a manifest. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** Those manifests of a release of the Gateway API that a cluster needs. */
export interface GatewayApiBundle {
  readonly crds: readonly Manifest[];
  /** The policy "safe-upgrades" and its binding, part of the bundle from v1.5 on. */
  readonly policies: readonly Manifest[];
  /** SHA-256 of these objects, in hexadecimal; layout and comments of the source do not change it. */
  readonly digest: string;
}

/**
 * Loads the Gateway API's bundle: the release on GitHub, or the mirror, file or folder that the settings name.
 * @throws RunError when it cannot be downloaded or read, or has another SHA-256, version or channel than the settings.
 */
export async function loadGatewayApiBundle(
  settings: Pick<GatewayApi, "version" | "channel" | "source" | "sha256">,
): Promise<GatewayApiBundle> {
  const { version, channel, sha256 } = settings;
  const source =
    settings.source ??
    `https://github.com/kubernetes-sigs/gateway-api/releases/download/${version}/${channel}-install.yaml`;
  const text = /^https?:/.test(source) ? await readRemote(source) : await readLocal(source);

  if (sha256 !== undefined) {
    const actual = createHash("sha256").update(text).digest("hex");
    if (actual !== sha256) {
      throw bundleError(source, `its SHA-256 is ${actual}, not the configured ${sha256}`);
    }
  }
  return validateBundle(parse(text, source), source, version, channel);
}

async function readRemote(url: string): Promise<string> {
  try {
    return await download(url);
  } catch (error) {
    throw bundleError(url, `it cannot be downloaded (${(error as Error).message})`);
  }
}

/** Text of a file, or of all YAML files in a folder. */
async function readLocal(path: string): Promise<string> {
  try {
    if (!(await stat(path)).isDirectory()) return await readFile(path, "utf8");
    const names = (await readdir(path)).filter((name) => /\.ya?ml$/.test(name)).sort();
    const texts = await Promise.all(names.map((name) => readFile(join(path, name), "utf8")));
    return texts.join("\n---\n");
  } catch (error) {
    throw bundleError(
      path,
      `it cannot be read (${error instanceof Error ? error.message : error})`,
    );
  }
}

/** The Kubernetes objects; other YAML, such as a kustomization, may lie beside them in a folder. */
function parse(text: string, source: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => {
      const [error] = document.errors;
      if (error !== undefined) throw bundleError(source, `it is not YAML (${error.message})`);
      return document.toJS() as Partial<Manifest> | null;
    })
    .filter(
      (object): object is Manifest =>
        object?.kind !== undefined && object.metadata?.name !== undefined,
    );
}

function validateBundle(
  manifests: Manifest[],
  source: string,
  version: string,
  channel: string,
): GatewayApiBundle {
  const crds = manifests.filter(({ kind }) => kind === "CustomResourceDefinition");
  if (crds.length === 0) throw bundleError(source, "it holds no CustomResourceDefinition");
  const names = new Set<string>();
  for (const { metadata } of crds) {
    if (names.has(metadata.name)) {
      throw bundleError(
        source,
        `it holds ${metadata.name} twice; take one channel only, experimental contains standard`,
      );
    }
    names.add(metadata.name);
    const annotations = (metadata.annotations ?? {}) as Record<string, string>;
    const found = `${annotations["gateway.networking.k8s.io/bundle-version"]}, ${annotations["gateway.networking.k8s.io/channel"]}`;
    if (found !== `${version}, ${channel}`) {
      throw bundleError(source, `${metadata.name} is of ${found}, not ${version}, ${channel}`);
    }
  }
  const policies = manifests.filter(({ kind }) => kind.startsWith("ValidatingAdmissionPolicy"));
  const digest = createHash("sha256")
    .update(JSON.stringify([crds, policies]))
    .digest("hex");
  return { crds, policies, digest };
}

function bundleError(source: string, wrong: string): RunError {
  return new RunError(
    `Gateway API bundle ${source}: ${wrong}; see gatewayApi.source, version and sha256 in the stack's configuration`,
  );
}

import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { RunError } from "@pulumi/pulumi";
import pRetry, { AbortError } from "p-retry";
import { parseAllDocuments } from "yaml";
import type { Settings } from "../config";

/** Seconds that one attempt to download the bundle may take. */
const DOWNLOAD_TIMEOUT = 30;
/** Further attempts to download it, after 1, 2 and 4 seconds. */
const DOWNLOAD_RETRIES = 3;

/** A Kubernetes object as a manifest has it. */
export interface Manifest {
  /** Group and version, e.g. apiextensions.k8s.io/v1. */
  readonly apiVersion: string;
  /** Kind, e.g. CustomResourceDefinition. */
  readonly kind: string;
  /** Name, labels, annotations. */
  readonly metadata: { readonly name: string; readonly [key: string]: unknown };
  /** All the rest. */
  readonly [key: string]: unknown;
}

/** The Gateway API's manifests, as far as a cluster needs them. */
export interface GatewayApiBundle {
  /** Custom resource definitions, by name. */
  readonly crds: readonly Manifest[];
  /** The policy "safe-upgrades" and its binding, part of the bundle from v1.5 on. */
  readonly policies: readonly Manifest[];
  /** Digest of what is installed, in hexadecimal; the same for the same objects, however they were written. */
  readonly digest: string;
}

/**
 * Loads the Gateway API's bundle: the release on GitHub, or the mirror, file or folder that the settings name.
 * @throws RunError when it cannot be had or read, has another SHA-256, or is not the version and channel asked for.
 */
export async function loadGatewayApiBundle(
  settings: Pick<Settings["gatewayApi"], "version" | "channel" | "source" | "sha256">,
): Promise<GatewayApiBundle> {
  const { version, channel, sha256 } = settings;
  const source =
    settings.source ??
    `https://github.com/kubernetes-sigs/gateway-api/releases/download/${version}/${channel}-install.yaml`;
  const text = /^https?:/.test(source) ? await download(source) : await readLocal(source);

  if (sha256 !== undefined) {
    const actual = createHash("sha256").update(text).digest("hex");
    if (actual !== sha256) {
      throw bundleError(source, `its SHA-256 is ${actual}, not the configured ${sha256}`);
    }
  }
  return checked(parse(text, source), source, version, channel);
}

async function download(url: string): Promise<string> {
  try {
    return await pRetry(
      async () => {
        const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT * 1000) });
        if (response.ok) return response.text();
        const failure = new Error(`HTTP ${response.status}`);
        // What is not there does not come by asking again.
        throw response.status === 404 ? new AbortError(failure) : failure;
      },
      // fetch says "TypeError" of a network that fails, which p-retry would take for a mistake in the program.
      { retries: DOWNLOAD_RETRIES, shouldRetry: () => true },
    );
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    throw bundleError(
      url,
      `it cannot be downloaded (${cause instanceof Error ? cause.message : cause})`,
    );
  }
}

/** Text of a file, or of all YAML files of a folder. */
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

/** Kubernetes objects of a text; a folder may hold other YAML, such as a kustomization. */
function parse(text: string, source: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => {
      const [error] = document.errors;
      if (error !== undefined) throw bundleError(source, `it is no YAML (${error.message})`);
      return document.toJS() as Partial<Manifest> | null;
    })
    .filter(
      (object): object is Manifest =>
        object?.kind !== undefined && object.metadata?.name !== undefined,
    );
}

function checked(
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

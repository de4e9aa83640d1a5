import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { parse } from "yaml";
import { AccessError } from "./accessError";

/** What a kubeconfig says of a cluster, as far as this program looks into it. */
export interface ClusterEntry {
  readonly server?: string;
  readonly "certificate-authority"?: string;
  readonly "certificate-authority-data"?: string;
  readonly "insecure-skip-tls-verify"?: boolean;
  readonly "tls-server-name"?: string;
  readonly "proxy-url"?: string;
  readonly extensions?: readonly { readonly name: string; readonly extension?: unknown }[];
}

/** A credential plugin: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#configuration */
export interface ExecPlugin {
  readonly apiVersion?: string;
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly installHint?: string;
  readonly provideClusterInfo?: boolean;
  readonly interactiveMode?: "Never" | "IfAvailable" | "Always";
}

/** What a kubeconfig says of a user, as far as this program looks into it. */
export interface UserEntry {
  readonly "client-certificate"?: string;
  readonly "client-key"?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly exec?: ExecPlugin | null;
  readonly "auth-provider"?: unknown;
}

/** A kubeconfig, or several of them merged. */
export interface Kubeconfig {
  /** The files that it was read from. */
  readonly files: readonly string[];
  readonly "current-context"?: string;
  readonly clusters: readonly { readonly name: string; readonly cluster?: ClusterEntry }[];
  readonly users: readonly { readonly name: string; readonly user?: UserEntry }[];
  readonly contexts: readonly {
    readonly name: string;
    readonly context?: { readonly cluster?: string; readonly user?: string };
  }[];
}

/** Where a pod finds the credentials of its ServiceAccount. */
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

const REMEDY = "name one with cluster.kubeconfig, --kubeconfig or KUBECONFIG";

/**
 * Reads a kubeconfig, or several of them (a:b) as kubectl does: the first file that has a name, or a current context, wins.
 * `~/` at the beginning of a path is the home directory; the Kubernetes provider takes it so, too.
 * @param path default: KUBECONFIG, else ~/.kube/config, else, within a pod, its ServiceAccount.
 * @throws AccessError when there is no such file, or it is no kubeconfig.
 */
export function readKubeconfig(path?: string): Kubeconfig {
  const named = path ?? (process.env.KUBECONFIG || undefined);
  const files = named === undefined ? [defaultPath()] : splitPaths(named);
  const present = files.filter((file) => existsSync(file));
  if (present.length === 0) {
    const ofPod = named === undefined ? serviceAccount() : undefined;
    if (ofPod !== undefined) return ofPod;
    throw new AccessError(`kubeconfig: no such file (${files.join(", ")}); ${REMEDY}`);
  }
  const read = present.map(readFile);
  const current = read.map((config) => config["current-context"]).find(Boolean);
  return {
    files: present,
    ...(current !== undefined && { "current-context": current }),
    clusters: firstOfEachName(read.flatMap(({ clusters }) => clusters)),
    users: firstOfEachName(read.flatMap(({ users }) => users)),
    contexts: firstOfEachName(read.flatMap(({ contexts }) => contexts)),
  };
}

function serviceAccount(): Kubeconfig | undefined {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  const tokenFile = join(SERVICE_ACCOUNT, "token");
  if (host === undefined || !existsSync(tokenFile)) return undefined;
  const server = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const name = "pod";
  return {
    files: [tokenFile],
    "current-context": name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [
      { name, cluster: { server, "certificate-authority": join(SERVICE_ACCOUNT, "ca.crt") } },
    ],
    users: [{ name, user: { tokenFile } }],
  };
}

function defaultPath(): string {
  return join(homedir(), ".kube", "config");
}

function splitPaths(named: string): string[] {
  if (named.includes("\n")) {
    // The message must not repeat it: it holds credentials.
    throw new AccessError(
      "kubeconfig: it is a kubeconfig's contents, not a path; write them to a file, and name that",
    );
  }
  return [...new Set(named.split(delimiter).filter((path) => path !== ""))].map(expandHome);
}

function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(1)) : path;
}

function readFile(file: string): Kubeconfig {
  const folder = dirname(resolve(file));
  const { clusters, users, contexts, ...rest } = parseFile(file);
  return {
    ...rest,
    files: [file],
    contexts: entries(contexts),
    clusters: entries(clusters).map((entry) => ({
      ...entry,
      ...(entry.cluster && { cluster: absolute(folder, entry.cluster, ["certificate-authority"]) }),
    })),
    users: entries(users).map((entry) => ({
      ...entry,
      ...(entry.user && { user: absoluteUser(folder, entry.user) }),
    })),
  };
}

function parseFile(file: string): Partial<Kubeconfig> {
  let content: unknown;
  try {
    content = parse(readFileSync(file, "utf8"));
  } catch (error) {
    // The first line only: YAML's parser shows the text around a mistake, which holds credentials.
    const [cause] = (error as Error).message.split("\n");
    throw new AccessError(`kubeconfig: cannot be read (${file}: ${cause}); ${REMEDY}`);
  }
  // kubectl takes an empty file for an empty kubeconfig.
  if (content === null) return {};
  if (typeof content !== "object" || Array.isArray(content)) {
    throw new AccessError(`kubeconfig: not a kubeconfig (${file}); ${REMEDY}`);
  }
  return content;
}

function entries<T>(list: readonly T[] | undefined | null): readonly T[] {
  return Array.isArray(list) ? list : [];
}

/** Paths within a kubeconfig are relative to its folder. */
function absolute<T extends object>(folder: string, entry: T, keys: readonly (keyof T)[]): T {
  const paths = keys.flatMap((key) => {
    const path = entry[key];
    return typeof path === "string" && path !== "" ? [[key, resolve(folder, path)]] : [];
  });
  return { ...entry, ...Object.fromEntries(paths) };
}

function absoluteUser(folder: string, user: UserEntry): UserEntry {
  const { exec } = user;
  return {
    ...absolute(folder, user, ["client-certificate", "client-key", "tokenFile"]),
    // A command without a slash is looked for on PATH.
    ...(exec?.command?.includes("/") &&
      !isAbsolute(exec.command) && { exec: absolute(folder, exec, ["command"]) }),
  };
}

function firstOfEachName<T extends { readonly name: string }>(list: readonly T[]): T[] {
  return [...new Map(list.toReversed().map((entry) => [entry.name, entry])).values()].toReversed();
}

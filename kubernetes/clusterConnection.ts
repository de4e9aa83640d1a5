import { Agent } from "node:https";
import {
  type ApiConstructor,
  type ApiType,
  createConfiguration,
  KubeConfig,
  type RequestContext,
  ServerConfiguration,
  wrapHttpLibrary,
} from "@kubernetes/client-node";
import { ApiTransport, REQUEST_TIMEOUT } from "./apiTransport";
import { EXEC_CREDENTIAL, ExecCredential } from "./execCredential";
import type { ClusterEntry, Kubeconfig, UserEntry } from "./kubeconfig";
import { proxyFor } from "./proxy";

/**
 * One context of a kubeconfig: what the Kubernetes client makes of it, with the environment's proxy where the kubeconfig
 * names none, with a plugin that is asked once, and with requests that end in time.
 */
export class ClusterConnection extends KubeConfig {
  /** Set when the user's credential comes from a plugin. */
  public readonly credential: ExecCredential | undefined;

  /** @param context a context of the kubeconfig, whose cluster and user it has. */
  constructor(kubeconfig: Kubeconfig, context: string) {
    super();
    const { files: _, ...config } = kubeconfig;
    const content = {
      ...config,
      "current-context": context,
      clusters: config.clusters.map(({ name, cluster }) => ({
        name,
        cluster: cluster && withProxy(cluster),
      })),
      users: config.users.map(({ name, user }) => ({ name, user: user && withAuthProvider(user) })),
    };
    // Entries of other contexts may be incomplete, as they may for kubectl.
    this.loadFromString(JSON.stringify(content), { onInvalidEntry: "filter" });

    const names = this.getContextObject(context);
    const user = config.users.find(({ name }) => name === names?.user);
    const cluster = content.clusters.find(({ name }) => name === names?.cluster)?.cluster;
    if (user?.user && usesPlugin(user.user)) {
      this.credential = new ExecCredential(user.name, user.user.exec, cluster ?? {});
      this.addAuthenticator(this.credential);
    }
  }

  public override makeApiClient<T extends ApiType>(api: ApiConstructor<T>): T {
    const server = this.getCurrentCluster()?.server ?? "";
    return new api(
      createConfiguration({
        baseServer: new ServerConfiguration(server, {}),
        authMethods: { default: this },
        httpApi: wrapHttpLibrary(new ApiTransport(this)),
      }),
    );
  }

  public override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(context);
    limitConnect(context.getAgent());
  }

  public override async applyToHTTPSOptions(
    options: Parameters<KubeConfig["applyToHTTPSOptions"]>[0],
  ): Promise<void> {
    await super.applyToHTTPSOptions(options);
    Object.assign(options, { handshakeTimeout: REQUEST_TIMEOUT });
    limitConnect(options.agent);
  }
}

/** A proxy that does not answer would keep the process alive. */
function limitConnect(agent: unknown): void {
  if (agent instanceof Agent) agent.options.timeout = REQUEST_TIMEOUT;
}

function withProxy(cluster: ClusterEntry): ClusterEntry {
  const { server, "proxy-url": own } = cluster;
  const proxy =
    own || (server !== undefined && URL.canParse(server) ? proxyFor(server) : undefined);
  return proxy === undefined ? cluster : { ...cluster, "proxy-url": proxy };
}

/** A token goes before a plugin, as it does for kubectl. */
function usesPlugin(user: UserEntry): user is UserEntry & { readonly exec: object } {
  return Boolean(user.exec && !user.token && !user.tokenFile);
}

function withAuthProvider(user: UserEntry): UserEntry {
  const { exec, tokenFile, ...rest } = user;
  if (usesPlugin(user)) return { ...rest, "auth-provider": { name: EXEC_CREDENTIAL } };
  // The Kubernetes client does not know tokenFile, but has a provider that reads one, and reads it again each minute.
  if (tokenFile) return { ...rest, "auth-provider": { name: "tokenFile", config: { tokenFile } } };
  return rest;
}

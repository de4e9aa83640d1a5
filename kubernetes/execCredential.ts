import type { RequestOptions } from "node:https";
import type { User } from "@kubernetes/client-node";
import { AccessError } from "./accessError";
import type { ClusterEntry, ExecPlugin } from "./kubeconfig";

/** What a plugin answers with; the certificate and the key are PEM. */
interface Credential {
  readonly token?: string;
  readonly clientCertificateData?: string;
  readonly clientKeyData?: string;
  readonly expirationTimestamp?: string;
}

/** Name by which a user of the Kubernetes client says that its credential comes from here. */
export const EXEC_CREDENTIAL = "exec-credential";

/** In an extension of this name a kubeconfig has what is meant for the plugin alone. */
const CLUSTER_EXTENSION = "client.authentication.k8s.io/exec";

/**
 * The credential that a kubeconfig's plugin gives. The plugin is asked once, before the first request, and again when
 * the credential has expired or the API server refuses it; all requests share the answer, a failure, too.
 *
 * The Kubernetes client's own ExecAuth runs the plugin for every request that begins before the first answer, and
 * caches nothing that has no expirationTimestamp.
 */
export class ExecCredential {
  private asked: Promise<Credential> | undefined;
  private expires = Number.POSITIVE_INFINITY;
  private renewedFor: Promise<Credential> | undefined;

  /**
   * @param user name of the kubeconfig's user.
   * @param cluster what a plugin that wants to know is told of the cluster.
   */
  constructor(
    private readonly user: string,
    private readonly plugin: ExecPlugin,
    private readonly cluster: ClusterEntry,
  ) {}

  /** For the Kubernetes client: whether a user's credential comes from here. */
  public isAuthProvider(user: User): boolean {
    return user.name === this.user && user.authProvider?.name === EXEC_CREDENTIAL;
  }

  /** For the Kubernetes client: adds the credential to a request. */
  public async applyAuthentication(_user: User, options: RequestOptions): Promise<void> {
    const { token, clientCertificateData, clientKeyData } = await this.get();
    if (clientCertificateData) options.cert = clientCertificateData;
    if (clientKeyData) options.key = clientKeyData;
    if (token) options.headers = { ...options.headers, Authorization: `Bearer ${token}` };
  }

  /** What {@link renew} is told was refused. */
  public get current(): unknown {
    return this.asked;
  }

  /**
   * Asks the plugin anew, once, after the API server refused a credential.
   * @returns whether there is another one now; false when the refused one was new already.
   */
  public renew(refused: unknown): boolean {
    if (refused !== this.asked) return true;
    if (this.asked === this.renewedFor) return false;
    this.renewedFor = this.ask();
    return true;
  }

  /** The API server took it: it may be renewed once more when it is refused later. */
  public accepted(): void {
    this.renewedFor = undefined;
  }

  private get(): Promise<Credential> {
    return this.asked === undefined || Date.now() >= this.expires ? this.ask() : this.asked;
  }

  private ask(): Promise<Credential> {
    this.expires = Number.POSITIVE_INFINITY;
    this.asked = this.run().then((credential) => {
      const expires = Date.parse(credential.expirationTimestamp ?? "");
      this.expires = Number.isNaN(expires) ? Number.POSITIVE_INFINITY : expires;
      return credential;
    });
    return this.asked;
  }

  private async run(): Promise<Credential> {
    const { command, args, env, interactiveMode, installHint } = this.plugin;
    const terminal = process.stdin.isTTY === true;
    if (interactiveMode === "Always" && !terminal) {
      throw this.failure(
        "it wants to be answered, and there is no terminal",
        "run the command in a terminal, or use a kubeconfig with a token",
      );
    }
    const interactive = terminal && interactiveMode !== "Never";
    // Loaded here: few kubeconfigs have a plugin.
    const { execa } = await import("execa");
    const { code, exitCode, signal, stdout, stderr } = await execa(command, args ?? [], {
      env: {
        ...Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
        KUBERNETES_EXEC_INFO: JSON.stringify(this.execInfo(interactive)),
      },
      stdin: interactive ? "inherit" : "ignore",
      // It may say there where to log in.
      stderr: ["pipe", "inherit"],
      reject: false,
    });
    if (code === "ENOENT" || code === "EACCES") {
      const hint = installHint?.trim().replaceAll(/\s+/g, " ");
      throw this.failure(
        code === "ENOENT" ? "no such program" : "not executable",
        hint ? `install it (${hint})` : "install it, or put its folder on PATH",
      );
    }
    if (exitCode !== 0) {
      const end = signal === undefined ? `exit code ${exitCode}` : `ended by ${signal}`;
      const said = stderr.trim().replaceAll(/\s*\n\s*/g, " / ");
      throw this.failure(
        [end, said].filter(Boolean).join(": "),
        "log in with it (kubectl get nodes asks the same plugin), or use a kubeconfig with a token",
      );
    }
    return this.parse(stdout);
  }

  private execInfo(interactive: boolean): unknown {
    const { apiVersion = "client.authentication.k8s.io/v1", provideClusterInfo } = this.plugin;
    const { extensions } = this.cluster;
    const config = extensions?.find(({ name }) => name === CLUSTER_EXTENSION)?.extension;
    const cluster = {
      server: this.cluster.server,
      "tls-server-name": this.cluster["tls-server-name"],
      "insecure-skip-tls-verify": this.cluster["insecure-skip-tls-verify"],
      "certificate-authority-data": this.cluster["certificate-authority-data"],
      "proxy-url": this.cluster["proxy-url"],
      config,
    };
    const spec = { interactive, ...(provideClusterInfo && { cluster }) };
    return { apiVersion, kind: "ExecCredential", spec };
  }

  private parse(stdout: string): Credential {
    let status: Credential | undefined;
    try {
      ({ status } = JSON.parse(stdout));
    } catch {
      // What it printed may be a credential, and is not repeated.
    }
    const { token, clientCertificateData, clientKeyData } = status ?? {};
    if (status === undefined || !(token || (clientCertificateData && clientKeyData))) {
      throw this.failure(
        "it printed no ExecCredential with a token, or with a certificate and its key",
        "see users[].user.exec in the kubeconfig",
      );
    }
    return status;
  }

  private failure(wrong: string, fix: string): AccessError {
    return new AccessError(
      `user ${this.user}: the credential plugin ${this.plugin.command} gives no credential (${wrong}); ${fix}`,
    );
  }
}

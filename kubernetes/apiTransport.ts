import {
  IsomorphicFetchHttpLibrary,
  type KubeConfig,
  type PromiseHttpLibrary,
  type RequestContext,
  ResponseContext,
  SelfDecodingBody,
} from "@kubernetes/client-node";
import { AccessError } from "./accessError";
import type { ExecCredential } from "./execCredential";
import { withoutPassword } from "./proxy";

/** Milliseconds that a request to the API may take, its answer included. */
export const REQUEST_TIMEOUT = 30_000;

/** What hpagent says when a proxy refuses CONNECT. */
const PROXY_ANSWER = /\bBad response: (\d+)/;

/**
 * Sends requests to the API. When the credential of a plugin is refused, it is renewed and the request repeated, once;
 * no request waits longer than {@link REQUEST_TIMEOUT}.
 */
export class ApiTransport implements PromiseHttpLibrary {
  private readonly http = new IsomorphicFetchHttpLibrary();

  constructor(
    private readonly cluster: KubeConfig & { readonly credential: ExecCredential | undefined },
  ) {}

  /** @throws AccessError when the API server does not accept the credentials, or a proxy does not accept the request. */
  public async send(request: RequestContext): Promise<ResponseContext> {
    const { credential } = this.cluster;
    const used = credential?.current;
    const response = await this.ask(request);
    if (response.httpStatusCode !== 401) {
      credential?.accepted();
      return response;
    }
    if (credential?.renew(used)) {
      await this.cluster.applySecurityAuthentication(request);
      const repeated = await this.ask(request);
      if (repeated.httpStatusCode !== 401) {
        credential.accepted();
        return repeated;
      }
    }
    throw new AccessError(
      `user ${this.cluster.getCurrentUser()?.name ?? "(none)"}: the API server does not accept the credentials (${this.server}: HTTP 401); log in again, or use another kubeconfig or context`,
    );
  }

  private async ask(request: RequestContext): Promise<ResponseContext> {
    const timeout = AbortSignal.timeout(REQUEST_TIMEOUT);
    const signal = request.getSignal();
    request.setSignal(signal === undefined ? timeout : AbortSignal.any([signal, timeout]));
    try {
      const { httpStatusCode, headers, body } = await this.http.send(request).toPromise();
      const content = await body.binary();
      return new ResponseContext(
        httpStatusCode,
        headers,
        new SelfDecodingBody(Promise.resolve(content)),
      );
    } catch (error) {
      if (timeout.aborted) throw this.unanswered(`no answer within ${REQUEST_TIMEOUT / 1000} s`);
      throw this.ofProxy(error) ?? error;
    }
  }

  private ofProxy(error: unknown): Error | undefined {
    const [, status] = PROXY_ANSWER.exec((error as Error).message) ?? [];
    if (status === undefined) return undefined;
    const proxy = withoutPassword(this.cluster.getCurrentCluster()?.proxyUrl ?? "");
    const wrong = `the proxy ${proxy} does not connect to it (HTTP ${status})`;
    if (Number(status) >= 500) return this.unanswered(wrong);
    return new AccessError(
      `${this.server}: ${wrong}; see HTTPS_PROXY, NO_PROXY and the kubeconfig's proxy-url`,
    );
  }

  /** It may be better the next time. */
  private unanswered(wrong: string): Error {
    return Object.assign(new Error(`${this.server}: ${wrong}`), { code: "ETIMEDOUT" });
  }

  private get server(): string {
    return this.cluster.getCurrentCluster()?.server ?? "the API server";
  }
}

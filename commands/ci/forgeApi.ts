import { fetch, type Headers } from "undici";
import { ForgeError } from "./forgeError";

/** Seconds that one request may take. */
const TIMEOUT = 30;

/** Pages that are read at most: ten thousand posts. */
const PAGES_AT_MOST = 100;

/** The REST API of a forge: JSON, pages that are linked, and errors that say what was asked. */
export class ForgeApi {
  /**
   * @param base URL that every path is under.
   * @param headers those of every request, the token among them.
   */
  constructor(
    private readonly base: string,
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  public async get<T>(path: string): Promise<T> {
    return (await this.request("GET", path)).body as T;
  }

  public async send<T>(method: "POST" | "PATCH" | "PUT", path: string, body: object): Promise<T> {
    return (await this.request(method, path, body)).body as T;
  }

  /** The items of all pages. */
  public async list<T>(path: string): Promise<T[]> {
    const items: T[] = [];
    let next: string | undefined = path;
    for (let page = 0; next !== undefined; page++) {
      if (page === PAGES_AT_MOST) throw new ForgeError(`${path}: too many pages`, undefined, false);
      const { body, headers } = await this.request("GET", next);
      items.push(...(body as T[]));
      next = nextPage(headers);
    }
    return items;
  }

  /** @param path under the base, or the URL of a further page. */
  private async request(method: string, path: string, body?: object) {
    const url = new URL(path.startsWith("http") ? path : `${this.base}${path}`);
    // The token goes to the forge alone, whatever a page links to.
    if (url.origin !== new URL(this.base).origin) {
      throw new ForgeError(
        `${url.origin}: a page is linked that is not the forge's`,
        undefined,
        false,
      );
    }
    const what = `${method} ${url.origin}${url.pathname}`;
    try {
      const response = await fetch(url, {
        method,
        headers: {
          accept: "application/json",
          "content-type": "application/json",
          ...this.headers,
        },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT * 1000),
      });
      const text = await response.text();
      if (!response.ok) throw refusal(what, response.status, response.headers, text);
      return { body: text === "" ? undefined : JSON.parse(text), headers: response.headers };
    } catch (error) {
      if (error instanceof ForgeError) throw error;
      const { message, cause } = error as Error;
      throw new ForgeError(
        `${what}: ${(cause as Error | undefined)?.message ?? message}`,
        undefined,
        true,
      );
    }
  }
}

function nextPage(headers: Headers): string | undefined {
  return /<([^>]+)>;[^,]*\brel="next"/.exec(headers.get("link") ?? "")?.[1];
}

function refusal(what: string, status: number, headers: Headers, text: string): ForgeError {
  const isLimited =
    status === 429 ||
    (status === 403 &&
      (headers.has("retry-after") || headers.get("x-ratelimit-remaining") === "0"));
  const reset = Number(headers.get("x-ratelimit-reset") ?? headers.get("ratelimit-reset") ?? 0);
  const untilReset = reset === 0 ? 0 : Math.max(0, reset - Date.now() / 1000);
  return new ForgeError(
    `${what}: HTTP ${status} (${reasonOf(text)})`,
    status,
    isLimited || status >= 500,
    isLimited ? Number(headers.get("retry-after") ?? untilReset) || 0 : 0,
  );
}

/** What the forge says of the error, in one line. */
function reasonOf(text: string): string {
  try {
    const { message, error } = JSON.parse(text);
    return String(message ?? error ?? "no reason given");
  } catch {
    return text.trim().split("\n")[0]?.slice(0, 200) || "no reason given";
  }
}

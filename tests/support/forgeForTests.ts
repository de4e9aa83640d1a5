import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** A comment or an issue in the stand-in. */
export interface StoredPost {
  readonly id: number;
  readonly author: string;
  body: string;
  title?: string;
  state: string;
}

/** A request that the stand-in was asked. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly token: string;
}

/** GitHub's and GitLab's API, as far as this project uses them: comments, issues, pages, rate limits and faults. */
export class ForgeForTests {
  public readonly comments: StoredPost[] = [];
  public readonly issues: StoredPost[] = [];
  public readonly asked: Asked[] = [];
  /** Answers of the next requests that write, before anything else: a status, and whether the work is done all the same. */
  public readonly faults: { status: number; done?: boolean; headers?: Record<string, string> }[] =
    [];
  /** Items of a page. */
  public pageSize = 100;
  /** Who the token belongs to; undefined forbids to ask, as for a workflow's own token. */
  public user: string | undefined = "me";
  private nextId = 100;

  private constructor(
    public readonly url: string,
    private readonly end: () => void,
  ) {}

  public static async start(): Promise<ForgeForTests> {
    let forge: ForgeForTests | undefined;
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      const { status, body, headers } = forge?.answer(
        request,
        text === "" ? {} : JSON.parse(text),
      ) ?? {
        status: 500,
      };
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(JSON.stringify(body ?? { message: `status ${status}` }));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    forge = new ForgeForTests(url, () => {
      server.close();
      server.closeAllConnections();
    });
    return forge;
  }

  public stop(): void {
    this.end();
  }

  public add(posts: StoredPost[], author: string, body: string, state = "open"): StoredPost {
    const post = { id: this.nextId++, author, body, state };
    posts.push(post);
    return post;
  }

  private answer(
    { method = "", url = "", headers }: IncomingMessage,
    sent: Record<string, string>,
  ) {
    const token = String(headers.authorization ?? headers["private-token"]);
    const { pathname, searchParams } = new URL(url, this.url);
    this.asked.push({ method, path: pathname, token });
    if (method === "GET") {
      if (pathname === "/user") {
        return this.user === undefined
          ? { status: 403, body: { message: "Resource not accessible by integration" } }
          : { status: 200, body: { login: this.user, username: this.user } };
      }
      return this.page(this.postsAt(pathname), pathname, Number(searchParams.get("page") ?? 1));
    }
    const fault = this.faults.shift();
    const written =
      fault === undefined || fault.done ? this.write(method, pathname, sent) : undefined;
    if (fault !== undefined) return { status: fault.status, headers: fault.headers };
    return { status: method === "POST" ? 201 : 200, body: written && shown(written) };
  }

  private page(posts: readonly StoredPost[], path: string, page: number) {
    const end = page * this.pageSize;
    const next = `<${this.url}${path}?page=${page + 1}>; rel="next", <${this.url}${path}>; rel="first"`;
    return {
      status: 200,
      body: posts.slice(end - this.pageSize, end).map(shown),
      headers: (end < posts.length ? { link: next } : {}) as Record<string, string>,
    };
  }

  private write(
    method: string,
    path: string,
    sent: Record<string, string>,
  ): StoredPost | undefined {
    const body = sent.body ?? sent.description ?? "";
    const posts = this.postsAt(path);
    if (method === "POST") {
      const made = this.add(posts, this.user ?? "github-actions[bot]", body);
      if (sent.title) made.title = sent.title;
      return made;
    }
    const post = posts.find(({ id }) => path.endsWith(`/${id}`));
    if (post === undefined) return undefined;
    post.body = body;
    if (sent.title) post.title = sent.title;
    const state = sent.state ?? { close: "closed", reopen: "open" }[sent.state_event ?? ""];
    if (state) post.state = state;
    return post;
  }

  private postsAt(path: string): StoredPost[] {
    return /comments|notes/.test(path) ? this.comments : this.issues;
  }
}

/** A post as both forges write it. */
function shown({ id, author, body, title, state }: StoredPost) {
  return {
    id,
    user: { login: author },
    author: { username: author },
    body,
    description: body,
    title,
    state,
  };
}

import type { Forge, Post, Posts } from "./forge";
import { ForgeApi } from "./forgeApi";
import { ForgeError } from "./forgeError";

/** An issue, a pull request or a comment, as GitHub writes it. */
interface GitHubPost {
  readonly id: number;
  readonly number?: number;
  readonly user: { readonly login: string } | null;
  readonly body: string | null;
  readonly state?: string;
  readonly pull_request?: object;
}

/** GitHub's limit of a body. */
const LIMIT = 65_536;

/** Author of what a workflow's own token writes; that token may not ask who it is. */
const WORKFLOW = "github-actions[bot]";

export interface GitHubPlace {
  /** GITHUB_API_URL. */
  readonly url: string;
  readonly token: string;
  /** OWNER/NAME. */
  readonly repository: string;
  /** Number of the pull request; undefined outside of one. */
  readonly pullRequest: number | undefined;
}

/** GitHub, by its REST API. */
export class GitHub implements Forge {
  public readonly limit = LIMIT;
  private readonly api: ForgeApi;

  constructor(private readonly place: GitHubPlace) {
    this.api = new ForgeApi(place.url, {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${place.token}`,
      "x-github-api-version": "2022-11-28",
      "user-agent": "talos-cilium",
    });
  }

  public async author(): Promise<string> {
    try {
      return (await this.api.get<{ login: string }>("/user")).login;
    } catch (error) {
      if (error instanceof ForgeError && error.status === 403 && !error.isTransient)
        return WORKFLOW;
      throw error;
    }
  }

  public comments(): Posts {
    const { repository, pullRequest } = this.place;
    if (pullRequest === undefined) {
      throw new Error("GITHUB_EVENT_PATH: the event is not a pull request's; comment in one");
    }
    const { api } = this;
    const path = `/repos/${repository}/issues`;
    return {
      list: async () =>
        (await api.list<GitHubPost>(`${path}/${pullRequest}/comments?per_page=100`)).map(readPost),
      create: async ({ body }) =>
        readPost(await api.send<GitHubPost>("POST", `${path}/${pullRequest}/comments`, { body })),
      update: async (id, { body }) => {
        await api.send("PATCH", `${path}/comments/${id}`, { body });
      },
    };
  }

  public issues(): Posts {
    const { api } = this;
    const path = `/repos/${this.place.repository}/issues`;
    return {
      list: async () => {
        const query = "state=all&sort=created&direction=asc&per_page=100";
        const posts = await api.list<GitHubPost>(`${path}?${query}`);
        return posts.filter((post) => post.pull_request === undefined).map(readPost);
      },
      create: async ({ title, body }) =>
        readPost(await api.send<GitHubPost>("POST", path, { title, body })),
      update: async (id, { title, body, isOpen = true }) => {
        const state = isOpen ? "open" : "closed";
        await api.send("PATCH", `${path}/${id}`, { title, body, state });
      },
    };
  }
}

/** An issue is known by its number, a comment by its id. */
function readPost({ id, number, user, body, state }: GitHubPost): Post {
  return {
    id: number ?? id,
    author: user?.login ?? "",
    body: body ?? "",
    isOpen: state !== "closed",
  };
}

import type { Forge, Post, Posts } from "./forge";
import { ForgeApi } from "./forgeApi";

/** An issue or a note, as GitLab writes it. */
interface GitLabPost {
  readonly id: number;
  readonly iid?: number;
  readonly author: { readonly username: string };
  /** Of a note. */
  readonly body?: string;
  /** Of an issue. */
  readonly description?: string | null;
  readonly state?: string;
}

/** GitLab's limit of a note and of a description. */
const LIMIT = 1_000_000;

export interface GitLabPlace {
  /** CI_API_V4_URL. */
  readonly url: string;
  readonly token: string;
  /** CI_PROJECT_ID. */
  readonly project: string;
  /** CI_MERGE_REQUEST_IID; undefined outside of a merge request. */
  readonly mergeRequest: string | undefined;
}

/** GitLab, by its REST API. */
export class GitLab implements Forge {
  public readonly limit = LIMIT;
  private readonly api: ForgeApi;

  constructor(private readonly place: GitLabPlace) {
    this.api = new ForgeApi(place.url, { "private-token": place.token });
  }

  public async author(): Promise<string> {
    return (await this.api.get<{ username: string }>("/user")).username;
  }

  public comments(): Posts {
    const { project, mergeRequest } = this.place;
    if (mergeRequest === undefined) {
      throw new Error("CI_MERGE_REQUEST_IID: missing; comment in a merge request's pipeline");
    }
    const { api } = this;
    const path = `/projects/${encodeURIComponent(project)}/merge_requests/${mergeRequest}/notes`;
    return {
      list: async () => (await api.list<GitLabPost>(`${path}?sort=asc&per_page=100`)).map(readPost),
      create: async ({ body }) => readPost(await api.send<GitLabPost>("POST", path, { body })),
      update: async (id, { body }) => {
        await api.send("PUT", `${path}/${id}`, { body });
      },
    };
  }

  public issues(): Posts {
    const { api } = this;
    const path = `/projects/${encodeURIComponent(this.place.project)}/issues`;
    return {
      list: async () =>
        (
          await api.list<GitLabPost>(`${path}?scope=all&order_by=created_at&sort=asc&per_page=100`)
        ).map(readPost),
      create: async ({ title, body }) =>
        readPost(await api.send<GitLabPost>("POST", path, { title, description: body })),
      update: async (id, { title, body, isOpen = true }) => {
        const state_event = isOpen ? "reopen" : "close";
        await api.send("PUT", `${path}/${id}`, { title, description: body, state_event });
      },
    };
  }
}

/** An issue is known by its number in the project, a note by its id. */
function readPost({ id, iid, author, body, description, state }: GitLabPost): Post {
  return {
    id: iid ?? id,
    author: author.username,
    body: body ?? description ?? "",
    isOpen: state !== "closed",
  };
}

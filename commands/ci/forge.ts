/** A comment or an issue, as far as it is read. */
export interface Post {
  readonly id: number;
  readonly author: string;
  readonly body: string;
  /** Whether an issue is open; comments always are. */
  readonly isOpen: boolean;
}

/** What a post is to become. */
export interface PostChange {
  readonly body: string;
  /** Of an issue alone. */
  readonly title?: string;
  readonly isOpen?: boolean;
}

/** Posts of one kind, at one place of a forge: the comments of a pull request, or the issues of a repository. */
export interface Posts {
  /** All of them, of every page, the oldest first. */
  list(): Promise<Post[]>;
  create(change: PostChange): Promise<Post>;
  update(id: number, change: PostChange): Promise<void>;
}

/** A place where pull requests and issues are: GitHub, or GitLab. */
export interface Forge {
  /** Characters that a post may have. */
  readonly limit: number;
  /** The user, or the bot, that the token belongs to. */
  author(): Promise<string>;
  /** Of the pull request that the workflow runs for. */
  comments(): Posts;
  issues(): Posts;
}

import { setTimeout as sleep } from "node:timers/promises";
import pRetry from "p-retry";
import type { Forge, Post, PostChange, Posts } from "./forge";
import { ForgeError } from "./forgeError";

/** Further attempts: 31 s in all where the forge asks for no longer pauses. */
const RETRIES = 5;

/** Seconds that one pause lasts at most. */
const LONGEST_PAUSE = 300;

export interface Patience {
  /** Milliseconds before the second attempt; each further pause is twice as long. */
  readonly pause: number;
}

/** The first line of a post, which the forge does not show; the post is found by it. */
export function markerLine(marker: string): string {
  return `<!-- talos-cilium: ${marker} -->`;
}

/**
 * Writes the one post of a marker: the first one that this user has written with it is replaced; without one it is made.
 * Somebody else's is left alone.
 * @param isNeeded whether a post is made where there is none.
 * @returns the post, and whether it is new; undefined where none is and none was needed.
 */
export async function keepOnePost(
  forge: Pick<Forge, "author">,
  posts: Posts,
  marker: string,
  change: PostChange,
  { isNeeded = true, pause = 1000 }: Partial<Patience> & { readonly isNeeded?: boolean } = {},
): Promise<{ readonly post: Post; readonly isNew: boolean } | undefined> {
  // Looked for again in each attempt: a server that answers with an error may have made the post.
  return pRetry(
    async () => {
      const author = await forge.author();
      const found = (await posts.list()).find((post) => isMarked(post, author, marker));
      if (found !== undefined) {
        if (isNeeded || found.isOpen) await posts.update(found.id, change);
        return { post: found, isNew: false };
      }
      return isNeeded ? { post: await posts.create(change), isNew: true } : undefined;
    },
    {
      retries: RETRIES,
      minTimeout: pause,
      shouldRetry: ({ error }) => error instanceof ForgeError && error.isTransient,
      onFailedAttempt: async ({ error }) => {
        if (error instanceof ForgeError) {
          await sleep(Math.min(error.retryAfter, LONGEST_PAUSE) * 1000);
        }
      },
    },
  );
}

function isMarked({ author, body }: Post, own: string, marker: string): boolean {
  return author === own && body.split("\n", 1)[0]?.trim() === markerLine(marker);
}

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import envPaths from "env-paths";
import { lock } from "proper-lockfile";

/** Folder of everything that the lab builds or fetches once: $XDG_CACHE_HOME/talos-cilium, by default ~/.cache. */
export const CACHE_FOLDER = envPaths("talos-cilium", { suffix: "" }).cache;

/** File of an entry that says how long it took to make. */
const SECONDS = ".seconds";

/** Something made once and kept: a program, or files out of a Go module. */
export interface Entry {
  /** What it is, for people; the first part of its folder's name. */
  readonly name: string;
  /** Everything that its content depends on; another key is another entry. */
  readonly key: readonly string[];
  /** Makes the content in an empty folder. It runs again from the start when an earlier run was cut short. */
  make(folder: string): Promise<void>;
}

/** An entry's folder, and how it came to be there. */
export interface Made {
  /** Folder with the content. */
  readonly folder: string;
  /** Seconds that making it took, now or whenever it was made. */
  readonly seconds: number;
  /** True when it was there already. */
  readonly cached: boolean;
}

/** A folder of entries that several processes share. */
export class Cache {
  /** @param folder path of the folder; default {@link CACHE_FOLDER}. */
  constructor(private readonly folder: string = CACHE_FOLDER) {}

  /**
   * Returns an entry, making it first if it is not there. Whole or not at all: the content is made in a folder beside
   * it and renamed. Of two processes that want the same entry one makes it and the other waits.
   * @param onMaking called when it is not there, before making it, with the seconds that making an entry of this name
   *   took last time (of whatever key), if one was ever made.
   */
  public async get(
    entry: Entry,
    onMaking: (lastSeconds: number | undefined) => void = () => {},
  ): Promise<Made> {
    const digest = createHash("sha256").update(JSON.stringify(entry.key)).digest("hex");
    const folder = join(this.folder, "entries", `${entry.name}-${digest.slice(0, 16)}`);
    if (existsSync(folder)) return found(folder);

    await mkdir(join(this.folder, "entries"), { recursive: true });
    const release = await lock(folder, {
      realpath: false,
      stale: 20_000,
      retries: { forever: true, minTimeout: 500, maxTimeout: 1000 },
    });
    try {
      return existsSync(folder) ? await found(folder) : await this.make(entry, folder, onMaking);
    } finally {
      await release();
    }
  }

  private async make(
    entry: Entry,
    folder: string,
    onMaking: (lastSeconds: number | undefined) => void,
  ): Promise<Made> {
    const timing = join(this.folder, "timings", entry.name);
    onMaking(existsSync(timing) ? Number(await readFile(timing, "utf8")) : undefined);
    const unfinished = `${folder}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished);
    const started = performance.now();
    await entry.make(unfinished);
    const seconds = Math.round((performance.now() - started) / 1000);
    await writeFile(join(unfinished, SECONDS), String(seconds));
    await rename(unfinished, folder);
    await mkdir(join(this.folder, "timings"), { recursive: true });
    await writeFile(timing, String(seconds));
    return { folder, seconds, cached: false };
  }
}

async function found(folder: string): Promise<Made> {
  const seconds = Number(await readFile(join(folder, SECONDS), "utf8"));
  return { folder, seconds, cached: true };
}

/** Digest of every file below a folder, by content and relative path: a key that changes when any of them does. */
export function folderDigest(folder: string): string {
  const digest = createHash("sha256");
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .sort();
  for (const file of files) {
    digest.update(relative(folder, file)).update("\0").update(readFileSync(file)).update("\0");
  }
  return digest.digest("hex");
}

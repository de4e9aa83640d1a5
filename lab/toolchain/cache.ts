import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import envPaths from "env-paths";
import { lock } from "proper-lockfile";

/** Folder of everything that the lab builds or fetches once: $XDG_CACHE_HOME/talos-cilium, by default ~/.cache. */
export const CACHE_FOLDER = envPaths("talos-cilium", { suffix: "" }).cache;

/** File of an entry that says what it is. */
export const DESCRIPTION = ".entry.json";

/** Something made once and kept: a program, or files out of a Go module. */
export interface Entry {
  /** What it is, for people; the first part of its folder's name. */
  readonly name: string;
  /** Everything that its content depends on; another key is another entry. */
  readonly key: readonly string[];
}

/** What an entry's folder says of it. */
export interface Description extends Entry {
  /** Operating system and processor that made it, see {@link PLATFORM}. */
  readonly platform: string;
  /** What made it, for people: the version of Go. */
  readonly maker: string;
  /** SHA-256 of every file, by its path in the folder. */
  readonly files: Readonly<Record<string, string>>;
}

/** An entry that is to be made, and the empty folder for its content. */
export interface Missing<E extends Entry> {
  readonly entry: E;
  readonly folder: string;
  /** To be called once its content is complete: it is kept from then on, whatever happens to the others. */
  keep(maker: string): Promise<void>;
}

/** The platform of this process, as Node.js names it. Programs of one do not run on another. */
export const PLATFORM = `${process.platform}/${process.arch}`;

/** A folder of entries that several processes share. */
export class Cache {
  /** @param folder path of the folder; default {@link CACHE_FOLDER}. */
  constructor(public readonly folder: string = CACHE_FOLDER) {}

  /** Folder of the entries. */
  public get entries(): string {
    return join(this.folder, "entries");
  }

  /** Folder that an entry has or will have. */
  public folderOf({ name, key }: Entry): string {
    const digest = createHash("sha256").update(JSON.stringify(key)).digest("hex");
    return join(this.entries, `${name}-${digest.slice(0, 16)}`);
  }

  /** Whether an entry is there. */
  public has(entry: Entry): boolean {
    // Folders that an older version of the lab made describe nothing.
    return existsSync(join(this.folderOf(entry), DESCRIPTION));
  }

  /**
   * Returns the folders of entries, making first those that are not there. An entry is there as a whole or not at all:
   * its content is made in a folder beside it and renamed. Of two processes that want the same entry one makes it and
   * the other waits.
   * @param make makes what is missing. What an earlier run left unfinished is removed before.
   */
  public async getAll<E extends Entry>(
    entries: readonly E[],
    make: (missing: readonly Missing<E>[]) => Promise<void>,
  ): Promise<string[]> {
    await mkdir(this.entries, { recursive: true });
    const absent = () => entries.filter((entry) => !this.has(entry));
    // In one order for everybody, lest two processes wait for each other.
    const folders = absent()
      .map((entry) => this.folderOf(entry))
      .sort();
    const releases: (() => Promise<void>)[] = [];
    try {
      for (const folder of folders) {
        releases.push(
          await lock(folder, {
            realpath: false,
            stale: 20_000,
            retries: { forever: true, minTimeout: 500, maxTimeout: 1000 },
          }),
        );
      }
      const missing = await Promise.all(absent().map((entry) => this.begin(entry)));
      if (missing.length > 0) await make(missing);
    } finally {
      await Promise.all(releases.map((release) => release()));
    }
    const [unmade] = absent();
    if (unmade !== undefined) throw new Error(`${unmade.name} was not made`);
    return entries.map((entry) => this.folderOf(entry));
  }

  private async begin<E extends Entry>(entry: E): Promise<Missing<E>> {
    const target = this.folderOf(entry);
    const folder = `${target}.unfinished`;
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    return {
      entry,
      folder,
      keep: async (maker) => {
        const description: Description = {
          name: entry.name,
          key: entry.key,
          platform: PLATFORM,
          maker,
          files: fileDigests(folder),
        };
        await writeFile(join(folder, DESCRIPTION), JSON.stringify(description, undefined, 2));
        await rm(target, { recursive: true, force: true });
        await rename(folder, target);
      },
    };
  }
}

/**
 * Reads what an entry's folder says of it.
 * @throws Error when the folder is no entry.
 */
export async function describe(folder: string): Promise<Description> {
  return JSON.parse(await readFile(join(folder, DESCRIPTION), "utf8"));
}

/** SHA-256 of every file below a folder, by its relative path; an entry's description is not one of them. */
export function fileDigests(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .sort();
  return Object.fromEntries(
    files
      .map((file) => [relative(folder, file), file] as const)
      .filter(([path]) => path !== DESCRIPTION)
      .map(([path, file]) => [path, sha256(readFileSync(file))]),
  );
}

/** Digest of files by their content and name: a key that changes when any of them does. */
export function digestOf(files: Readonly<Record<string, string>>): string {
  return sha256(JSON.stringify(Object.entries(files).sort()));
}

function sha256(content: Buffer | string): string {
  return createHash("sha256").update(content).digest("hex");
}

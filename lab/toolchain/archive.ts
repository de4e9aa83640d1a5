import { existsSync, type Stats } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { create, extract, type ReadEntry } from "tar";
import { chosenDepth, type Depth } from "../depth";
import { programsOf } from "./build";
import { Cache, DESCRIPTION, describe, type Entry, fileDigests, PLATFORM } from "./cache";
import { findInstalled } from "./installed";
import { SOURCES, sourcePath } from "./sources";
import { builtTools } from "./toolchain";
import { TOOLS, toolsOf } from "./tools";

/** Level of the compression: the next ones take twice the time for a few per cent. */
const GZIP_LEVEL = 4;

const MAKE_ANEW = "make it anew with npm run lab -- toolchain export FILE";

/**
 * Packs all that a lab of either depth needs into an archive, whether or not this machine has programs of its own that
 * would do. What is missing is built or fetched first.
 */
export async function exportToolchain(file: string, log: (line: string) => void): Promise<void> {
  const cache = new Cache();
  await builtTools(TOOLS, log, { cache });
  for (const source of SOURCES) await sourcePath(source, cache);
  const entries = [...programsOf(TOOLS), ...SOURCES];
  await pack(entries, file, cache);
  const { size } = await stat(file);
  log(
    `${file}: ${entries.length} programs and sources for ${PLATFORM}, ${Math.round(size / 1e6)} MB`,
  );
}

/**
 * Unpacks an archive into a cache.
 * @param depth depth of the lab that is to run of it.
 * @throws Error when it is refused (see {@link unpack}), or when a lab of that depth lacks something nevertheless: then
 *   what the archive has is imported.
 */
export async function importToolchain(
  file: string,
  log: (line: string) => void,
  depth: Depth = chosenDepth(),
  cache = new Cache(),
): Promise<void> {
  const { imported, present } = await unpack(file, cache);
  log(`${file}: ${imported} imported, ${present} were there already`);
  const missing = await missingOf(depth, cache);
  if (missing.length > 0) {
    throw new Error(
      `${file}: a lab at ${depth} depth also needs ${missing.join(", ")}; ` +
        "export the archive from this version of the project, or have npm start build them with Go",
    );
  }
  log(`nothing is missing for a lab at ${depth} depth`);
}

/** Packs entries of a cache, which must be there, into an archive: the files that they describe, and no others. */
export async function pack(entries: readonly Entry[], file: string, cache: Cache): Promise<void> {
  const paths: string[] = [];
  for (const entry of entries) {
    const folder = cache.folderOf(entry);
    const { files } = await describe(folder);
    paths.push(...[DESCRIPTION, ...Object.keys(files)].map((path) => join(basename(folder), path)));
  }
  await create(
    { file, cwd: cache.entries, gzip: { level: GZIP_LEVEL }, portable: true, strict: true },
    paths,
  );
}

/**
 * Unpacks an archive into a cache. The digests in it show that it is whole; whom it is from, they do not.
 * @returns how many entries are new, and how many the cache had.
 * @throws Error when something of it is for another platform or not whole; then nothing is imported.
 */
export async function unpack(
  file: string,
  cache: Cache,
): Promise<{ imported: number; present: number }> {
  if (!existsSync(file)) throw new Error(`${file}: there is no such file`);
  await mkdir(cache.entries, { recursive: true });
  const scratch = await mkdtemp(join(cache.folder, "import-"));
  try {
    await extract({ file, cwd: scratch, strict: true, filter: isFileOrFolder }).catch((error) => {
      throw new Error(`${file}: cannot be unpacked (${error.message}); ${MAKE_ANEW}`);
    });
    const names = await readdir(scratch);
    if (names.length === 0) throw new Error(`${file}: empty; ${MAKE_ANEW}`);
    for (const name of names) await check(join(scratch, name), file, cache);
    const imported = names.filter((name) => !existsSync(join(cache.entries, name)));
    for (const name of imported) await rename(join(scratch, name), join(cache.entries, name));
    return { imported: imported.length, present: names.length - imported.length };
  } finally {
    // Files of a broken archive may still be written.
    await rm(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

/** What a lab of a depth would have to build or to fetch. */
async function missingOf(depth: Depth, cache: Cache): Promise<string[]> {
  const missing: string[] = [];
  for (const program of programsOf(toolsOf(depth))) {
    const { name, version } = program.tool;
    if (!cache.has(program) && (await findInstalled(program.tool)) === undefined) {
      missing.push(`${name} ${version}`);
    }
  }
  return [...missing, ...SOURCES.filter((source) => !cache.has(source)).map(({ name }) => name)];
}

/**
 * Checks an entry of an archive against its own description.
 * @throws Error when it is for another platform or not whole.
 */
async function check(folder: string, file: string, cache: Cache): Promise<void> {
  const name = basename(folder);
  const description = await describe(folder).catch(() => {
    throw new Error(`${file}: ${name} has no description; ${MAKE_ANEW}`);
  });
  if (description.platform !== PLATFORM) {
    throw new Error(
      `${file}: for another platform (${description.platform}, and this is ${PLATFORM}); ` +
        "export it on a machine like this one",
    );
  }
  const whole =
    basename(cache.folderOf(description)) === name &&
    isDeepStrictEqual(fileDigests(folder), description.files);
  if (!whole) throw new Error(`${file}: ${name} is not what was exported; ${MAKE_ANEW}`);
}

function isFileOrFolder(_path: string, entry: Stats | ReadEntry): boolean {
  return "type" in entry && ["File", "OldFile", "Directory"].includes(entry.type);
}

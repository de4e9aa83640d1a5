import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import type { RenderedObject } from "../sources/helm";
import { printObject } from "./printObjects";
import { groupOf, type RenderedStack, type StackObject } from "./renderedStack";

/** Name of the file that tells a folder of render's from any other one. */
const INDEX = "render.yaml";

const HEADER =
  "# Written by npm run render, which reads it again for --against. What is hidden below is not shown in the objects.\n";

/** File systems allow 255 bytes. */
const LONGEST_NAME = 200;

const fileName = z.string().regex(/^[A-Za-z0-9_][\w.-]*\.yaml$/);

const indexSchema = z.strictObject({
  format: z.literal(1),
  stack: z.string(),
  versions: z.strictObject({
    cilium: z.string(),
    gatewayApi: z.string().optional(),
    channel: z.string().optional(),
    kubernetes: z.string(),
  }),
  /** Files of the objects, in the order of the objects. */
  objects: z.record(
    fileName,
    z.strictObject({
      madeBy: z.enum(["Pulumi", "Helm"]),
      hooks: z.array(z.string()).optional(),
      hidden: z.array(z.string()).optional(),
      generated: z.array(z.string()).optional(),
    }),
  ),
});

type Index = z.output<typeof indexSchema>;

/**
 * Writes a stack into a folder, one file an object, and a small index. What render has written there before goes.
 * @throws Error when the folder has something that render did not write and that is in the way.
 */
export function writeRenderedFolder(folder: string, rendered: RenderedStack): void {
  const files = namedObjects(rendered.objects);
  const { stack, versions } = rendered;
  const index: Index = {
    format: 1,
    stack,
    versions: versions as Index["versions"],
    objects: Object.fromEntries([...files].map(([name, object]) => [name, entryOf(object)])),
  };
  mkdirSync(folder, { recursive: true });
  const written = writtenBefore(folder);
  const foreign = [...files.keys()].filter(
    (name) => !written.includes(name) && existsSync(join(folder, name)),
  );
  if (foreign.length > 0) {
    throw new Error(
      `${folder}: it has files that render did not write, and would overwrite (${foreign.join(", ")}); name a new folder`,
    );
  }
  for (const name of [...written, INDEX]) rmSync(join(folder, name), { force: true });
  // The index first: if this is interrupted, the next run knows what may go.
  write(folder, INDEX, HEADER + stringify(index, { lineWidth: 0 }));
  for (const [name, object] of files) write(folder, name, printObject(object));
}

/** Whether a folder is one that render wrote. */
export function isRenderedFolder(folder: string): boolean {
  return existsSync(join(folder, INDEX));
}

/**
 * Reads a folder that {@link writeRenderedFolder} wrote. Its marks are empty: whether a secret changed is not known.
 * @throws Error when it is none.
 */
export function readRenderedFolder(folder: string): RenderedStack {
  const { stack, versions, objects } = readIndex(folder);
  return {
    stack,
    versions: {
      cilium: versions.cilium,
      gatewayApi: versions.gatewayApi,
      channel: versions.channel,
      kubernetes: versions.kubernetes,
    },
    objects: Object.entries(objects).map(([name, entry]) => ({
      object: readObject(folder, name),
      madeBy: entry.madeBy,
      hooks: entry.hooks ?? [],
      hidden: Object.fromEntries((entry.hidden ?? []).map((path) => [path, ""])),
      generated: entry.generated ?? [],
    })),
  };
}

/** Files of the objects that render wrote into a folder; none of a new one. */
function writtenBefore(folder: string): string[] {
  if (existsSync(join(folder, INDEX))) return Object.keys(readIndex(folder).objects);
  const [file] = readdirSync(folder);
  if (file === undefined) return [];
  throw new Error(
    `${folder}: it has files that render did not write (${file}); name a new folder, or one that render wrote`,
  );
}

function readIndex(folder: string): Index {
  const path = join(folder, INDEX);
  if (!existsSync(path)) {
    throw new Error(
      `${folder}: render did not write it (no ${INDEX}); write a folder with --output`,
    );
  }
  try {
    return indexSchema.parse(parse(readFileSync(path, "utf8")));
  } catch {
    throw new Error(`${path}: not as render writes it; write a new folder with --output`);
  }
}

function readObject(folder: string, name: string): RenderedObject {
  try {
    return parse(readFileSync(join(folder, name), "utf8")) as RenderedObject;
  } catch (error) {
    const [reason] = String((error as Error).message).split("\n");
    throw new Error(
      `${join(folder, name)}: it cannot be read (${reason}); write the folder again with --output`,
    );
  }
}

function entryOf({ madeBy, hooks, hidden, generated }: StackObject): Index["objects"][string] {
  const paths = Object.keys(hidden);
  return {
    madeBy,
    ...(hooks.length > 0 && { hooks: [...hooks] }),
    ...(paths.length > 0 && { hidden: paths }),
    ...(generated.length > 0 && { generated: [...generated] }),
  };
}

/** The objects by the names of their files: group, kind, namespace and name, as far as a file may be named so. */
function namedObjects(objects: readonly StackObject[]): Map<string, StackObject> {
  const files = new Map<string, StackObject>();
  // Some file systems take two names for one that differ in case alone.
  const taken = new Set<string>([INDEX]);
  for (const object of objects) {
    const base = baseName(object.object);
    let name = `${base}.yaml`;
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${base}-${number}.yaml`;
    taken.add(name.toLowerCase());
    files.set(name, object);
  }
  return files;
}

function baseName(object: RenderedObject): string {
  const { namespace, name } = object.metadata;
  const parts = [groupOf(object) || "core", object.kind, namespace, name];
  const text = parts.filter((part) => part !== undefined).join("-");
  const safe = text.replace(/[^A-Za-z0-9_.-]/g, "_").replace(/^[.-]/, "_");
  if (safe.length <= LONGEST_NAME) return safe;
  return `${safe.slice(0, LONGEST_NAME)}-${createHash("sha256").update(text).digest("hex").slice(0, 8)}`;
}

/** Nothing that is there is written over, nor what a link leads to. */
function write(folder: string, name: string, text: string): void {
  writeFileSync(join(folder, name), text, { flag: "wx" });
}

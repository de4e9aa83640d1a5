import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { downloadBytes } from "../sources/download";
import { newCommand, runCommand } from "./commandLine";

const LIST = join(__dirname, "..", "ci-tools.json");

/** The programs that the workflows need beside Node.js, for Linux on x64. */
const tools = z.record(
  z.string(),
  z.strictObject({
    version: z.string(),
    /** Address, with {version} in it. */
    url: z.string(),
    /** Folder in the archive whose programs are taken; null for a program that is no archive. */
    folder: z.string().nullable(),
    /** Digest of what the address leads to; null before it is pinned. */
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable(),
  }),
);

/** Seconds for an archive of a hundred megabytes. */
const TIMEOUT = 600;

interface ToolOptions {
  readonly folder?: string;
  readonly pin?: true;
  readonly list: string;
}

const command = newCommand(
  "npm run -s ci-tools --",
  "Fetches the programs of ci-tools.json into a folder, each only with the digest that is pinned there.",
)
  .argument("[tools...]", "which of them; default: all")
  .option("--folder <path>", "where they go")
  .option(
    "--pin",
    "writes the digests of what is downloaded now into the list; compare them with the publishers', and commit",
  )
  .option("--list <path>", "the list", LIST)
  .action(fetchTools);

async function fetchTools(names: string[], { folder, pin, list }: ToolOptions): Promise<void> {
  const known = tools.parse(JSON.parse(readFileSync(list, "utf8")));
  if (!pin && folder === undefined) command.error("error: name --folder, or --pin");
  for (const name of names.length === 0 ? Object.keys(known) : names) {
    const tool = known[name];
    if (tool === undefined) {
      throw new Error(
        `${name}: not in ci-tools.json; take one of ${Object.keys(known).join(", ")}`,
      );
    }
    if (!pin && tool.sha256 === null) {
      throw new Error(
        `${name}: its digest is not pinned; run npm run -s ci-tools -- --pin, compare it with the publisher's, and commit ci-tools.json`,
      );
    }
    const url = tool.url.replaceAll("{version}", tool.version);
    const bytes = await downloadBytes(url, TIMEOUT);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    if (pin) tool.sha256 = sha256;
    else if (sha256 !== tool.sha256) {
      throw new Error(
        `${name} ${tool.version}: not what is pinned (SHA-256 ${sha256}, and ci-tools.json has ${tool.sha256}); find out why before you pin it again`,
      );
    }
    if (folder !== undefined) await unpack(name, tool.folder, bytes, resolve(folder));
    console.log(`${name} ${tool.version}: ${sha256}`);
  }
  if (pin) writeFileSync(list, `${JSON.stringify(known, undefined, 2)}\n`);
}

/** Puts a program, or those of a folder in an archive, into a folder. */
async function unpack(
  name: string,
  inside: string | null,
  bytes: Uint8Array,
  folder: string,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  if (inside === null) {
    writeFileSync(join(folder, name), bytes);
    chmodSync(join(folder, name), 0o755);
    return;
  }
  const args = ["-xz", "-C", folder, "--strip-components=1", "--no-same-owner", inside];
  await execa("tar", args, { input: bytes });
}

runCommand(command);

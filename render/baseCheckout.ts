import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A commit, checked out beside this one. */
export interface BaseCheckout {
  /** The folder of the project in it. */
  readonly folder: string;
  /** The ref and the commit that it led to: `main (1a2b3c4)`. */
  readonly name: string;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Checks a commit out into a temporary folder, with its packages, hands it on, and removes it afterwards: also after an
 * error, and when the process is told to end.
 * @param folder of the project, in a git repository.
 * @param ref a branch, a tag, a commit.
 * @throws Error when git does not know the ref, or the packages of the commit cannot be installed.
 */
export async function withBaseCheckout<T>(
  folder: string,
  ref: string,
  use: (base: BaseCheckout) => Promise<T>,
): Promise<T> {
  const commit = commitOf(folder, ref);
  const prefix = git(folder, "rev-parse", "--show-prefix");
  const temporary = mkdtempSync(join(tmpdir(), "talos-cilium-base-"));
  const checkout = join(temporary, "checkout");
  const remove = () => removeCheckout(folder, temporary, checkout);
  const end = (signal: NodeJS.Signals) => {
    remove();
    forget();
    // The default of the signal, now that nobody else handles it.
    process.kill(process.pid, signal);
  };
  const forget = () => {
    for (const signal of SIGNALS) process.off(signal, end);
  };
  for (const signal of SIGNALS) process.once(signal, end);
  try {
    git(folder, "worktree", "add", "--quiet", "--detach", checkout, commit);
    const base = join(checkout, prefix);
    await providePackages(folder, base);
    return await use({ folder: base, name: `${ref} (${commit.slice(0, 7)})` });
  } finally {
    forget();
    remove();
  }
}

/** Files that are not committed, which a rendering of the folder has all the same; none where nothing is. */
export function uncommittedFiles(folder: string): string[] {
  return git(folder, "status", "--porcelain", "--", ".")
    .split("\n")
    .filter(Boolean)
    .map((line) => line.slice(2).trim());
}

function commitOf(folder: string, ref: string): string {
  try {
    return git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`);
  } catch {
    throw new Error(
      `--against: ${ref} is no commit that git knows here, and no folder that render wrote; fetch it (git fetch origin), or name a folder`,
    );
  }
}

/** The packages of this checkout where it asks for the same ones, else its own. */
async function providePackages(folder: string, base: string): Promise<void> {
  const packages = join(folder, "node_modules");
  if (isSameLock(folder, base) && existsSync(packages)) {
    symlinkSync(packages, join(base, "node_modules"));
    return;
  }
  const { execa } = await import("execa");
  const { exitCode, stderr } = await execa(
    "npm",
    ["ci", "--ignore-scripts", "--no-audit", "--no-fund"],
    { cwd: base, reject: false, stdin: "ignore" },
  );
  if (exitCode === 0) return;
  const [reason = ""] = stderr.split("\n");
  throw new Error(
    `the packages of the base cannot be installed (npm ci: ${reason}); see whether the registry is reached`,
  );
}

function isSameLock(folder: string, base: string): boolean {
  const [ours, theirs] = [folder, base].map((each) => {
    const lock = join(each, "package-lock.json");
    return existsSync(lock) ? readFileSync(lock, "utf8") : undefined;
  });
  return ours === theirs;
}

/** Not asynchronous: a signal leaves no time. */
function removeCheckout(folder: string, temporary: string, checkout: string): void {
  try {
    git(folder, "worktree", "remove", "--force", checkout);
  } catch {
    // It was never made, or not wholly; git forgets it once its folder is gone.
    rmSync(temporary, { recursive: true, force: true });
    git(folder, "worktree", "prune");
  }
  rmSync(temporary, { recursive: true, force: true });
}

/**
 * What git prints, without the end of line. Hooks do not run.
 * @throws Error when it fails; what it said is the message.
 */
function git(folder: string, ...args: string[]): string {
  try {
    return execFileSync("git", ["-c", "core.hooksPath=/dev/null", "-C", folder, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: withoutGit(process.env),
    }).trimEnd();
  } catch (error) {
    const { stderr, message } = error as Error & { readonly stderr?: string };
    throw new Error(`git ${args[0]}: ${(stderr || message).trim()}`);
  }
}

/** A hook of git's has variables that name its own repository. */
function withoutGit(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^GIT_(DIR|WORK_TREE|INDEX_FILE)$/.test(name)),
  );
}

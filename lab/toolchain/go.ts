import { createInterface } from "node:readline";
import { ExecaError, execa } from "execa";
import semver from "semver";
import type { PinnedModule } from "./versions";

/** Oldest Go that the pinned modules accept (their go.mod files say so). */
const GO_VERSION = "1.26.0";

/**
 * Go's environment of a build. Programs are built without cgo, so that no C compiler is needed, and with the Go that is
 * installed, never with another one downloaded for the purpose.
 */
const ENVIRONMENT = {
  CGO_ENABLED: "0",
  GOFLAGS: "-buildvcs=false",
  GOTOOLCHAIN: "local",
  GOWORK: "off",
  // The compiler's own garbage collection is a tenth of its time; memory there is enough of.
  GOGC: process.env.GOGC ?? "400",
};

/** A module as `go mod download -json` describes it; only what the lab reads. */
interface DownloadedModule {
  readonly Dir: string;
  readonly Sum: string;
  readonly Error?: string;
}

/**
 * Runs the go command.
 * @param onLine called with each line that it prints to standard error.
 * @returns what it prints to standard output.
 * @throws Error with what was run and the end of what go printed.
 */
export async function go(
  args: readonly string[],
  cwd: string,
  onLine: (line: string) => void = () => {},
): Promise<string> {
  // Go compiles in processes of its own, which end with it.
  const running = execa("go", args, { cwd, env: ENVIRONMENT, forceKillAfterDelay: 5000 });
  createInterface({ input: running.stderr }).on("line", onLine);
  try {
    return (await running).stdout;
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    const printed = String(error.stderr || error.stdout || error.shortMessage)
      .split("\n")
      .filter((line) => !isProgress(line))
      .slice(-20)
      .join("\n");
    throw new Error(`go ${args.join(" ")} (in ${cwd}) failed:\n${printed}`);
  }
}

/** Whether a line of `go build -v` tells of a package that is being compiled. */
export function isPackage(line: string): boolean {
  return /^[\w.~/-]+$/.test(line);
}

function isProgress(line: string): boolean {
  return line.startsWith("go: downloading") || isPackage(line);
}

/**
 * Version of the go command: go1.26.8.
 * @throws Error when there is none, or when it is too old for the pinned modules.
 */
export async function goVersion(): Promise<string> {
  let printed: string;
  try {
    ({ stdout: printed } = await execa("go", ["env", "GOVERSION"]));
  } catch (error) {
    throw new Error(
      `go: it cannot be run (${error instanceof Error ? error.message.split("\n")[0] : error}); ` +
        `install Go ${GO_VERSION} or newer, of which the lab builds its programs, or import programs ` +
        "that were built elsewhere: npm run lab -- toolchain import FILE",
    );
  }
  const version = semver.coerce(printed);
  if (version === null || semver.lt(version, GO_VERSION)) {
    throw new Error(
      `go: too old for the pinned modules (${printed}); install Go ${GO_VERSION} or newer`,
    );
  }
  return printed;
}

/**
 * Folder of a module's files in Go's module cache, downloaded if need be and verified against the pinned sum.
 * The checksum database is not asked, since the pinned sum says the same and works without access to it.
 * @throws Error when the module cannot be had or is not the pinned one.
 */
export async function goModule({ path, version, sum }: PinnedModule): Promise<string> {
  await goVersion();
  const module = await download(`${path}@${version}`, { GONOSUMDB: path, GOFLAGS: "" });
  if (module.Sum !== sum) {
    throw new Error(
      `go module ${path}@${version}: not the pinned one (${module.Sum} instead of ${sum}); ` +
        "find out why before you trust it",
    );
  }
  return module.Dir;
}

/**
 * Folder of a module that another one requires, in Go's module cache; downloaded if need be and verified against go.sum.
 * @param path path of the required module.
 * @param cwd folder of the module that requires it.
 * @throws Error when the module cannot be had or is not the pinned one.
 */
export async function requiredModule(path: string, cwd: string): Promise<string> {
  return (await download(path, ENVIRONMENT, cwd)).Dir;
}

async function download(
  module: string,
  env: Readonly<Record<string, string>>,
  cwd?: string,
): Promise<DownloadedModule> {
  const { stdout, exitCode, stderr } = await execa("go", ["mod", "download", "-json", module], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { GOWORK: "off", ...env },
    reject: false,
  });
  const downloaded: DownloadedModule =
    stdout === "" ? { Dir: "", Sum: "", Error: stderr } : JSON.parse(stdout);
  if (exitCode !== 0 || downloaded.Error !== undefined) {
    throw new Error(`go module ${module} cannot be downloaded: ${downloaded.Error ?? stderr}`);
  }
  return downloaded;
}

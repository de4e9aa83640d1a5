import { ExecaError, execa } from "execa";
import semver from "semver";

/** Oldest Go that the pinned modules accept (their go.mod files say so). */
const GO_VERSION = "1.26.0";

/** A module as `go mod download -json` describes it; only what the lab reads. */
interface DownloadedModule {
  readonly Dir: string;
  readonly Sum: string;
  readonly Error?: string;
}

/**
 * Runs the go command. Programs are built without cgo, so that no C compiler is needed, and with the Go that is
 * installed, never with another one downloaded for the purpose.
 * @throws Error with what was run and the end of what go printed.
 */
export async function go(args: readonly string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await execa("go", args, {
      cwd,
      env: { CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false", GOTOOLCHAIN: "local", GOWORK: "off" },
      // Go compiles in processes of its own, which end with it.
      forceKillAfterDelay: 5000,
    });
    return stdout;
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    const printed = String(error.stderr || error.stdout || error.shortMessage)
      .split("\n")
      .filter((line) => !line.startsWith("go: downloading"))
      .slice(-20)
      .join("\n");
    throw new Error(`go ${args.join(" ")} (in ${cwd}) failed:\n${printed}`);
  }
}

/**
 * Version and platform of the go command, as text for a cache key.
 * @throws Error when there is none, or when it is too old for the pinned modules.
 */
export async function goIdentity(): Promise<string> {
  let printed: string;
  try {
    ({ stdout: printed } = await execa("go", ["env", "GOVERSION", "GOOS", "GOARCH"]));
  } catch (error) {
    throw new Error(
      `go: it cannot be run (${error instanceof Error ? error.message.split("\n")[0] : error}); ` +
        `install Go ${GO_VERSION} or newer, of which the lab builds its programs`,
    );
  }
  const version = semver.coerce(printed);
  if (version === null || semver.lt(version, GO_VERSION)) {
    throw new Error(
      `go: too old for the pinned modules (${printed.split("\n")[0]}); install Go ${GO_VERSION} or newer`,
    );
  }
  return printed.replaceAll("\n", " ");
}

/**
 * Folder of a module's files in Go's module cache, downloaded if need be and verified against the pinned sum.
 * @param sum the module's `h1:` hash, as a go.sum file would have it. The checksum database is not asked, since
 *   the pinned sum says the same and works without access to it.
 * @throws Error when the module cannot be had or is not the pinned one.
 */
export async function goModule(path: string, version: string, sum: string): Promise<string> {
  const { stdout, exitCode, stderr } = await execa(
    "go",
    ["mod", "download", "-json", `${path}@${version}`],
    {
      env: { GONOSUMDB: path, GOFLAGS: "", GOWORK: "off" },
      reject: false,
    },
  );
  const module: DownloadedModule =
    stdout === "" ? { Dir: "", Sum: "", Error: stderr } : JSON.parse(stdout);
  if (exitCode !== 0 || module.Error !== undefined) {
    throw new Error(`go module ${path}@${version} cannot be downloaded: ${module.Error ?? stderr}`);
  }
  if (module.Sum !== sum) {
    throw new Error(
      `go module ${path}@${version}: not the pinned one (${module.Sum} instead of ${sum}); ` +
        "find out why before you trust it",
    );
  }
  return module.Dir;
}

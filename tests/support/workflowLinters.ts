import { existsSync } from "node:fs";
import { join } from "node:path";
import { ExecaError, execa } from "execa";
import { CACHE_FOLDER } from "../../lab/toolchain/cache";

const ACTIONLINT = join(__dirname, "actionlint");
const REQUIREMENTS = join(__dirname, "zizmor", "requirements.txt");

/** What actionlint finds in workflow files, a line each; built from pinned Go modules. */
export async function actionlint(...files: readonly string[]): Promise<string> {
  return found(
    execa("go", ["-C", ACTIONLINT, "tool", "actionlint", "-oneline", "-shellcheck=", ...files]),
  );
}

/** What zizmor finds in workflow files; {@link zizmorProgram} installs it. */
export async function zizmor(program: string, ...files: readonly string[]): Promise<string> {
  return found(
    execa(program, [
      "--offline",
      "--no-progress",
      "--quiet",
      "--color=never",
      "--format=plain",
      ...files,
    ]),
  );
}

/**
 * Installs zizmor from PyPI, pinned by its digest, into a virtual environment in the cache.
 * @returns its path; undefined where there is no Python.
 */
export async function zizmorProgram(): Promise<string | undefined> {
  const python = await execa("python3", ["--version"], { reject: false });
  if (python.failed) return undefined;
  const folder = join(CACHE_FOLDER, "zizmor");
  const pip = join(folder, "bin", "pip");
  if (!existsSync(pip)) await execa("python3", ["-m", "venv", folder]);
  await execa(pip, [
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "--require-hashes",
    "-r",
    REQUIREMENTS,
  ]);
  return join(folder, "bin", "zizmor");
}

/** Linters end with an error where they find something, which they print. */
async function found(running: Promise<{ stdout: unknown }>): Promise<string> {
  try {
    return String((await running).stdout);
  } catch (error) {
    if (!(error instanceof ExecaError) || error.exitCode === undefined) throw error;
    return `${error.stdout}\n${error.stderr}`.trim();
  }
}

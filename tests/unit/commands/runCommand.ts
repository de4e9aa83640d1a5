import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { execa } from "execa";

export const PROJECT = join(__dirname, "../../..");

/** In the place of the developer's lab. */
const NO_LAB = join(tmpdir(), "talos-cilium-no-lab");

/** What a command printed, without the last line's end, and its exit code. */
interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/**
 * Runs a script of the project with Node, as the scripts of package.json do.
 * @param script path within the project.
 */
export async function runCommand(script: string, ...args: readonly string[]): Promise<Ran> {
  const { stdout, stderr, exitCode } = await execa(
    process.execPath,
    ["--require", "ts-node/register", script, ...args],
    { cwd: PROJECT, env: { TALOS_CILIUM_LAB: NO_LAB }, reject: false },
  );
  if (exitCode === undefined) throw new Error(`${script} did not end by itself`);
  return { stdout, stderr, exitCode };
}

/**
 * Runs a command in this process, which takes a tenth of the time: what it needs is loaded already.
 * @param script path within the project of a file that ends with `runCommand` of commandLine.ts.
 * @param cwd default: the project.
 */
export async function callCommand(
  script: string,
  args: readonly string[],
  cwd = PROJECT,
): Promise<Ran> {
  const { argv, exit, exitCode } = process;
  const directory = process.cwd();
  const lab = process.env.TALOS_CILIUM_LAB;
  const { parseAsync } = Command.prototype;
  const [stdout, stderr] = [new Printed(process.stdout), new Printed(process.stderr)];
  let ended: Promise<unknown> | undefined;
  try {
    // The command's promise, which the script keeps to itself.
    Command.prototype.parseAsync = function (...parameters) {
      const parsed = parseAsync.apply(this, parameters);
      ended = parsed.catch(() => undefined);
      return parsed;
    };
    process.exit = ((code) => {
      process.exitCode = code ?? 0;
    }) as typeof process.exit;
    process.argv = [process.execPath, join(PROJECT, script), ...args];
    process.exitCode = undefined;
    process.env.TALOS_CILIUM_LAB = NO_LAB;
    process.chdir(cwd);
    const file = require.resolve(join(PROJECT, script));
    delete require.cache[file];
    require(file);
    await ended;
    // An error is printed after the promise has failed.
    await new Promise((resolve) => setImmediate(resolve));
    return { stdout: stdout.text, stderr: stderr.text, exitCode: Number(process.exitCode ?? 0) };
  } finally {
    stdout.release();
    stderr.release();
    Command.prototype.parseAsync = parseAsync;
    Object.assign(process, { argv, exit, exitCode });
    if (lab === undefined) delete process.env.TALOS_CILIUM_LAB;
    else process.env.TALOS_CILIUM_LAB = lab;
    process.chdir(directory);
  }
}

/** Takes what this process prints, until it is released. */
class Printed {
  private readonly write: typeof process.stdout.write;
  private printed = "";

  public constructor(private readonly stream: NodeJS.WriteStream) {
    this.write = stream.write;
    stream.write = (text: string | Uint8Array) => {
      this.printed += text;
      return true;
    };
  }

  /** Without the end of the last line. */
  public get text(): string {
    return this.printed.replace(/\n$/, "");
  }

  public release(): void {
    this.stream.write = this.write;
  }
}

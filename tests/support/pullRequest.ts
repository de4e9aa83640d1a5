import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { PROJECT_FOLDER } from "../../lab/labFolder";
import { chartPath, gatewayApiPath } from "../../lab/toolchain/sources";
import { helmTemplate } from "./renderAll";

type Config = Readonly<Record<string, unknown>>;

/** What a command printed, and its exit code. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | undefined;
}

/** A git repository with the working tree of this project, and with a stack `site` of the test's own. */
export class PullRequest {
  public readonly folder: string;
  /** Where temporary files of the commands go. */
  private readonly temporary: string;
  /** Programs that go before those on PATH. */
  public readonly programs: string;

  private constructor(private readonly root: string) {
    this.folder = join(root, "project");
    this.temporary = join(root, "temporary");
    this.programs = join(root, "bin");
  }

  /** The base is committed, as `main`. */
  public static async start(): Promise<PullRequest> {
    const pull = new PullRequest(mkdtempSync(join(tmpdir(), "talos-cilium-pull-request-")));
    for (const folder of [pull.temporary, pull.programs]) mkdirSync(folder);
    for (const name of readdirSync(PROJECT_FOLDER)) {
      if (/^(node_modules|Pulumi\..+\.yaml|\..*)$/.test(name) && name !== ".gitignore") continue;
      cpSync(join(PROJECT_FOLDER, name), join(pull.folder, name), { recursive: true });
    }
    symlinkSync(join(PROJECT_FOLDER, "node_modules"), join(pull.folder, "node_modules"));
    symlinkSync(await helmTemplate(), join(pull.programs, "helm"));
    pull.git("init", "--quiet", "--initial-branch", "main");
    writeFileSync(join(pull.folder, ".git/info/exclude"), "node_modules\n");
    pull.writeStack(await stackConfig());
    pull.commit("base");
    return pull;
  }

  public remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  /** Back to the base, with nothing uncommitted. */
  public reset(): void {
    this.git("checkout", "--quiet", "--force", "main");
    this.git("clean", "--quiet", "-fd");
    this.git("checkout", "--quiet", "--detach");
  }

  public writeStack(config: Config): void {
    const keys = Object.entries(config).map(([key, value]) => [`talos-cilium:${key}`, value]);
    this.write("Pulumi.site.yaml", stringify({ config: Object.fromEntries(keys) }));
  }

  public write(path: string, text: string): void {
    writeFileSync(join(this.folder, path), text);
  }

  /** Replaces a text in a file of the project, which must have it. */
  public edit(path: string, from: string, to: string): void {
    const text = readFileSync(join(this.folder, path), "utf8");
    if (!text.includes(from)) throw new Error(`${path} has no ${from}`);
    this.write(path, text.replace(from, to));
  }

  public commit(message: string): void {
    this.git("add", "--all");
    this.git("commit", "--quiet", "--message", message);
  }

  public git(...args: string[]): string {
    const identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
    return execFileSync("git", [...identity, "-C", this.folder, ...args], { encoding: "utf8" });
  }

  /** A program that goes before the one of its name on PATH, as a script of the shell. */
  public program(name: string, script: string): void {
    const path = join(this.programs, name);
    // Not through a link, into the program that it leads to.
    rmSync(path, { force: true });
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  }

  /** Calls render for the stack. */
  public async render(...args: readonly string[]): Promise<Ran> {
    const { stdout, stderr, exitCode } = await this.run(args);
    return { stdout, stderr, exitCode };
  }

  /** Temporary folders of this project that are still there; Node.js keeps one of its own. */
  public leftovers(): string[] {
    return readdirSync(this.temporary).filter((name) => name.startsWith("talos-cilium-"));
  }

  /** The process of render, in which it runs alone. */
  public run(args: readonly string[]) {
    return execa(
      process.execPath,
      ["--require", "ts-node/register", "commands/render.ts", "--stack", "site", ...args],
      {
        cwd: this.folder,
        env: { PATH: `${this.programs}:${process.env.PATH}`, TMPDIR: this.temporary },
        reject: false,
      },
    );
  }
}

/** A stack of Cilium 1.18 or another known version, out of the lab's charts. */
export async function stackConfig(
  cilium = "1.18.4",
  gatewayApi = "v1.3.0",
  channel: "standard" | "experimental" = "experimental",
): Promise<Config> {
  return {
    cluster: { name: "site", id: 7 },
    nodes: { controlPlanes: ["192.168.10.100", "192.168.10.101", "192.168.10.102"] },
    lan: { cidr: "192.168.10.0/24" },
    network: { podCidrs: ["10.14.0.0/16"], serviceCidrs: ["10.15.0.0/16"] },
    routing: { devices: ["ens18"] },
    gatewayApi: {
      version: gatewayApi,
      channel,
      source: await gatewayApiPath(gatewayApi, channel),
    },
    cilium: { version: cilium, chart: await chartPath(cilium) },
    loadBalancing: {
      pools: [{ start: "192.168.10.50", stop: "192.168.10.99" }],
      policies: [{ interfaces: ["^ens18$"] }],
    },
  };
}

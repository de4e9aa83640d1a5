import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import { newCommand, runCommand, stackOption } from "../commands/commandLine";
import { settingsOf } from "../config";
import { Lab } from "./lab";
import { runInPlace } from "./lan/runInPlace";
import { printEvent } from "./stack/printEvent";
import { statusTable } from "./status";
import { exportToolchain, importToolchain } from "./toolchain/archive";
import { verification } from "./verification";

/** Exit code of a command that Ctrl-C ended: 128 + SIGINT. */
const INTERRUPTED = 130;

/** Time that controllers and the operator have after an up, until the table is printed as it is. */
const SETTLE_SECONDS = 60;

/** Set when Ctrl-C was pressed; ends the process. */
let interruption: Promise<never> | undefined;

const program = newCommand(
  "npm run lab --",
  "A Talos-like cluster on this machine, and the stack on it.",
)
  // Options after exec's NODE, and all of verify's, belong to the command that runs.
  .enablePositionalOptions();

program
  .command("up")
  .description("build the toolchain, start the cluster, apply the stack; npm start does the same")
  .option("--port <number>", "port of KubePrism; default: that of Pulumi.lab.yaml, 7445", parsePort)
  .action(({ port }: { port?: number }) => up(new Lab(), port));

program
  .command("status")
  .description("show what is in the cluster")
  .action(async () => {
    const lab = new Lab();
    console.log(lab.running ? await statusTable(lab) : "the lab does not run");
  });

program
  .command("preview")
  .description("show what an up would change")
  .addOption(stackOption().default("lab"))
  .action(async ({ stack }: { stack: string }) => {
    const opened = await new Lab().stack(stack);
    await opened.preview({ onOutput: (text) => process.stdout.write(text) });
  });

program
  .command("verify")
  .description("compare the cluster with the stack, as npm run verify does")
  .argument("[options...]", "those of npm run verify: see npm run -s verify -- --help")
  .allowUnknownOption()
  .passThroughOptions()
  .action(async (options: string[]) => {
    const lab = new Lab();
    const { command, env } = verification(lab, settingsOf(await lab.config()));
    runToEnd([...command, ...withoutSeparator(options)], env);
  });

program
  .command("exec")
  .description("run a command on a node, on the client, or at the LAN's router")
  .argument("<place>", "name of a node, client, or lan")
  .argument("<command...>", "may have -- before it")
  .passThroughOptions()
  .action((place: string, command: string[]) => {
    runToEnd([...runInPlace(new Lab().folder, place), ...withoutSeparator(command)]);
  });

program
  .command("destroy")
  .description("remove what the stack made; the cluster stays")
  .action(async () => {
    await (await new Lab().stack()).destroy({ onEvent: printEvent });
  });

program
  .command("down")
  .description("end the cluster")
  .action(async () => {
    const ended = await new Lab().stopCluster();
    console.log(ended.length === 0 ? "the lab did not run" : "the lab has ended");
  });

program
  .command("kubeconfig")
  .description(
    "print the path of the kubeconfig: export KUBECONFIG=$(npm run -s lab -- kubeconfig)",
  )
  .action(() => {
    const { kubeconfig } = new Lab().folder;
    if (!existsSync(kubeconfig)) {
      throw new Error(`${kubeconfig}: there is none yet; start the lab: npm start`);
    }
    console.log(kubeconfig);
  });

const toolchain = program
  .command("toolchain")
  .description(
    "take the lab's programs to other machines of the same platform, which need no Go then",
  );

toolchain
  .command("export")
  .description("build what is not built yet, and pack all of it into an archive")
  .argument("<file>", "a tar file, compressed by gzip: lab.tar.gz")
  .action(async (file: string) => {
    await exportToolchain(resolve(file), console.log);
  });

toolchain
  .command("import")
  .description("unpack what another machine has exported, and say what is still missing")
  .argument("<file>", "the archive")
  .action(async (file: string) => {
    await importToolchain(resolve(file), console.log);
  });

/** Runs a command on this terminal, and ends with its exit code. */
function runToEnd([file = "", ...args]: readonly string[], env: Record<string, string> = {}): void {
  const { status, error } = spawnSync(file, args, {
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (error !== undefined) throw error;
  process.exitCode = status ?? 1;
}

/** Arguments without a -- before them: what follows it needs none here, and old habits have one. */
function withoutSeparator([first, ...others]: readonly string[]): string[] {
  return first === "--" ? others : first === undefined ? [] : [first, ...others];
}

async function up(lab: Lab, port: number | undefined): Promise<void> {
  // Ctrl-C removes what this command started.
  let startedHere = !lab.running;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      interruption ??= interrupt(startedHere ? lab : undefined);
    });
  }
  try {
    startedHere = await lab.startCluster(port);
    await (await lab.stack()).up({ onEvent: printEvent });
    console.log(await statusTable(lab, SETTLE_SECONDS));
    console.log("the lab goes on running; npm run lab -- status|preview|verify|destroy|down");
  } catch (error) {
    // What is interrupted fails, often before all of it has ended; the interruption ends the process.
    if (interruption !== undefined) await interruption;
    throw error;
  }
}

/** Ends the process once nothing is left of a lab. */
async function interrupt(lab: Lab | undefined): Promise<never> {
  console.error(lab === undefined ? "\ninterrupted" : "\ninterrupted, ending the lab");
  await lab?.stopCluster();
  process.exit(INTERRUPTED);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new InvalidArgumentError("It is not a port: a number from 1 to 65535.");
  }
  return port;
}

function describeError(error: unknown): string {
  const { CommandError }: typeof import("@pulumi/pulumi/automation") =
    require("@pulumi/pulumi/automation");
  // The engine has printed its own errors already, and a CommandError repeats all of them.
  if (error instanceof CommandError) return "pulumi failed; its errors are above";
  return error instanceof Error ? error.message : String(error);
}

runCommand(program, describeError);

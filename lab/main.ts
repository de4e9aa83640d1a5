import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { CommandError } from "@pulumi/pulumi/automation";
import { settingsOf } from "../config";
import { Lab } from "./lab";
import { enter } from "./lan/enter";
import { printEvent } from "./stack/printEvent";
import { statusTable } from "./status";
import { toolchainCommand } from "./toolchain/archive";
import { verification } from "./verification";

const USAGE = `npm start [-- --port N]                     toolchain, cluster, stack
npm run lab -- up [--port N]                same
npm run lab -- status                       what is there
npm run lab -- preview [--stack prod]       what an up would change
npm run lab -- verify [-- --active --json …]  compare the cluster with the stack, as npm run verify does
npm run lab -- destroy                      remove what the stack made; the cluster stays
npm run lab -- exec NODE|client|lan -- CMD  run a command on a node, on the client or at the router
npm run lab -- down                         end the cluster
npm run lab -- toolchain export|import FILE pack the built programs into an archive, or unpack one instead of building
npm run lab -- kubeconfig                   path of the kubeconfig, for KUBECONFIG=$(npm run -s lab -- kubeconfig)`;

/** Exit code of a command that Ctrl-C ended (128 + SIGINT). */
const INTERRUPTED = 130;

/** Seconds that controllers and operator have, after an up, to say what they have to say of it. */
const SETTLE_SECONDS = 60;

/** What goes on since Ctrl-C was pressed. */
let interruption: Promise<never> | undefined;

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { port: { type: "string" }, stack: { type: "string", default: "lab" } },
  });
  const [command = "", ...operands] = positionals;
  const lab = new Lab();

  switch (command) {
    case "up": {
      await up(lab, values.port === undefined ? undefined : Number(values.port));
      break;
    }
    case "preview": {
      await (await lab.stack(values.stack)).preview({
        onOutput: (text) => process.stdout.write(text),
      });
      break;
    }
    case "destroy": {
      await (await lab.stack()).destroy({ onEvent: printEvent });
      break;
    }
    case "status": {
      console.log(lab.running ? await statusTable(lab) : "the lab does not run");
      break;
    }
    case "exec": {
      const [where = "", ...asked] = operands;
      run([...enter(lab.state, where), ...asked]);
      break;
    }
    case "verify": {
      const { command, env } = verification(lab, settingsOf(await lab.config()));
      run([...command, ...operands], env);
      break;
    }
    case "down": {
      const ended = await lab.stopCluster();
      console.log(ended.length === 0 ? "the lab did not run" : "the lab has ended");
      break;
    }
    case "kubeconfig": {
      readFileSync(lab.state.kubeconfig);
      console.log(lab.state.kubeconfig);
      break;
    }
    case "toolchain": {
      process.exitCode = await toolchainCommand(operands);
      break;
    }
    default: {
      console.error(USAGE);
      process.exitCode = 2;
    }
  }
}

/** Runs a command, which speaks for itself, and ends as it does. */
function run([program = "", ...args]: readonly string[], env: Record<string, string> = {}): void {
  const { status, error } = spawnSync(program, args, {
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (error !== undefined) throw error;
  process.exitCode = status ?? 1;
}

async function up(lab: Lab, port: number | undefined): Promise<void> {
  // Ctrl-C takes away whatever this command started.
  let startedHere = !lab.running;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      interruption ??= interrupted(startedHere ? lab : undefined);
    });
  }
  startedHere = await lab.startCluster(port);
  await (await lab.stack()).up({ onEvent: printEvent });
  console.log(await statusTable(lab, SETTLE_SECONDS));
  console.log("the lab goes on running; npm run lab -- status|preview|destroy|down");
}

/** Ends the process once nothing is left of a lab. */
async function interrupted(lab: Lab | undefined): Promise<never> {
  console.error(lab === undefined ? "\ninterrupted" : "\ninterrupted, ending the lab");
  await lab?.stopCluster();
  process.exit(INTERRUPTED);
}

main().catch((error) => {
  // What was interrupted fails, often before all of it has ended: the interruption has the last word.
  if (interruption !== undefined) return interruption;
  // The engine has printed its own errors already, and a CommandError repeats all of them.
  if (error instanceof CommandError) console.error("pulumi failed; its errors are above");
  else console.error(error instanceof Error ? error.message : error);
  return process.exit(1);
});

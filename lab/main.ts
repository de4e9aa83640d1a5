import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { CommandError } from "@pulumi/pulumi/automation";
import { Lab } from "./lab";
import { printEvent } from "./stack/printEvent";
import { statusTable } from "./status";

const USAGE = `npm start [-- --port N]                     toolchain, cluster, stack
npm run lab -- up [--port N]                same
npm run lab -- status                       what is there
npm run lab -- preview [--stack prod]       what an up would change
npm run lab -- destroy                      remove what the stack made; the cluster stays
npm run lab -- down                         end the cluster
npm run lab -- kubeconfig                   path of the kubeconfig, for KUBECONFIG=$(npm run -s lab -- kubeconfig)`;

/** Exit code of a command that Ctrl-C ended (128 + SIGINT). */
const INTERRUPTED = 130;

/** Seconds that controllers and operator have, after an up, to say what they have to say of it. */
const SETTLE_SECONDS = 60;

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { port: { type: "string" }, stack: { type: "string", default: "lab" } },
  });
  const [command = ""] = positionals;
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
    default: {
      console.error(USAGE);
      process.exitCode = 2;
    }
  }
}

async function up(lab: Lab, port: number | undefined): Promise<void> {
  // Ctrl-C takes away whatever this command started, and waits until it is gone.
  let startedHere = !lab.running;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, async () => {
      console.error(startedHere ? "\ninterrupted, ending the lab" : "\ninterrupted");
      if (startedHere) await lab.stopCluster();
      process.exit(INTERRUPTED);
    });
  }
  startedHere = (await lab.startCluster(port)) || startedHere;
  await (await lab.stack()).up({ onEvent: printEvent });
  console.log(await statusTable(lab, SETTLE_SECONDS));
  console.log("the lab goes on running; npm run lab -- status|preview|destroy|down");
}

main().catch((error) => {
  // The engine has printed its own errors already, and a CommandError repeats all of them.
  if (error instanceof CommandError) console.error("pulumi failed; its errors are above");
  else console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});

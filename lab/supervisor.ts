import type { Settings } from "../config";
import { Cluster } from "./cluster";
import type { Depth } from "./depth";
import { LabFolder } from "./labFolder";
import type { Toolchain } from "./toolchain/toolchain";

/** The first message to the supervisor. */
export interface StartRequest {
  /** Path of the lab's folder. */
  readonly folder: string;
  readonly toolchain: Toolchain;
  /** Settings of the stack that the cluster is for. */
  readonly settings: Settings;
  readonly depth: Depth;
}

/** The supervisor's only message. */
export type StartReply = { readonly ready: true } | { readonly error: string };

/**
 * The process in which the lab's cluster runs. It outlives the command that started it, and ends the whole cluster on
 * SIGTERM, or when that command goes away before the cluster is ready.
 */
function main(): void {
  let cluster: Cluster | undefined;
  let ready = false;
  let ending = false;

  const end = async (code: number) => {
    if (ending) return;
    ending = true;
    await cluster?.stop();
    process.exit(code);
  };
  process.on("SIGTERM", () => void end(0));
  // The command that started it handles Ctrl-C.
  process.on("SIGINT", () => {});
  process.on("disconnect", () => {
    if (!ready) void end(1);
  });

  process.once("message", async ({ folder, toolchain, settings, depth }: StartRequest) => {
    cluster = new Cluster(new LabFolder(folder), toolchain, settings, depth);
    try {
      await cluster.start((sentence) => {
        if (!ending) console.log(sentence);
      });
      ready = true;
      reply({ ready });
    } catch (error) {
      reply({ error: error instanceof Error ? error.message : String(error) });
      await end(1);
    }
  });
}

function reply(message: StartReply): void {
  if (process.connected) process.send?.(message);
}

main();

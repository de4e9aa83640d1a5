import type { Settings } from "../config";
import { Cluster } from "./cluster";
import type { Depth } from "./depth";
import { LabFolder } from "./labFolder";
import type { Toolchain } from "./toolchain/toolchain";

/** What the process that starts the supervisor tells it. */
export interface StartRequest {
  /** Folder of the lab. */
  readonly folder: string;
  /** Programs to run. */
  readonly toolchain: Toolchain;
  /** Settings of the stack that the cluster is for. */
  readonly settings: Settings;
  /** How deep it goes. */
  readonly depth: Depth;
}

/** What the supervisor answers, once. */
export type StartReply = { readonly ready: true } | { readonly error: string };

/**
 * The process that the lab's cluster lives in: it outlives the command that started it, and ends the whole cluster
 * when it is asked to (SIGTERM), or when that command goes away before the cluster is ready.
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
  // Ctrl-C reaches it too while it has a terminal; the command that started it decides.
  process.on("SIGINT", () => {});
  process.on("disconnect", () => {
    if (!ready) void end(1);
  });

  process.once("message", async ({ folder, toolchain, settings, depth }: StartRequest) => {
    cluster = new Cluster(new LabFolder(folder), toolchain, settings, depth);
    try {
      await cluster.start((reason) => {
        if (!ending) console.log(reason);
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

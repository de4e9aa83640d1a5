import { createServer, type Server } from "node:net";
import getPort from "get-port";

/** A TCP port of the loopback interface that nobody uses; get-port never gives the same one out twice in a row. */
export function freePort(): Promise<number> {
  return getPort({ host: "127.0.0.1" });
}

/**
 * Makes sure that KubePrism's port is free.
 * @throws Error that tells how to choose another one.
 */
export async function assertPortFree(port: number): Promise<void> {
  for (const host of ["127.0.0.1", "::1"]) {
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      const server: Server = createServer();
      server.once("error", resolve);
      server.listen(port, host, () => server.close(() => resolve(undefined)));
    });
    if (error?.code === "EADDRINUSE") {
      throw new Error(
        `port ${port}: something else listens on it already (${host}); end that, or choose another port for ` +
          "the lab's KubePrism: npm start -- --port 17445",
      );
    }
  }
}

import { createServer, type Server } from "node:net";
import getPort from "get-port";

/** A free TCP port of the loopback interface; get-port does not return the same one twice in a row. */
export function freePort(): Promise<number> {
  return getPort({ host: "127.0.0.1" });
}

/** @throws Error when something listens on KubePrism's port, with the way to choose another one. */
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

import { createServer, type Server } from "node:net";
import getPort from "get-port";

/** So many TCP ports of the loopback interface that nobody uses. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  // One after the other: get-port keeps the ones it has given out from being given out again.
  while (ports.length < count) ports.push(await getPort({ host: "127.0.0.1" }));
  return ports;
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

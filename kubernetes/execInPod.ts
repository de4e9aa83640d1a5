import { Writable } from "node:stream";
import { Exec, type KubeConfig, type V1Status } from "@kubernetes/client-node";
import { AccessError } from "./accessError";

/** Milliseconds that a command in a pod may take; an agent that is busy needs a few seconds. */
const TIMEOUT = 30_000;

/** Where a command runs. */
export interface ExecTarget {
  readonly namespace: string;
  /** Name of the pod. */
  readonly name: string;
  readonly container: string;
}

/**
 * Runs a command in a container, as kubectl exec does.
 * @returns what it printed.
 * @throws Error when it fails, with what it said; with a `code` when the connection did, so that it is worth a retry.
 */
export async function execInPod(
  cluster: KubeConfig,
  { namespace, name, container }: ExecTarget,
  command: readonly string[],
): Promise<string> {
  const [stdout, stderr] = [collector(), collector()];
  const exec = new Exec(cluster);
  const what = `${namespace}/${name}: ${command[0]}`;
  let timer: NodeJS.Timeout | undefined;
  let close = () => {};
  try {
    const status = await new Promise<V1Status>((resolve, reject) => {
      timer = setTimeout(
        () => reject(new Error(`${what}: not done within ${TIMEOUT / 1000} s`)),
        TIMEOUT,
      );
      exec
        .exec(namespace, name, container, [...command], stdout, stderr, null, false, resolve)
        .then(
          (socket) => {
            close = () => socket.close();
            // Without a status before it the connection was cut off.
            socket.on("close", () => reject(connectionError(`${what}: the connection was lost`)));
          },
          (error) => reject(handshakeError(what, messageOf(error))),
        );
    });
    if (status.status === "Success") return stdout.text();
    // What the API server says of a kubelet that it does not reach repeats the whole command.
    const message = status.message?.replace(/\?command=[^"]*/, "");
    throw new Error(`${what}: ${stderr.text().trim() || message}`);
  } finally {
    clearTimeout(timer);
    close();
  }
}

function handshakeError(what: string, message: string): Error {
  const [, status] = /^Unexpected server response: (401|403)$/.exec(message) ?? [];
  if (status === undefined) return connectionError(`${what}: ${message}`);
  return new AccessError(
    `${what}: HTTP ${status}; grant get and create on pods/exec, or use credentials that have these rights`,
  );
}

/** An error of the way to the API, not of the command. */
function connectionError(message: string): Error {
  return Object.assign(new Error(message), { code: "CONNECTION" });
}

/** The WebSocket client rejects with an event that carries the error. */
function messageOf(error: unknown): string {
  return String((error as { message?: unknown } | undefined)?.message ?? error);
}

function collector(): Writable & { text(): string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return Object.assign(stream, { text: () => Buffer.concat(chunks).toString() });
}

// @peculiar/x509 needs it and leaves it to the program.
import "reflect-metadata";
import { createHash, webcrypto } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import * as x509 from "@peculiar/x509";
import type { ClusterEntry, UserEntry } from "../../kubernetes/kubeconfig";

/** A name that no DNS knows: only by way of a proxy is it reached. */
export const API_HOST = "api.cluster.test";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** An HTTPS server on 127.0.0.1 in the place of an API server; it counts its requests. */
export class ApiForTests {
  public readonly requests: { path: string; authorization: string | undefined }[] = [];
  /** What it answers; default: a namespace. */
  public answer: RequestListener = (_request, response) => {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ kind: "Namespace", metadata: { name: "kube-system" } }));
  };

  /** What an exec is answered with. */
  public execStatus = 101;

  public readonly folder = mkdtempSync(join(tmpdir(), "talos-cilium-access-"));
  private readonly sockets = new Set<Duplex>();

  private constructor(
    private readonly server: Server,
    private readonly certificate: string,
  ) {
    server.on("connection", (socket) => this.sockets.add(socket));
    server.on("request", (request, response) => {
      const { url: path = "", headers } = request;
      this.requests.push({ path, authorization: headers.authorization });
      this.answer(request, response);
    });
    // An exec: it prints "done", and ends well.
    server.on("upgrade", ({ url: path = "", headers }, socket) => {
      this.requests.push({ path, authorization: headers.authorization });
      if (this.execStatus !== 101) {
        socket.end(`HTTP/1.1 ${this.execStatus} no\r\n\r\n`);
        return;
      }
      const accept = createHash("sha1")
        .update(`${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest("base64");
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n`,
      );
      socket.write(frame(1, "done"));
      socket.write(frame(3, JSON.stringify({ status: "Success" })));
    });
  }

  public static async start(): Promise<ApiForTests> {
    const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: "CN=api",
      notAfter: new Date(Date.now() + 86_400_000),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          { type: "ip", value: "127.0.0.1" },
          { type: "dns", value: API_HOST },
        ]),
      ],
    });
    const key = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
    const cert = certificate.toString("pem");
    const server = createServer({ cert, key: x509.PemConverter.encode(key, "PRIVATE KEY") });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    return new ApiForTests(server, cert);
  }

  public get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Writes a kubeconfig for it, and returns its path. */
  public kubeconfig(user: UserEntry, cluster: ClusterEntry = {}): string {
    const name = "test";
    const trusted = {
      server: `https://127.0.0.1:${this.port}`,
      "certificate-authority-data": Buffer.from(this.certificate).toString("base64"),
      ...cluster,
    };
    return this.write(
      "kubeconfig",
      JSON.stringify({
        "current-context": name,
        clusters: [{ name, cluster: trusted }],
        users: [{ name, user }],
        contexts: [{ name, context: { cluster: name, user: name } }],
      }),
    );
  }

  /** Writes a file into its folder, and returns its path. */
  public write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** {@link writePlugin} in its folder. */
  public plugin(script: string): string {
    return writePlugin(this.folder, script);
  }

  /** {@link pluginCalls} of its plugin. */
  public get calls(): PluginCall[] {
    return pluginCalls(this.folder);
  }

  public async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((stopped) => this.server.close(stopped));
    rmSync(this.folder, { recursive: true });
  }
}

/** What a plugin was told by KUBERNETES_EXEC_INFO. */
interface PluginCall {
  readonly spec: { readonly interactive: boolean; readonly cluster?: Record<string, unknown> };
}

/** Writes a credential plugin that notes each call; `$n` is the call's number. Returns its path. */
export function writePlugin(folder: string, script: string): string {
  const [path, calls] = [join(folder, "plugin"), join(folder, "calls")];
  const count = `echo "$KUBERNETES_EXEC_INFO" >> '${calls}'\nn=$(wc -l < '${calls}' | tr -d ' ')`;
  writeFileSync(path, `#!/bin/sh\n${count}\n${script}\n`);
  chmodSync(path, 0o700);
  return path;
}

/** What the plugin of a folder was told, once for each call. */
export function pluginCalls(folder: string): PluginCall[] {
  const lines = readFileSync(join(folder, "calls"), "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line));
}

/** A line of shell that prints a credential; the token may hold variables of the shell. */
export function printToken(token: string, expirationTimestamp?: string): string {
  const status = JSON.stringify({ token, expirationTimestamp });
  return `echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":${status.replaceAll(/\$\w+/g, `'"$&"'`)}}'`;
}

/** An HTTP proxy that counts, and leads every tunnel to one port of this machine. */
export class ProxyForTests {
  /** What it was asked for: host and port of a tunnel, the URL of a request. */
  public readonly asked: string[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly server = createHttpServer((request, response) => {
    this.asked.push(request.url ?? "");
    response.writeHead(this.status ?? 200).end("by the proxy");
  });

  /** @param status what it answers instead of making a tunnel; 0: nothing at all. */
  private constructor(
    private readonly target: number,
    private readonly status: number | undefined,
  ) {
    this.server.on("connection", (socket) => this.sockets.add(socket));
    this.server.on("connect", ({ url = "" }, socket: Socket) => {
      this.asked.push(url);
      if (this.status === 0) return;
      if (this.status !== undefined) {
        socket.end(`HTTP/1.1 ${this.status} no\r\n\r\n`);
        return;
      }
      const tunnel = connect(this.target, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        socket.pipe(tunnel).pipe(socket);
      });
      this.sockets.add(tunnel);
      for (const end of [socket, tunnel]) end.on("error", () => {});
    });
  }

  public static async start(target: number, status?: number): Promise<ProxyForTests> {
    const proxy = new ProxyForTests(target, status);
    await new Promise<void>((listening) => proxy.server.listen(0, "127.0.0.1", listening));
    return proxy;
  }

  public get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  public async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((stopped) => this.server.close(stopped));
  }
}

/** Message on a channel of an exec: https://kubernetes.io/docs/reference/using-api/api-concepts/ */
function frame(channel: number, text: string): Buffer {
  const payload = Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);
  return Buffer.concat([Buffer.from([0x82, payload.length]), payload]);
}

/** Sets variables of the environment for a test; returns what sets them back. */
export function withEnvironment(values: Readonly<Record<string, string | undefined>>): () => void {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  const set = (name: string, value: string | undefined) => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  for (const [name, value] of Object.entries(values)) set(name, value);
  return () => {
    for (const [name, value] of before) set(name, value);
  };
}

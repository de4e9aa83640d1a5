import { writeFileSync } from "node:fs";
import { stringify } from "yaml";

interface KubeconfigArgs {
  /** URL of the API server. */
  readonly server: string;
  /** URL of the API server for clients on the LAN that are no nodes, and so have no KubePrism. Default: no LAN. */
  readonly lan?: string | undefined;
  /** Certificate of the authority, PEM. */
  readonly authority: string;
  /** A client certificate with its key, PEM, or a token. */
  readonly user:
    | { readonly certificate: string; readonly key: string }
    | { readonly token: string };
}

/** Writes a kubeconfig with one user and a context for each URL: lab (the current one) and lan. Only its owner can read it. */
export function writeKubeconfig(path: string, args: KubeconfigArgs): string {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const user =
    "token" in args.user
      ? { token: args.user.token }
      : {
          "client-certificate-data": base64(args.user.certificate),
          "client-key-data": base64(args.user.key),
        };
  const servers = [
    { name: "lab", server: args.server },
    ...(args.lan === undefined ? [] : [{ name: "lan", server: args.lan }]),
  ];
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: servers.map(({ name, server }) => ({
      name,
      cluster: { server, "certificate-authority-data": base64(args.authority) },
    })),
    users: [{ name: "lab", user }],
    contexts: servers.map(({ name }) => ({ name, context: { cluster: name, user: "lab" } })),
    "current-context": "lab",
  };
  writeFileSync(path, stringify(config), { mode: 0o600 });
  return path;
}

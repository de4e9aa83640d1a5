import { writeFileSync } from "node:fs";
import { stringify } from "yaml";

/** Whose kubeconfig, for which address. */
export interface KubeconfigArgs {
  /** URL of the API. */
  readonly server: string;
  /** Certificate of the authority, PEM. */
  readonly authority: string;
  /** Credentials: a client certificate with its key, PEM, or a token. */
  readonly user:
    | { readonly certificate: string; readonly key: string }
    | { readonly token: string };
}

/** Writes a kubeconfig with one cluster, user and context, named lab; readable by its owner alone. */
export function writeKubeconfig(path: string, args: KubeconfigArgs): string {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const user =
    "token" in args.user
      ? { token: args.user.token }
      : {
          "client-certificate-data": base64(args.user.certificate),
          "client-key-data": base64(args.user.key),
        };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "lab",
        cluster: { server: args.server, "certificate-authority-data": base64(args.authority) },
      },
    ],
    users: [{ name: "lab", user }],
    contexts: [{ name: "lab", context: { cluster: "lab", user: "lab" } }],
    "current-context": "lab",
  };
  writeFileSync(path, stringify(config), { mode: 0o600 });
  return path;
}

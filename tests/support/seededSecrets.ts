import { stringify } from "yaml";
import type { RenderedObject } from "../../sources/helm";

/** Letters and digits that no other text has, always the same for a number. */
function random(seed: number, length: number, letters = ALPHANUMERIC): string {
  let state = seed * 2_654_435_761 + 12_345;
  return Array.from({ length }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return letters[Math.floor(state / 65_536) % letters.length];
  }).join("");
}

const ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX = "0123456789abcdef";
const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** A certificate or key in PEM whose lines are the seed's. */
function pem(kind: string, seed: number): string {
  const lines = [1, 2, 3].map((line) => random(seed * 10 + line, 64));
  return `-----BEGIN ${kind}-----\n${lines.join("\n")}\n-----END ${kind}-----\n`;
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

/** What must not be seen of a secret: itself and what stands for it, or its lines. */
export function traces(secret: string): string[] {
  const parts = secret
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.length > 5 && !line.startsWith("-----"));
  return parts.flatMap((part) => [part, base64(part).slice(0, -4), encodeURIComponent(part)]);
}

/** A secret, and where it stands. */
export interface Seed {
  readonly where: string;
  readonly secret: string;
  readonly object: RenderedObject;
}

type Fields = Readonly<Record<string, unknown>>;

let made = 0;

function seed(where: string, secret: string, fields: (secret: string) => Fields): Seed {
  const { metadata, kind = "ConfigMap", ...rest } = fields(secret);
  const object = {
    apiVersion: "v1",
    kind: kind as string,
    metadata: { name: `seed-${++made}`, namespace: "kube-system", ...(metadata as Fields) },
    ...rest,
  };
  return { where, secret, object };
}

function inData(key: string, text: (secret: string) => string) {
  return (secret: string): Fields => ({ data: { [key]: text(secret) } });
}

function inPod(container: (secret: string) => Fields) {
  return (secret: string): Fields => ({
    kind: "DaemonSet",
    spec: { template: { spec: { containers: [{ name: "agent", ...container(secret) }] } } },
  });
}

const annotations =
  (key: string, text = (secret: string) => secret) =>
  (secret: string): Fields => ({ metadata: { annotations: { [key]: text(secret) } } });

const JWT = `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ${random(1, 40)}.${random(2, 43)}`;

/** Tokens that are told by their beginnings. */
const TOKENS: readonly string[] = [
  `glsa_${random(200, 32)}_1a2b3c4d`,
  `AIza${random(201, 35)}`,
  `ya29.${random(202, 60)}`,
  `GOCSPX-${random(203, 28)}`,
  `npm_${random(204, 36)}`,
  `dckr_pat_${random(205, 27)}`,
  `sk_live_${random(206, 24)}`,
  `SG.${random(207, 22)}.${random(208, 43)}`,
  `hf_${random(209, 34)}`,
  `dop_v1_${random(210, 64, HEX)}`,
  `sk-proj-${random(211, 48)}`,
  `ops_eyJ${random(212, 80)}`,
  `AGE-SECRET-KEY-1${random(213, 58, UPPER)}`,
  `tskey-auth-${random(214, 30)}`,
  `123456789:${random(215, 35)}`,
];

/** Secrets of every kind, each in a place of its own. */
export const SEEDS: readonly Seed[] = [
  // By kind.
  seed("data of a Secret", random(10, 20), (secret) => ({
    kind: "Secret",
    data: { anything: base64(secret) },
  })),
  seed("text of a Secret", random(11, 20), (secret) => ({
    kind: "Secret",
    stringData: { anything: secret },
  })),
  seed("a Secret among manifests of a ConfigMap", random(12, 20), (secret) => ({
    data: { "manifests.yaml": stringify({ kind: "Secret", stringData: { plain: secret } }) },
  })),
  seed("kubectl's annotation", random(13, 12), (secret) => ({
    metadata: {
      annotations: {
        "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify({ stuff: secret }),
      },
    },
  })),
  seed("an encrypted Docker login", random(14, 20), (secret) => ({
    kind: "Secret",
    type: "kubernetes.io/dockerconfigjson",
    data: {
      ".dockerconfigjson": base64(
        JSON.stringify({ auths: { r: { auth: base64(`u:${secret}`) } } }),
      ),
    },
  })),
  // By key.
  ...[
    "password",
    "dbPassword",
    "REDIS_PASSWD",
    "token",
    "api-token",
    "secret",
    "clientSecret",
    "apiKey",
    "private_key",
    "credentials",
    "authorization",
    "connectionString",
    "ca.crt",
    "tls.key",
    "caBundle",
    "secret_id",
    "PASSWORD_PROD",
    "accessKey",
  ].map((key, index) =>
    seed(`key ${key}`, `hunter-${random(20 + index, 9)}`, (secret) => ({
      spec: { [key]: secret },
    })),
  ),
  seed("a number", "8715309246", (secret) => ({ spec: { password: Number(secret) } })),
  seed("below a key", random(40, 10), (secret) => ({ spec: { password: { value: secret } } })),
  seed("a list below a key", random(41, 10), (secret) => ({ spec: { tokens: [secret] } })),
  seed("an annotation", random(42, 10), annotations("example.com/token")),
  // Variables and arguments.
  seed(
    "a variable",
    random(50, 10),
    inPod((secret) => ({ env: [{ name: "DB_PASSWORD", value: secret }] })),
  ),
  seed(
    "a header",
    random(51, 10),
    inPod((secret) => ({
      livenessProbe: { httpGet: { httpHeaders: [{ name: "Authorization", value: secret }] } },
    })),
  ),
  seed(
    "an argument",
    random(52, 10),
    inPod((secret) => ({ args: ["--debug", `--token=${secret}`] })),
  ),
  seed(
    "two arguments",
    random(53, 10),
    inPod((secret) => ({ args: ["--api-key", secret] })),
  ),
  seed(
    "a shell's argument",
    random(54, 10),
    inPod((secret) => ({
      command: ["sh", "-c", `curl --password '${secret}' https://example.com`],
    })),
  ),
  seed(
    "a shell's variable",
    random(55, 10),
    inPod((secret) => ({
      command: ["sh", "-c", `export GITHUB_TOKEN=${secret}\nrun --verbose`],
    })),
  ),
  seed(
    "a header of a shell's argument",
    random(56, 10),
    inPod((secret) => ({ command: ["sh", "-c", `curl -H 'X-Auth-Token: ${secret}' https://x`] })),
  ),
  // Settings within texts.
  seed(
    "YAML in a ConfigMap",
    random(60, 10),
    inData("config.yaml", (secret) => `server:\n  password: ${secret}\n`),
  ),
  seed(
    "a block of YAML",
    random(61, 10),
    inData("config.yaml", (secret) => `token: |\n  ${secret}\nother: 1\n`),
  ),
  seed(
    "YAML with a template",
    random(62, 10),
    inData("config.yaml", (secret) => `{{- if x }}\nsecret: >-\n  ${secret}\n{{- end }}\n`),
  ),
  seed(
    "JSON in a ConfigMap",
    random(63, 10),
    inData("config.json", (secret) => JSON.stringify({ a: { apiKey: secret } })),
  ),
  seed(
    "JSON in JSON",
    random(64, 10),
    inData("config.json", (secret) => JSON.stringify({ a: JSON.stringify({ apiKey: secret }) })),
  ),
  seed(
    "INI in a ConfigMap",
    random(65, 10),
    inData("cloud.conf", (secret) => `[Global]\npassword = ${secret}\nregion = a\n`),
  ),
  seed(
    "a comment",
    random(66, 10),
    inData("config.yaml", (secret) => `a: 1\n# password: ${secret}\n`),
  ),
  seed(
    "properties",
    random(67, 10),
    inData("app.properties", (secret) => `db.password=${secret}\ndb.user=joe`),
  ),
  seed(
    "a connection string",
    random(68, 10),
    inData("dsn.txt", (secret) => `Server=db;User=sa;Password=${secret};`),
  ),
  seed(
    "a query",
    random(69, 10),
    inData("url", (secret) => `https://example.com/hook?token=${secret}&x=1`),
  ),
  seed(
    "a header in a text",
    random(70, 20),
    inData("nginx.conf", (secret) => `proxy_set_header Authorization "Bearer ${secret}";`),
  ),
  // By value.
  seed(
    "a private key",
    pem("PRIVATE KEY", 80),
    inData("text", (secret) => secret),
  ),
  seed("a certificate", pem("CERTIFICATE", 81), annotations("example.com/anything")),
  seed("a key in base64", pem("EC PRIVATE KEY", 82), inData("text", base64)),
  seed(
    "a key in one line",
    pem("RSA PRIVATE KEY", 83),
    inData("text", (secret) => `x: "${secret.replaceAll("\n", "\\n")}"`),
  ),
  seed(
    "a certificate without PEM",
    `MIIC${random(84, 160)}`,
    inData("text", (secret) => `cert ${secret}`),
  ),
  seed(
    "a JWT",
    JWT,
    annotations("example.com/note", (secret) => `see ${secret}`),
  ),
  seed(
    "a URL's password",
    random(85, 10),
    inPod((secret) => ({ args: [`--repo=https://joe:${secret}@git.example.com/x`] })),
  ),
  seed(
    "a database's URL",
    random(86, 10),
    inData("text", (secret) => `postgres://joe:${secret}@db:5432/x?ssl=true`),
  ),
  seed(
    "a URL's token",
    random(87, 30),
    inData("text", (secret) => `https://${secret}@git.example.com/x`),
  ),
  seed("AWS", `AKIA${random(88, 16, UPPER)}`, annotations("example.com/id")),
  seed("GitHub", `ghp_${random(89, 36)}`, annotations("example.com/id")),
  seed(
    "GitHub, of 2022",
    `github_pat_${random(90, 22)}_${random(91, 59)}`,
    annotations("example.com/id"),
  ),
  seed("GitLab", `glpat-${random(92, 20)}`, annotations("example.com/id")),
  seed("Slack", `xoxb-123456789012-${random(93, 24)}`, annotations("example.com/id")),
  seed(
    "Slack's webhook",
    `T00000000/B00000000/${random(94, 24)}`,
    annotations("example.com/to", (secret) => `https://hooks.slack.com/services/${secret}`),
  ),
  seed("Pulumi", `pul-${random(95, 40, HEX)}`, annotations("example.com/id")),
  seed(
    "a service account of Omni",
    base64(JSON.stringify({ name: "ci", pgp_key: pem("PGP PRIVATE KEY BLOCK", 96) })),
    annotations("example.com/id"),
  ),
  ...TOKENS.map((token) =>
    seed(`token ${token.slice(0, 6)}`, token, annotations("example.com/id")),
  ),
  seed(
    "a key in base64, in lines",
    pem("PRIVATE KEY", 218),
    inData("text", (secret) => base64(secret).replace(/.{76}/g, "$&\n")),
  ),
  seed(
    "Discord's webhook",
    `1234567890/${random(216, 60)}`,
    annotations("example.com/to", (secret) => `https://discord.com/api/webhooks/${secret}`),
  ),
  seed(
    "a data source of Go",
    random(217, 10),
    inData("text", (secret) => `joe:${secret}@tcp(db:3306)/x`),
  ),
  seed("Vault", `hvs.${random(97, 90)}`, annotations("example.com/id")),
  seed("a token to join a cluster", `abc123.${random(98, 16, HEX)}`, annotations("example.com/id")),
  seed(
    "a hashed password",
    `$2y$10$${random(99, 53)}`,
    inData("users", (secret) => `joe:${secret}`),
  ),
  seed(
    "a key of WireGuard",
    `${random(100, 43)}=`,
    inData("text", (secret) => secret),
  ),
  seed(
    "a key of IPsec",
    random(101, 40, HEX),
    inData("text", (secret) => `3+ rfc4106(gcm(aes)) ${secret} 128`),
  ),
];

/** A secret that stands in a Secret, and further places in which it stands under names that say nothing. */
export const REPEATED = `again-${random(110, 12)}`;

export const REPETITIONS: readonly Seed[] = [
  seed("a Secret", REPEATED, (secret) => ({ kind: "Secret", stringData: { a: secret } })),
  seed("plain", REPEATED, annotations("example.com/plain")),
  seed("in base64", REPEATED, annotations("example.com/base64", base64)),
  seed(
    "in a longer base64",
    REPEATED,
    annotations("example.com/longer", (secret) => base64(`joe:${secret}`)),
  ),
  seed(
    "in a sentence",
    REPEATED,
    inData("note", (secret) => `it is ${secret}.`),
  ),
  seed(
    "in hexadecimal",
    REPEATED,
    inData("note", (secret) => Buffer.from(secret).toString("hex")),
  ),
  seed("in a Secret's file", REPEATED, (secret) => ({
    kind: "Secret",
    stringData: { "app.conf": `password = ${secret}\nmode = fast\n` },
  })),
  seed("in a CRD's description", REPEATED, (secret) => ({
    kind: "CustomResourceDefinition",
    spec: { description: `such as ${secret}` },
  })),
];

/** Fields with names as of secrets that are none, and that a reviewer wants to see. */
export const OPEN: readonly RenderedObject[] = [
  {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: {
      name: "open",
      annotations: {
        "checksum/secret": random(120, 64, HEX),
        "example.com/secret-name": "db-login",
      },
    },
    spec: {
      template: {
        spec: {
          automountServiceAccountToken: true,
          imagePullSecrets: [{ name: "registry-login" }],
          containers: [
            {
              name: "agent",
              image: `quay.io/cilium/cilium:v1.20.2@sha256:${random(121, 64, HEX)}`,
              args: [
                "--tls-key-file=/etc/tls/tls.key",
                "--token-ttl",
                "24h",
                "--config-dir=/tmp/cilium/config-map",
                "--api-server=https://localhost:7445/path?name=joe@example.com",
              ],
              env: [
                {
                  name: "DB_PASSWORD",
                  valueFrom: {
                    secretKeyRef: { name: "db-login", key: "password", optional: true },
                  },
                },
                { name: "TOKEN_FILE", value: "/var/run/secrets/token" },
              ],
            },
          ],
          volumes: [
            {
              name: "login",
              secret: {
                secretName: "db-login",
                defaultMode: 256,
                items: [{ key: "password", path: "p" }],
              },
            },
            {
              name: "api",
              projected: {
                sources: [
                  {
                    serviceAccountToken: {
                      path: "token",
                      audience: "vault",
                      expirationSeconds: 7200,
                    },
                  },
                ],
              },
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "open" },
    data: {
      "tls-secrets-namespace": "cilium-secrets",
      "enable-secrets-sync": "true",
      "hubble-tls-key-file": "/var/lib/cilium/tls/hubble/server.key",
      "ipsec-key-rotation-duration": "5m",
      "config.yaml": "existingSecret: db-login\nsecretNamespace: apps\npassword: $DB_PASSWORD\n",
    },
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "open" },
    rules: [{ apiGroups: [""], resources: ["secrets", "serviceaccounts/token"], verbs: ["get"] }],
  },
  {
    apiVersion: "cilium.io/v2",
    kind: "CiliumBGPPeerConfig",
    metadata: { name: "open" },
    spec: { authSecretRef: "bgp-login" },
  },
  {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "open" },
    spec: {
      schema: {
        properties: {
          password: {
            type: "string",
            description: "The password: a text of 8 letters. Basic authentication.",
          },
          token: { type: "string", default: "bootstrap-token" },
        },
      },
    },
  },
];

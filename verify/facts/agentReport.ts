import { z } from "zod";

/** States that Cilium's API gives its parts (api/v1/models/status.go, k8s_status.go). */
const state = z.enum(["Ok", "Warning", "Failure", "Disabled"]);

/**
 * As much of `cilium-dbg status -o json` as is judged (api/v1/models/status_response.go, the same from 1.18 to 1.20).
 * Go leaves out what is false, empty or zero, so only what an agent always says is required.
 */
const status = z.object({
  cilium: z.object({ state, msg: z.string().optional() }),
  kubernetes: z.object({ state, msg: z.string().optional() }),
  cluster: z.object({
    ciliumHealth: z.object({ state, msg: z.string().optional() }).optional(),
  }),
  controllers: z
    .array(
      z.object({
        name: z.string(),
        status: z
          .object({
            "consecutive-failure-count": z.number().optional(),
            "last-failure-msg": z.string().optional(),
          })
          .optional(),
      }),
    )
    .nullish(),
  "kube-proxy-replacement": z.object({
    mode: z.enum(["True", "False"]),
    directRoutingDevice: z.string().optional(),
    deviceList: z
      .array(z.object({ name: z.string(), ip: z.array(z.string()).nullish() }))
      .nullish(),
  }),
  masquerading: z.object({
    enabled: z.boolean().optional(),
    mode: z.enum(["BPF", "iptables"]).optional(),
  }),
  routing: z.object({
    "inter-host-routing-mode": z.enum(["Native", "Tunnel"]),
    "intra-host-routing-mode": z.enum(["BPF", "Legacy"]),
    "tunnel-protocol": z.string().optional(),
  }),
});

/** As much of `cilium-dbg node list -o json` as is judged (api/v1/models/node_element.go). */
const nodeList = z.array(z.object({ name: z.string() }));

/** Outcome of the probes of one address, by ICMP and HTTP (api/v1/health/models/connectivity_status.go). */
const probe = z.object({
  /** What is wrong; empty or absent when nothing is. */
  status: z.string().optional(),
  /** When it was found out, RFC 3339; absent when it was not yet. */
  lastProbed: z.string().optional(),
});
const path = z.object({
  ip: z.string().optional(),
  icmp: probe.optional(),
  http: probe.optional(),
});
const addresses = z.object({
  "primary-address": path.optional(),
  "secondary-addresses": z.array(path).nullish(),
});

/** As much of `cilium-health status -o json` as is judged (api/v1/health/models/health_status_response.go). */
const health = z.object({
  nodes: z
    .array(
      z.object({
        name: z.string(),
        host: addresses.optional(),
        "health-endpoint": addresses.optional(),
      }),
    )
    .nullable(),
  probeInterval: z.string().optional(),
});

/** A path from a node to another one, or to a pod there, that Cilium probes. */
export interface ProbedPath {
  /** The other node's name. */
  readonly node: string;
  /** Its own address, or that of a pod on it. */
  readonly to: "host" | "pod";
  readonly ip: string;
  /** What is wrong; empty when nothing is. */
  readonly problem: string;
  /** When it was found out; undefined when it was not yet. */
  readonly probed: Date | undefined;
}

/** What an agent tells of itself. */
export interface AgentReport {
  /** Its status. */
  readonly status: z.output<typeof status>;
  /** Names of the nodes that it knows, its own among them. */
  readonly knownNodes: readonly string[];
  /** What its probes of all nodes came to; undefined when they are off. */
  readonly health: { readonly interval: string; readonly paths: readonly ProbedPath[] } | undefined;
  /** MTU of the pods' devices, bytes. */
  readonly mtu: number;
  /** The configuration that it was started with, by key. */
  readonly config: Readonly<Record<string, string>>;
  /** The addresses that it announces. */
  readonly announced: readonly string[];
}

/** Between the outputs of the commands; no line of theirs. */
const SEPARATOR = "=====talos-cilium=====";

/** Folder into which an agent's init container writes what the agent is started with (chart, cilium-agent/daemonset.yaml). */
const CONFIG_FOLDER = "/tmp/cilium/config-map";

/** What is run in the agent's container, all of it in one exec, as that costs most. */
export const REPORT_COMMAND = [
  "sh",
  "-euc",
  [
    `cd ${CONFIG_FOLDER}; tail -n +1 -- *`,
    "cilium-dbg status -o json",
    "cilium-dbg node list -o json",
    // Where probes are off nothing answers it; where they are on the missing answer is an error.
    "cilium-health status -o json || true",
    "cilium-dbg shell -- db/show mtu",
    "cilium-dbg shell -- db/show l2-announce",
  ].join(`; echo; echo ${SEPARATOR}; `),
];

/**
 * Reads what {@link REPORT_COMMAND} printed.
 * @throws Error naming the part that has not the shape that Cilium 1.18 to 1.20 give it.
 */
export function readAgentReport(printed: string): AgentReport {
  const parts = printed.split(`${SEPARATOR}\n`);
  const [files = "", ofStatus = "", nodes = "", ofHealth = "", mtus = "", announced = ""] = parts;
  if (parts.length !== 6) throw new Error(`the agent printed ${parts.length} parts instead of 6`);
  const config = readConfig(files);
  return {
    config,
    status: shaped("cilium-dbg status -o json", status, ofStatus),
    knownNodes: shaped("cilium-dbg node list -o json", nodeList, nodes).map(({ name }) =>
      withoutCluster(name),
    ),
    health: config["enable-health-checking"] === "false" ? undefined : readHealth(ofHealth),
    mtu: readMtu(mtus),
    announced: [...new Set(rows("l2-announce", ["IP", "NetworkInterface"], announced).map(first))],
  };
}

/** Every path that was or will be probed, by ICMP and by HTTP. */
function readHealth(text: string): AgentReport["health"] {
  const { nodes, probeInterval = "" } = shaped("cilium-health status -o json", health, text);
  const paths = (nodes ?? []).flatMap((node) =>
    [["host", node.host] as const, ["pod", node["health-endpoint"]] as const].flatMap(
      ([to, each]) =>
        [each?.["primary-address"], ...(each?.["secondary-addresses"] ?? [])].flatMap((found) =>
          found === undefined
            ? []
            : [found.icmp ?? {}, found.http ?? {}].map(({ status: problem = "", lastProbed }) => ({
                node: withoutCluster(node.name),
                to,
                ip: found.ip ?? "",
                problem,
                probed: lastProbed === undefined ? undefined : new Date(lastProbed),
              })),
        ),
    ),
  );
  return { interval: probeInterval, paths };
}

/** Name of a node without that of its cluster, which Cilium puts before it. */
function withoutCluster(name: string): string {
  return name.split("/").at(-1) ?? "";
}

/** MTU of the default route's family; all of them have the same. */
function readMtu(table: string): number {
  const columns = ["Prefix", "DeviceMTU", "RouteMTU", "RoutePostEncryptMTU"];
  const [, mtu = ""] = rows("mtu", columns, table)[0] ?? [];
  if (!/^[1-9]\d*$/.test(mtu)) throw new Error(`table mtu has an unknown shape (${table.trim()})`);
  return Number(mtu);
}

/** Output of a command, when it is JSON of the shape that is known. */
function shaped<T>(command: string, schema: z.ZodType<T>, text: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error(`${command} printed no JSON (${text.trim().slice(0, 80)})`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`${command} has an unknown shape (${issue?.path.join(".")}: ${issue?.message})`);
}

/** Rows of one of the agent's tables, which has just these columns. */
function rows(name: string, columns: readonly string[], table: string): string[][] {
  const [head = [], ...found] = table
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/));
  if (head.join() !== columns.join()) {
    throw new Error(`table ${name} has an unknown shape (${head.join(" ")})`);
  }
  return found;
}

function first([cell = ""]: readonly string[]): string {
  return cell;
}

/** Files, each after a line ==> name <==, as tail prints them. */
function readConfig(files: string): Record<string, string> {
  const [before = "", ...parts] = `\n${files}`.split(/\n==> (.+) <==\n/);
  if (before.trim() !== "" || parts.length === 0) {
    throw new Error(`${CONFIG_FOLDER} has an unknown shape (${files.trim().slice(0, 80)})`);
  }
  const config: Record<string, string> = {};
  for (let index = 0; index < parts.length; index += 2) {
    config[parts[index] ?? ""] = (parts[index + 1] ?? "").trim();
  }
  return config;
}

import { z } from "zod";

/** States in Cilium's API (api/v1/models/status.go, k8s_status.go). */
const state = z.enum(["Ok", "Warning", "Failure", "Disabled"]);

/**
 * The fields of `cilium-dbg status -o json` that are read (api/v1/models/status_response.go, the same from 1.18 to 1.20).
 * Go leaves out a field that is false, empty or zero: only the fields that an agent always has are required.
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

/** The fields of `cilium-dbg node list -o json` that are read (api/v1/models/node_element.go). */
const nodeList = z.array(z.object({ name: z.string() }));

/** Result of probing one address, by ICMP or HTTP (api/v1/health/models/connectivity_status.go). */
const probe = z.object({
  /** The problem; empty or absent when there is none. */
  status: z.string().optional(),
  /** Time of the probe, RFC 3339; absent before the first one. */
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

/** The fields of `cilium-health status -o json` that are read (api/v1/health/models/health_status_response.go). */
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

/** A path from one node to another, or to a pod on it, that Cilium probes. */
export interface ProbedPath {
  /** Name of the node that is probed. */
  readonly node: string;
  /** Whether the address is the node's, or that of a pod on it. */
  readonly to: "host" | "pod";
  readonly ip: string;
  readonly by: "icmp" | "http";
  /** Empty when there is none. */
  readonly problem: string;
  /** Time of the last probe; undefined before the first one. */
  readonly probed: Date | undefined;
}

/** State of an agent, from its own commands. */
export interface AgentReport {
  readonly status: z.output<typeof status>;
  /** Names of the nodes that it knows, its own included. */
  readonly knownNodes: readonly string[];
  /** Results of its probes; undefined when probes are off. */
  readonly health: { readonly interval: string; readonly paths: readonly ProbedPath[] } | undefined;
  /** MTU of the pods' devices, in bytes. */
  readonly mtu: number;
  /** The configuration that it started with, by key. */
  readonly config: Readonly<Record<string, string>>;
  /** Addresses that it announces on the LAN. */
  readonly announced: readonly string[];
}

/** Line between the outputs of two commands; none of them prints it. */
const SEPARATOR = "=====talos-cilium=====";

/** Folder into which the init container writes the agent's configuration (chart, cilium-agent/daemonset.yaml). */
const CONFIG_FOLDER = "/tmp/cilium/config-map";

/** Command for the agent's container. It is one exec for everything, since the exec costs the most time. */
export const REPORT_COMMAND = [
  "sh",
  "-euc",
  [
    `cd ${CONFIG_FOLDER}; tail -n +1 -- *`,
    "cilium-dbg status -o json",
    "cilium-dbg node list -o json",
    // It fails where probes are off. Where they are on, the missing output is an error of its own.
    "cilium-health status -o json || true",
    "cilium-dbg shell -- db/show mtu",
    "cilium-dbg shell -- db/show l2-announce",
  ].join(`; echo; echo ${SEPARATOR}; `),
];

/**
 * Reads the output of {@link REPORT_COMMAND}.
 * @throws Error that names the part whose shape is not that of Cilium 1.18 to 1.20.
 */
export function readAgentReport(output: string): AgentReport {
  const parts = output.split(`${SEPARATOR}\n`);
  const [files = "", agent = "", nodes = "", probes = "", mtus = "", announced = ""] = parts;
  if (parts.length !== 6) throw new Error(`the agent printed ${parts.length} parts instead of 6`);
  const config = readConfig(files);
  return {
    config,
    status: parseJson("cilium-dbg status -o json", status, agent),
    knownNodes: parseJson("cilium-dbg node list -o json", nodeList, nodes).map(({ name }) =>
      withoutCluster(name),
    ),
    health: config["enable-health-checking"] === "false" ? undefined : readHealth(probes),
    mtu: readMtu(mtus),
    announced: [
      ...new Set(
        parseTable("l2-announce", ["IP", "NetworkInterface"], announced).map(([ip = ""]) => ip),
      ),
    ],
  };
}

/** Every path, by ICMP and by HTTP, probed or not yet. */
function readHealth(text: string): AgentReport["health"] {
  const { nodes, probeInterval = "" } = parseJson("cilium-health status -o json", health, text);
  const paths = (nodes ?? []).flatMap((node) => [
    ...pathsTo("host", node.name, node.host),
    ...pathsTo("pod", node.name, node["health-endpoint"]),
  ]);
  return { interval: probeInterval, paths };
}

function pathsTo(
  to: ProbedPath["to"],
  name: string,
  target: z.output<typeof addresses> | undefined,
): ProbedPath[] {
  const node = withoutCluster(name);
  const paths = [target?.["primary-address"], ...(target?.["secondary-addresses"] ?? [])];
  return paths.flatMap((each) => {
    if (each === undefined) return [];
    const { ip = "", icmp = {}, http = {} } = each;
    const probes = [
      ["icmp", icmp],
      ["http", http],
    ] as const;
    return probes.map(([by, { status: problem = "", lastProbed }]) => ({
      ...{ node, to, ip, by, problem },
      probed: lastProbed === undefined ? undefined : new Date(lastProbed),
    }));
  });
}

/** Name of a node without the cluster's: Cilium says cluster/node. */
function withoutCluster(name: string): string {
  return name.split("/").at(-1) ?? "";
}

/** The first row's MTU: all rows have the same. */
function readMtu(table: string): number {
  const columns = ["Prefix", "DeviceMTU", "RouteMTU", "RoutePostEncryptMTU"];
  const [, mtu = ""] = parseTable("mtu", columns, table)[0] ?? [];
  if (!/^[1-9]\d*$/.test(mtu)) throw new Error(`table mtu has an unknown shape (${table.trim()})`);
  return Number(mtu);
}

/** @throws Error when the output is not JSON, or has another shape than the schema. */
function parseJson<T>(command: string, schema: z.ZodType<T>, text: string): T {
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

/** Rows of one of the agent's tables, which must have these columns. */
function parseTable(name: string, columns: readonly string[], table: string): string[][] {
  const [head = [], ...rows] = table
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/));
  if (head.join() !== columns.join()) {
    throw new Error(`table ${name} has an unknown shape (${head.join(" ")})`);
  }
  return rows;
}

/** Reads files as tail prints them: each after a line ==> name <==. */
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

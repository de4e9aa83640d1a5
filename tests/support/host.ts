import { readdirSync, readFileSync } from "node:fs";
import { execa } from "execa";
import { systemPath } from "../../lab/process/systemPath";

/** What changes by itself, whoever does what: counters, clocks, and what the kernel makes up anew for each reader. */
const VOLATILE =
  /^(fs\.(dentry-state|file-nr|inode-nr|inode-state|aio-nr|quota\..*)|kernel\.(ns_last_pid|pty\.nr|random\..*|loadavg|hostname|sched_.*)|net\.netfilter\.nf_conntrack_count|vm\..*)\b/;

/** The host, as far as a lab could have changed it, a list of lines for each part. */
export interface Host {
  readonly links: string[];
  readonly addresses: string[];
  readonly routes: string[];
  readonly rules: string[];
  readonly firewall: string[];
  readonly namespaces: string[];
  readonly mounts: string[];
  readonly cgroups: string[];
  readonly sysctls: string[];
}

/** Looks at the host. */
export async function host(): Promise<Host> {
  const lines = async (...[program = "", ...args]: string[]) =>
    (await execa(program, args, { env: { PATH: systemPath() } })).stdout.split("\n").sort();
  return {
    links: await lines("ip", "-oneline", "link"),
    addresses: await lines("ip", "-brief", "address"),
    routes: await lines("ip", "route", "show", "table", "all"),
    rules: await lines("ip", "rule"),
    firewall: (await lines("iptables-save")).filter((line) => !line.startsWith("#")),
    namespaces: await lines("ip", "netns"),
    mounts: readFileSync("/proc/self/mounts", "utf8").split("\n").sort(),
    cgroups: await lines(
      ...["unshare", "--mount", "sh", "-c"],
      "mount -t cgroup2 none /mnt && find /mnt -type d",
    ),
    sysctls: sysctls("/proc/sys")
      .filter((line) => !VOLATILE.test(line))
      .sort(),
  };
}

/**
 * How many BPF programs, maps and links the kernel holds, without the arrays of tail calls: Linux 6.18 now and then
 * keeps an empty one (712 bytes) of which every program, pin and process has long gone.
 */
export async function bpfObjects(): Promise<Record<string, number>> {
  const count = async (kind: string) => {
    const { stdout } = await execa("bpftool", [kind, "list", "-j"], {
      env: { PATH: systemPath() },
    });
    const objects = JSON.parse(stdout || "[]") as { type?: string }[];
    return objects.filter(({ type }) => type !== "prog_array").length;
  };
  return { programs: await count("prog"), maps: await count("map"), links: await count("link") };
}

/** BPF programs on the root cgroup, which see every process of the host. */
export async function rootCgroupPrograms(): Promise<string> {
  const show = "mount -t cgroup2 none /mnt && bpftool cgroup show /mnt";
  const { stdout } = await execa("unshare", ["--mount", "sh", "-c", show], {
    env: { PATH: systemPath() },
  });
  return stdout;
}

function sysctls(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sysctls(path);
    const name = path.slice("/proc/sys/".length).replaceAll("/", ".");
    try {
      return [`${name}=${readFileSync(path, "utf8").trim()}`];
    } catch {
      // Some may only be written.
      return [];
    }
  });
}

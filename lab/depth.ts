import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * How deep a lab goes: at `control-plane` nodes and pods are simulated; at `network` each node is a machine of
 * namespaces on a LAN, and runs Cilium's agent.
 */
export type Depth = "control-plane" | "network";

/** Programs that the network depth needs, by the Debian package that has them. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  bpftool: ["bpftool"],
  ccache: ["ccache"],
  "clang-19": ["clang-19"],
  curl: ["curl"],
  ipset: ["ipset"],
  iproute2: ["ip", "bridge"],
  iperf3: ["iperf3"],
  "iputils-arping": ["arping"],
  "iputils-ping": ["ping"],
  iptables: ["iptables", "ip6tables"],
  kmod: ["modprobe"],
  "llvm-19": ["llc-19"],
  procps: ["pgrep"],
  tcpdump: ["tcpdump"],
  "util-linux": ["nsenter", "unshare"],
};

/** The command that installs all of them. The README has the same, and so has .ci/run. */
export const INSTALL_COMMAND = `apt-get install -y --no-install-recommends ${Object.keys(PACKAGES).join(" ")}`;

/** Folders beside those of PATH in which a distribution keeps programs for root. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/**
 * The depth that TALOS_CILIUM_LAB_DEPTH asks for, else the deepest that this machine can have.
 * @throws Error when it asks for one that there is not, or that this machine cannot have.
 */
export function chosenDepth(): Depth {
  const asked = process.env.TALOS_CILIUM_LAB_DEPTH;
  if (asked === "control-plane") return asked;
  const missing = missingForNetwork();
  if (asked === undefined) return missing.length === 0 ? "network" : "control-plane";
  if (asked !== "network") {
    throw new Error(
      `TALOS_CILIUM_LAB_DEPTH: no such depth (${asked}); use control-plane or network`,
    );
  }
  if (missing.length > 0) throw new Error(`no network depth here: ${missing.join("; ")}`);
  return asked;
}

/** A sentence that says what a depth has, and what the other one would need. */
export function describeDepth(depth: Depth): string {
  if (depth === "network") {
    return "depth: network (nodes are namespaces on a LAN, with Cilium's agents)";
  }
  const missing = missingForNetwork();
  const why =
    missing.length === 0 ? "" : `; the network depth is not to be had: ${missing.join("; ")}`;
  return `depth: control-plane (nodes and pods are simulated${why})`;
}

/** What is missing for the network depth, a sentence each; none when this machine can have it. */
export function missingForNetwork(): string[] {
  if (process.platform !== "linux") return [`it needs Linux, and this is ${process.platform}`];
  if (process.getuid?.() !== 0)
    return ["it needs root, as it makes namespaces and loads BPF programs"];
  const packages = Object.entries(PACKAGES)
    .filter(([, programs]) => !programs.every(isInstalled))
    .map(([name]) => name);
  if (packages.length > 0) {
    return [`it needs ${packages.join(", ")}; on Debian, install with: ${INSTALL_COMMAND}`];
  }
  // What a container without privileges, or a kernel without BPF, refuses.
  const namespaces = ["--mount", "--net", "--uts", "--ipc", "--pid", "--cgroup", "--fork"];
  const mounts = "mount -t bpf none /mnt && mount -t cgroup2 none /mnt && mount -t tmpfs none /mnt";
  const tried = spawnSync("unshare", [...namespaces, "sh", "-c", mounts], { encoding: "utf8" });
  return tried.status === 0
    ? []
    : [`it needs namespaces, BPF and cgroup v2, which this kernel refuses: ${tried.stderr.trim()}`];
}

/** PATH with the folders that only root's usually has. */
export function systemPath(): string {
  return [process.env.PATH, ...SYSTEM_FOLDERS].join(delimiter);
}

function isInstalled(program: string): boolean {
  return systemPath()
    .split(delimiter)
    .some((folder) => {
      try {
        accessSync(join(folder, program), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

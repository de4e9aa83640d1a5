import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { systemPath } from "./process/systemPath";

/**
 * How much of a lab is real. `control-plane`: nodes and pods are simulated. `network`: each node is a machine made of
 * namespaces, on a LAN, and runs Cilium's agent.
 */
export type Depth = "control-plane" | "network";

/** Programs that the network depth needs, by Debian package. */
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

/** Installs all of them. README.md and .ci/run have the same command. */
export const INSTALL_COMMAND = `apt-get install -y --no-install-recommends ${Object.keys(PACKAGES).join(" ")}`;

/**
 * The depth that TALOS_CILIUM_LAB_DEPTH names, else the deepest that this machine supports.
 * @throws Error when there is no such depth, or this machine does not support it.
 */
export function chosenDepth(): Depth {
  const depth = process.env.TALOS_CILIUM_LAB_DEPTH;
  if (depth === "control-plane") return depth;
  const missing = missingForNetwork();
  if (depth === undefined) return missing.length === 0 ? "network" : "control-plane";
  if (depth !== "network") {
    throw new Error(
      `TALOS_CILIUM_LAB_DEPTH: no such depth (${depth}); use control-plane or network`,
    );
  }
  if (missing.length > 0) {
    throw new Error(`the network depth is not available: ${missing.join("; ")}`);
  }
  return depth;
}

/** One line about a depth; for `control-plane` with the reason why `network` is not available. */
export function describeDepth(depth: Depth): string {
  if (depth === "network") {
    return "depth: network (nodes are namespaces on a LAN, with Cilium's agents)";
  }
  const missing = missingForNetwork();
  const reason =
    missing.length === 0 ? "" : `; the network depth is not available: ${missing.join("; ")}`;
  return `depth: control-plane (nodes and pods are simulated${reason})`;
}

/** What this machine lacks for the network depth, a sentence each; empty when the depth is available. */
export function missingForNetwork(): string[] {
  if (process.platform !== "linux") return [`it needs Linux, and this is ${process.platform}`];
  if (process.getuid?.() !== 0) {
    return ["it needs root, as it makes namespaces and loads BPF programs"];
  }
  const packages = Object.entries(PACKAGES)
    .filter(([, programs]) => !programs.every(isInstalled))
    .map(([name]) => name);
  if (packages.length > 0) {
    return [`it needs ${packages.join(", ")}; on Debian, install with: ${INSTALL_COMMAND}`];
  }
  // A container without privileges refuses this, and so does a kernel without BPF.
  const namespaces = ["--mount", "--net", "--uts", "--ipc", "--pid", "--cgroup", "--fork"];
  const mounts = "mount -t bpf none /mnt && mount -t cgroup2 none /mnt && mount -t tmpfs none /mnt";
  const { status, stderr } = spawnSync("unshare", [...namespaces, "sh", "-c", mounts], {
    encoding: "utf8",
  });
  return status === 0
    ? []
    : [`it needs namespaces, BPF and cgroup v2, which this kernel refuses: ${stderr.trim()}`];
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

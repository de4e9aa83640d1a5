import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

export const PROJECT_FOLDER = resolve(__dirname, "..");

/** Folders that files are written to by their path alone. */
const SUBFOLDERS = ["logs", "pki"];

/** All that a cluster and its stack leave; the next cluster starts empty, and so does the state of its stack. */
const LEFT_BY_A_CLUSTER = [
  ...["backend", "cluster.json", "etcd", "kubeconfig", "logs", "machines", "operators"],
  ...["pki", "stack"],
];

/** The folder in which a lab keeps everything it writes. Nothing lies outside; removing it forgets the lab. */
export class LabFolder {
  /** Absolute path. */
  public readonly path: string;

  /** @param path default: TALOS_CILIUM_LAB, else .lab in the project. */
  constructor(path: string = process.env.TALOS_CILIUM_LAB ?? join(PROJECT_FOLDER, ".lab")) {
    this.path = resolve(path);
  }

  /** Creates the folder where it is missing. It holds keys, so others cannot read it. */
  public make(): void {
    for (const folder of SUBFOLDERS) {
      mkdirSync(this.join(folder), { recursive: true, mode: 0o700 });
    }
  }

  /** Removes what an earlier cluster left. */
  public clear(): void {
    for (const name of LEFT_BY_A_CLUSTER) {
      rmSync(this.join(name), { recursive: true, force: true });
    }
    this.make();
  }

  /** Path of a file or folder in it. */
  public join(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  /** The administrator's kubeconfig; its server is KubePrism. */
  public get kubeconfig(): string {
    return this.join("kubeconfig");
  }

  /** Port and depth of a cluster that was ready (JSON). */
  public get clusterFile(): string {
    return this.join("cluster.json");
  }

  /** Path of a process's log. */
  public log(process: string): string {
    return this.join("logs", `${process}.log`);
  }
}

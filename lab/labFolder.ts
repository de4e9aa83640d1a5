import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";

/** The project's folder. */
export const PROJECT_FOLDER = resolve(__dirname, "..");

/** Where one lab keeps everything it writes; nothing of it lies outside, and removing the folder forgets the lab. */
export class State {
  /** Absolute path of the folder. */
  public readonly folder: string;

  /** @param folder path of the folder; default: what TALOS_CILIUM_LAB says, else .lab in the project. */
  constructor(folder: string = process.env.TALOS_CILIUM_LAB ?? join(PROJECT_FOLDER, ".lab")) {
    this.folder = resolve(folder);
    this.make();
  }

  /** Makes the folder, unless it is there. Others cannot read it: it holds keys. */
  public make(): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
  }

  /** Path of a file or folder in it; the folder it lies in is made. */
  public path(...parts: string[]): string {
    const path = join(this.folder, ...parts);
    mkdirSync(resolve(path, ".."), { recursive: true, mode: 0o700 });
    return path;
  }

  /** The administrator's kubeconfig, whose server is KubePrism. */
  public get kubeconfig(): string {
    return this.path("kubeconfig");
  }

  /** Says of a cluster that was ready at which port its KubePrism is (JSON). */
  public get clusterFile(): string {
    return this.path("cluster.json");
  }

  /** Log of a process. */
  public log(process: string): string {
    return this.path("logs", `${process}.log`);
  }
}

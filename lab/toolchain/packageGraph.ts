/** How far a build is. */
export interface BuildProgress {
  /** Packages that all the programs together are made of. */
  readonly packages: number;
  /** How many of these are known to need no more work. */
  readonly done: number;
  /** How many were compiled so far; Go may have compiled others earlier. */
  readonly compiled: number;
}

/**
 * The packages of a build, and which of them are done. Go tells of a package only when it begins to compile it: then
 * all that the package imports is done, whether it was compiled now or earlier.
 */
export class PackageGraph {
  private readonly imports: ReadonlyMap<string, readonly string[]>;
  private readonly done = new Set<string>();
  private compiled = 0;

  /** @param listed a line for each package: its path, then those that it imports. */
  constructor(listed: string) {
    this.imports = new Map(
      listed.split("\n").map((line) => {
        const [path = "", ...imports] = line.split(" ");
        return [path, imports];
      }),
    );
  }

  get progress(): BuildProgress {
    return { packages: this.imports.size, done: this.done.size, compiled: this.compiled };
  }

  /** Takes note of a package that Go begins to compile. */
  compiling(path: string): void {
    if (!this.imports.has(path)) return;
    this.compiled++;
    const pending = [path];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (this.done.has(next)) continue;
      this.done.add(next);
      for (const name of this.imports.get(next) ?? []) {
        // The standard library has copies of some modules, under paths of its own.
        const vendored = `vendor/${name}`;
        if (this.imports.has(name)) pending.push(name);
        else if (this.imports.has(vendored)) pending.push(vendored);
      }
    }
  }
}

import { createHmac, randomBytes } from "node:crypto";

/** Marks of secrets: equal for equal secrets within one run, and of no use after it. */
export class Marks {
  private readonly key = randomBytes(32);

  public of(secrets: readonly unknown[]): string {
    return createHmac("sha256", this.key).update(JSON.stringify(secrets)).digest("hex");
  }
}

import { delimiter } from "node:path";

/** Where a distribution keeps root's programs, often missing in PATH. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** PATH, and the folders of root's programs. */
export function systemPath(): string {
  return [process.env.PATH, ...SYSTEM_FOLDERS].join(delimiter);
}

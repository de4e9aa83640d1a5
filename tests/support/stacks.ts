import { join } from "node:path";

/** Folder with stack files of the tests' own: a user may edit or delete every one of the project's. */
export const STACKS = join(__dirname, "../fixtures/stacks");

import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import { demandOptions } from "../commandLine";
import type { Log } from "./postBody";

/** What a post is made of, as a command is told. */
export interface PostOptions {
  readonly marker: string;
  readonly file: readonly string[];
  readonly log: readonly Log[];
  readonly print?: boolean;
}

/** Adds the options of a command that writes a post. */
export function withPostOptions(command: Command): Command {
  return demandOptions(command, "--marker <text>")
    .option("--marker <text>", "names the post; the next one with it replaces it", parseMarker)
    .option("--file <path>", "Markdown that is shown; may be repeated", append(readText), [])
    .option(
      "--log <title=path>",
      "text that is folded, and cut where it is too long; may be repeated",
      append(parseLog),
      [],
    )
    .option("--print", "print the post instead of sending it; no token is needed");
}

function parseMarker(text: string): string {
  if (/^[\w.: -]+$/.test(text)) return text;
  throw new InvalidArgumentError("Write letters, digits, spaces, dots, colons and hyphens.");
}

function append<T>(
  parse: (text: string) => T,
): (text: string, before: readonly T[]) => readonly T[] {
  return (text, before) => [...before, parse(text)];
}

function parseLog(text: string): Log {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Write TITLE=PATH.");
  return { title: text.slice(0, at), text: readText(text.slice(at + 1)) };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

import { Option } from "commander";
import { forgeOf } from "./ci/forgeOf";
import { keepOnePost } from "./ci/keepOnePost";
import { postBody } from "./ci/postBody";
import { type PostOptions, withPostOptions } from "./ci/postOptions";
import { demandOptions, newCommand, runCommand } from "./commandLine";

interface DriftOptions extends PostOptions {
  readonly title: string;
  readonly outcome: readonly string[];
}

const WELL =
  "Well again: the last look found that the cluster is what the stack says. The next drift opens this issue again.";

const command = withPostOptions(
  newCommand(
    "npm run -s drift-issue --",
    "Keeps one issue about what differs between a cluster and its stack: made or opened again when something does, closed when nothing does.",
  ),
)
  .option("--title <text>", "title of the issue")
  .addOption(
    new Option(
      "--outcome <outcomes...>",
      "how each look ended; all of them success means that nothing differs",
    ).choices(["success", "failure", "cancelled", "skipped"]),
  )
  .action(keepIssue);

async function keepIssue({
  marker,
  title,
  file,
  log,
  outcome,
  print,
}: DriftOptions): Promise<void> {
  const isWell = outcome.every((each) => each === "success");
  const parts = {
    marker,
    reports: isWell ? [WELL] : file,
    logs: isWell ? [] : log,
  };
  if (print) {
    process.stdout.write(postBody(parts, Number.MAX_SAFE_INTEGER));
    return;
  }
  const forge = forgeOf(process.env);
  const change = { title, body: postBody(parts, forge.limit), isOpen: !isWell };
  const kept = await keepOnePost(forge, forge.issues(), marker, change, { isNeeded: !isWell });
  if (kept === undefined) console.log("no drift, and no issue about one");
  else if (isWell) console.log(`issue ${kept.post.id}: closed`);
  else console.log(`issue ${kept.post.id}: ${kept.isNew ? "opened" : "replaced"}`);
}

demandOptions(command, "--title <text>", "--outcome <outcomes...>");
runCommand(command);

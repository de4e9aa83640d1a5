import { forgeOf } from "./ci/forgeOf";
import { keepOnePost } from "./ci/keepOnePost";
import { postBody } from "./ci/postBody";
import { type PostOptions, withPostOptions } from "./ci/postOptions";
import { newCommand, runCommand } from "./commandLine";

/** What a job's summary may have: 1 MiB. */
const SUMMARY_LIMIT = 1_000_000;

const command = withPostOptions(
  newCommand(
    "npm run -s comment --",
    "Writes the one comment of a pull request (GitHub) or merge request (GitLab), or replaces the one that it has written before. " +
      "It reads the variables of the workflow, and GITHUB_TOKEN or GITLAB_TOKEN.",
  ),
).action(comment);

async function comment({ marker, file: reports, log: logs, print }: PostOptions): Promise<void> {
  const parts = { marker, reports, logs };
  if (print) {
    process.stdout.write(postBody(parts, SUMMARY_LIMIT));
    return;
  }
  const forge = forgeOf(process.env);
  const body = postBody(parts, forge.limit);
  const kept = await keepOnePost(forge, forge.comments(), marker, { body });
  console.log(`comment ${kept?.post.id}: ${kept?.isNew ? "made" : "replaced"}`);
}

runCommand(command);

import { readFileSync } from "node:fs";
import type { Forge } from "./forge";
import { GitHub } from "./github";
import { GitLab } from "./gitlab";

/**
 * The forge whose workflow runs, by the variables that GitHub Actions and GitLab CI set.
 * @throws Error that names the variable which is missing.
 */
export function forgeOf(env: NodeJS.ProcessEnv): Forge {
  if (env.CI_API_V4_URL) {
    return new GitLab({
      url: env.CI_API_V4_URL,
      token: needed(env, "GITLAB_TOKEN", "a project access token with the scope api"),
      project: needed(env, "CI_PROJECT_ID", "the project's number"),
      mergeRequest: env.CI_MERGE_REQUEST_IID || undefined,
    });
  }
  return new GitHub({
    url: env.GITHUB_API_URL || "https://api.github.com",
    token: needed(env, "GITHUB_TOKEN", "the workflow's own token, github.token"),
    repository: needed(env, "GITHUB_REPOSITORY", "OWNER/NAME"),
    pullRequest: pullRequestOf(env.GITHUB_EVENT_PATH),
  });
}

function needed(env: NodeJS.ProcessEnv, name: string, what: string): string {
  const value = env[name];
  if (value) return value;
  throw new Error(`${name}: missing; set it to ${what}`);
}

/** Number in the file with the event. */
function pullRequestOf(path: string | undefined): number | undefined {
  if (!path) return undefined;
  return JSON.parse(readFileSync(path, "utf8")).pull_request?.number;
}

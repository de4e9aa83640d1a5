import { checks } from "../../verify/checks";
import type { Check } from "../../verify/checks/check";
import { connectivityChecks } from "../../verify/connectivity/connectivityTest";

const INTRODUCTION = `# Verification

<!-- Made by npm run docs from verify/. -->

The verification compares a cluster with its stack. It is the last step of \`pulumi up\`, and
\`npm run -s verify -- --stack prod\` runs it at any time. It reads from the Kubernetes API, and from each agent by an exec
into its pod. It changes nothing.

At the end of an update, failing checks have \`verification.wait\` seconds to pass. If one still fails, then with
\`verification.mode: strict\` the update fails, and so does every later one until the cluster is as configured. With
\`warn\` the update prints the findings as a warning and succeeds.

| outcome | meaning |
|---|---|
| \`passed\` | the cluster is as the stack asks |
| \`failed\` | it is not; each finding says what was seen, what was expected, and the next command to run |
| \`skipped\` | not checked, because a check that it needs failed, or because the command was told to skip it |
| \`unknown\` | could not be checked from here (or not yet); never counts as passed |
| \`not-applicable\` | the stack or the cluster has nothing that the check applies to |

The exit code is 0 when no check failed; 1 when one did, or when the Kubernetes API does not answer; 2 when an option is
wrong. \`--json\`, \`--markdown\` and \`--junit\` print the report in a form for machines, with the same outcomes. JUnit
itself knows only the first three: there, the last two are skipped test cases, whose output names the outcome.
`;

const CONNECTIVITY_TEST = `With \`--connectivity-test\` the command also creates a workload, a LoadBalancer Service in front of it, and a Gateway with
an HTTPRoute, in a namespace of its own. It sends requests to both from the machine that it runs on, which should be on
the LAN, and deletes the namespace whatever happens. The workload is agnhost, which the nodes pull from registry.k8s.io;
\`--image\` names another place.
`;

/** docs/verification.md: the outcomes, and every check in its order. */
export function verificationPage(): string {
  const rows = checks.map(({ name, title, needs = [] }: Check) => {
    const names = needs.map((need) => `\`${need.name}\``).join(", ");
    return `| \`${name}\` | ${title} | ${names} |`;
  });
  const connectivity = connectivityChecks.map(({ name, title }) => `| \`${name}\` | ${title} |`);
  return [
    INTRODUCTION,
    "## Checks\n",
    "| check | what is true when it passes | needs |",
    "|---|---|---|",
    ...rows,
    "\n## Connectivity test\n",
    CONNECTIVITY_TEST,
    "| check | what is true when it passes |",
    "|---|---|",
    ...connectivity,
    "",
  ].join("\n");
}

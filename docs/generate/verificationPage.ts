import { checks } from "../../verify/checks";
import { PROOF_CHECKS } from "../../verify/connectivity/connectivityTest";

const INTRODUCTION = `# Verification

<!-- Made by npm run docs out of verify/. -->

\`pulumi up\` ends with it, and \`npm run -s verify -- --stack prod\` runs the same checks at any time. It compares what
runs with what the stack asks for: it asks the Kubernetes API, and each agent by an exec into its pod, and changes
nothing. At the end of an update what fails has \`verification.wait\` seconds to become right; then, with
\`verification.mode: strict\`, the update fails, and so does each later one until the cluster is right. With \`warn\` it
says the same and goes on.

| outcome | what it means |
|---|---|
| \`passed\` | the cluster is as the stack asks |
| \`failed\` | it is not; each finding says what was seen, what was expected, and the next command to run |
| \`skipped\` | not checked, because a check that it needs failed, or because the command was told to skip it |
| \`unknown\` | could not be checked from here (or not yet); never counts as passed |
| \`not-applicable\` | the stack or the cluster has nothing that the check applies to |

The exit code is 0 when nothing failed, 1 when something did or the API cannot be reached, 2 when it was called wrongly.
\`--json\`, \`--markdown\` and \`--junit\` print the report for a machine.
`;

const ACTIVE = `With \`--active\` it also makes a workload, a LoadBalancer Service in front of it, and a Gateway with an HTTPRoute, in a
namespace of its own; asks them from the machine that it runs on, which should be on the LAN; and removes the namespace,
whatever happens. The workload is agnhost, which the nodes pull from registry.k8s.io; \`--image\` names another place.
`;

/** docs/verification.md: what is checked, in which order. */
export function verificationPage(): string {
  const rows = checks.map(({ name, title, needs = [] }) => {
    const names = needs.map((need) => `\`${need}\``).join(", ");
    return `| \`${name}\` | ${title} | ${names} |`;
  });
  const active = PROOF_CHECKS.map(({ name, title }) => `| \`${name}\` | ${title} |`);
  return [
    INTRODUCTION,
    "## Checks\n",
    "| check | what is true when it passes | needs |",
    "|---|---|---|",
    ...rows,
    "\n## The active proof\n",
    ACTIVE,
    "| check | what is true when it passes |",
    "|---|---|",
    ...active,
    "",
  ].join("\n");
}

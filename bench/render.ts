import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { PullRequest, stackConfig } from "../tests/support/pullRequest";
import { helmTemplate } from "../tests/support/renderAll";

/** Pairs of runs. */
const PAIRS = 7;

/** Seconds that something took, and seconds of CPU of all its processes. */
interface Cost {
  readonly wall: number;
  readonly cpu: number;
}

/**
 * What `npm run render -- --against` takes beyond Helm: a run of the command, against Helm alone, which renders the base and
 * what is here, one after the other. In pairs, each first in turn.
 */
async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "talos-cilium-bench-"));
  const pull = await PullRequest.start();
  try {
    pull.reset();
    pull.writeStack({ ...(await stackConfig()), routing: { devices: ["ens18"], mtu: 1400 } });
    const helm = await recordHelm(pull, folder);
    const command = `cd ${pull.folder} && TMPDIR=${folder} PATH=${pull.programs}:$PATH node --require ts-node/register commands/render.ts --stack site --against main`;
    const differences: Cost[] = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      const order = pair % 2 === 0 ? [helm, command] : [command, helm];
      const costs = new Map<string, Cost>();
      for (const each of order) costs.set(each, await costOf(each));
      const [alone, whole] = [costs.get(helm), costs.get(command)] as [Cost, Cost];
      differences.push({ wall: whole.wall - alone.wall, cpu: whole.cpu - alone.cpu });
    }
    const load = loadavg().map((each) => each.toFixed(1));
    console.log(
      `render --against adds ${describe(differences, "wall")} to Helm, and ${describe(differences, "cpu")} of CPU; ${PAIRS} pairs, load ${load.join(", ")}`,
    );
  } finally {
    pull.remove();
    rmSync(folder, { recursive: true });
  }
}

/** A script that renders alone what the command asks Helm for, each values once: the command renders all of it twice. */
async function recordHelm(pull: PullRequest, folder: string): Promise<string> {
  const helm = await helmTemplate();
  pull.program(
    "helm",
    `call=$(mktemp -d ${folder}/call-XXXXXX); echo "$3" > $call/chart; cat > $call/values
     exec ${helm} "$@" < $call/values`,
  );
  const { exitCode, stderr } = await pull.render("--against", "main");
  if (exitCode !== 0) throw new Error(stderr);
  pull.program("helm", `exec ${helm} "$@"`);
  const calls = readdirSync(folder)
    .filter((name) => name.startsWith("call-"))
    .map((name) => join(folder, name));
  const distinct = new Map(calls.map((call) => [readFileSync(join(call, "values"), "utf8"), call]));
  return [...distinct.values()]
    .map(
      (call) =>
        `${helm} template cilium "$(cat ${call}/chart)" --values - < ${call}/values > /dev/null`,
    )
    .join(" && ");
}

/** By bash, which also counts the CPU of the processes that a process started. */
async function costOf(script: string): Promise<Cost> {
  const { stderr } = await execa("bash", [
    "-c",
    `TIMEFORMAT='%R %U %S'; time { ${script} > /dev/null; }`,
  ]);
  const [wall = 0, user = 0, system = 0] = (stderr.split("\n").at(-1) ?? "").split(" ").map(Number);
  return { wall, cpu: user + system };
}

/** Median and range: `3.1 s (2.9 to 3.4)`. */
function describe(costs: readonly Cost[], key: keyof Cost): string {
  const sorted = costs.map((cost) => cost[key]).sort((a, b) => a - b);
  const [median, first, last] = [Math.floor(sorted.length / 2), 0, sorted.length - 1].map((index) =>
    (sorted[index] ?? 0).toFixed(1),
  );
  return `${median} s (${first} to ${last})`;
}

void main();

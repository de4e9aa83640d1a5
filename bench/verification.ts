import { ManyNodes, type Size } from "../tests/support/manyNodes";
import { verify } from "../verify/verify";

/** How often each cluster is verified. */
const RUNS = 9;

/** A small cluster, one with more nodes, and one with more Services. */
const SMALL: Size = { nodes: 10, services: 10 };
const NODES: Size = { nodes: 100, services: 10 };
const SERVICES: Size = { nodes: 10, services: 1000 };

/** What a node and a Service cost a verification, in milliseconds. */
async function main(): Promise<void> {
  const small = await measure(SMALL);
  const nodes = await measure(NODES);
  const services = await measure(SERVICES);
  const perNode = (nodes - small) / (NODES.nodes - SMALL.nodes);
  const perService = (services - small) / (SERVICES.services - SMALL.services);
  console.log(`a node costs ${perNode.toFixed(1)} ms, a Service ${perService.toFixed(2)} ms`);
}

/** Median of the milliseconds that a verification takes. */
async function measure(size: Size): Promise<number> {
  const lab = new ManyNodes(size);
  try {
    const settings = await lab.begin();
    const times: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      const began = performance.now();
      const results = await verify(lab.clients.config, {
        settings,
        waitSeconds: 0,
        talosContext: undefined,
      });
      times.push(performance.now() - began);
      const failed = results.filter(({ verdict }) => verdict.outcome === "failed");
      if (failed.length > 0) throw new Error(JSON.stringify(failed));
    }
    const sorted = times.toSorted((a, b) => a - b).map(Math.round);
    const median = sorted[(RUNS - 1) / 2] ?? 0;
    console.log(
      `${size.nodes} nodes, ${size.services} Services: ${median} ms (${sorted[0]} to ${sorted.at(-1)}, ${RUNS} runs)`,
    );
    return median;
  } finally {
    await lab.remove();
  }
}

void main();

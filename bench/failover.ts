import { configured, type LeaseTimings } from "../tests/support/announcedByWorkers";
import { NetworkLab } from "../tests/support/networkLab";

/** How often the announcer dies, for each of the timings. */
const RUNS = 10;

/** The chart's own timings, and shorter ones. */
const TIMINGS: readonly LeaseTimings[] = [
  { leaseDuration: 15, leaseRenewDeadline: 5, leaseRetryPeriod: 2 },
  { leaseDuration: 5, leaseRenewDeadline: 3, leaseRetryPeriod: 1 },
];

/**
 * How long an address is dead when its announcer dies (cable out, agent killed), at the lab's network depth: until a
 * client on the LAN gets its next answer.
 */
async function main(): Promise<void> {
  const lab = new NetworkLab();
  try {
    for (const timings of TIMINGS) {
      await lab.startWith(configured(timings));
      await lab.serveOnEveryNode("web", { "kubernetes.io/hostname": "talos-c7r-dgh" });
      const address = await lab.expose("web", "web");
      await lab.answer(address);
      const seconds: number[] = [];
      for (let run = 0; run < RUNS; run++) {
        seconds.push(await outage(lab, address));
      }
      const sorted = seconds.toSorted((a, b) => a - b).map((value) => value.toFixed(1));
      const { leaseDuration, leaseRenewDeadline, leaseRetryPeriod } = timings;
      console.log(
        `lease ${leaseDuration}/${leaseRenewDeadline}/${leaseRetryPeriod} s: dead for ${sorted[0]} to ${sorted.at(-1)} s, ` +
          `median ${sorted[RUNS / 2]} (${RUNS} runs)`,
      );
      await lab.stopCluster();
    }
  } finally {
    await lab.remove();
  }
}

/** Kills the announcer, and brings it back once another one answers. Returns the seconds in between. */
async function outage(lab: NetworkLab, address: string): Promise<number> {
  const announcer = await lab.announcer("web");
  const died = performance.now();
  await lab.cable(announcer, "down");
  await lab.killAgent(announcer);
  const loop = `until curl -sf -m 0.5 -o /dev/null http://${address}/hostname; do sleep 0.05; done`;
  await lab.on("client", "sh", "-c", loop);
  const seconds = (performance.now() - died) / 1000;
  // The other worker must be able to take over next time.
  await lab.bringBack(announcer);
  return seconds;
}

void main();

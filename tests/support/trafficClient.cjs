// Runs on the lab's client: requests a URL again and again until SIGTERM, but a minimum number of times. Prints a line
// at the first answer, and at the end the result as JSON.
// Arguments: URL, minimum number of requests, requests per second, and kind: "fresh" opens a connection for each request.
const { Agent, get } = require("node:http");
const { setTimeout: sleep } = require("node:timers/promises");

/** Milliseconds without an answer after which a request counts as lost: far more than a busy machine delays one. */
const TIMEOUT = 30_000;

const [url, minimum, rate, kind] = process.argv.slice(2);
const agent = new Agent({ keepAlive: kind !== "fresh", maxSockets: kind === "fresh" ? 50 : 1 });
const result = { requests: 0, connections: 0, failures: [] };
const began = Date.now();
let stopped = false;
let answered = false;
process.once("SIGTERM", () => {
  stopped = true;
});

function request() {
  return new Promise((resolve) => {
    const fail = (error) => {
      result.failures.push(`${Date.now() - began} ms: ${error.message}`);
      resolve();
    };
    const outgoing = get(url, { agent, timeout: TIMEOUT }, (response) => {
      if (!answered) console.log("answered");
      answered = true;
      response.resume();
      response.on("end", resolve);
      response.on("error", fail);
      if (response.statusCode !== 200) fail(new Error(`HTTP ${response.statusCode}`));
    });
    outgoing.on("socket", (socket) => {
      if (socket.connecting) result.connections++;
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${TIMEOUT} ms`)));
    outgoing.on("error", fail);
    result.requests++;
  });
}

async function main() {
  const pending = new Set();
  for (let index = 0; !stopped || index < Number(minimum); index++) {
    const due = began + (1000 * index) / Number(rate);
    if (due > Date.now()) await sleep(due - Date.now());
    const running = request().finally(() => pending.delete(running));
    pending.add(running);
    if (kind !== "fresh") await running;
  }
  await Promise.all(pending);
  agent.destroy();
  console.log(JSON.stringify(result));
}

void main();

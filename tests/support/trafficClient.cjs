// Runs on the lab's client: asks a URL again and again, and tells as JSON how that went.
// Arguments: URL, how many requests, how many of them a second, and whether each has a connection of its own (fresh).
const { Agent, get } = require("node:http");

const [url, count, rate, kind] = process.argv.slice(2);
const agent = new Agent({ keepAlive: kind !== "fresh", maxSockets: kind === "fresh" ? 50 : 1 });
const result = { requests: 0, connections: 0, failures: [] };
const started = Date.now();

function ask() {
  return new Promise((resolve) => {
    const failed = (error) => {
      result.failures.push(`${Date.now() - started} ms: ${error.message}`);
      resolve();
    };
    const asked = get(url, { agent, timeout: 5000 }, (response) => {
      response.resume();
      response.on("end", resolve);
      response.on("error", failed);
      if (response.statusCode !== 200) failed(new Error(`HTTP ${response.statusCode}`));
    });
    asked.on("socket", (socket) => {
      if (socket.connecting) result.connections++;
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer within 5 s")));
    asked.on("error", failed);
    result.requests++;
  });
}

async function main() {
  const pending = new Set();
  for (let index = 0; index < Number(count); index++) {
    const due = started + (1000 * index) / Number(rate);
    if (due > Date.now()) await new Promise((resolve) => setTimeout(resolve, due - Date.now()));
    const asked = ask().finally(() => pending.delete(asked));
    pending.add(asked);
    if (kind !== "fresh") await asked;
  }
  await Promise.all(pending);
  agent.destroy();
  console.log(JSON.stringify(result));
}

void main();

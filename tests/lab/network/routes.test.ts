import assert from "node:assert/strict";
import { everyPair } from "../../support/everyPair";
import { NETWORK_TIMEOUT, NetworkLab } from "../../support/networkLab";

describe("the data path without autoDirectNodeRoutes", function () {
  this.timeout(NETWORK_TIMEOUT);
  const lab = new NetworkLab();

  before(async function () {
    await lab.begin(this, (config) => ({
      ...config,
      "talos-cilium:routing": { devices: ["eth0"], routes: "network" },
      // It would fail as soon as the agents have probed each other, as no router has the routes of this test.
      "talos-cilium:verification": { mode: "off" },
    }));
  });
  after(() => lab.remove());

  it("brings no pod to one on another node, which shows that the test of it can fail", async () => {
    const pods = await lab.serveOnEveryNode("web");
    // No request is answered, so each takes the whole time limit.
    const { failures } = await everyPair(lab, pods, 3);
    assert.equal(failures.length, pods.length * (pods.length - 1), failures.join("\n"));
  });
});

import assert from "node:assert/strict";
import { ENGINE_TIMEOUT, LabForTests, recorder, withToolchain } from "../support/labForTests";
import { assertCreatedAfterTheirDefinitions } from "../support/order";
import { programWithoutGate } from "./programs/parts";

describe("without the gate", function () {
  this.timeout(ENGINE_TIMEOUT);
  before(withToolchain);
  const lab = new LabForTests();
  after(() => lab.remove());

  it("pool and policy are begun before their definitions exist, and the check of their order says so", async () => {
    await lab.startCluster();
    const stack = await lab.stack("lab", (config) => config, programWithoutGate);
    const { events, onEvent } = recorder();
    // Whether the engine's own retries carry it through is chance; either way the order was wrong.
    await stack
      .up({ onEvent })
      .catch((error) => assert.match(error.message, /no matches for kind/));
    await assert.rejects(
      assertCreatedAfterTheirDefinitions(events, lab.clients),
      /CiliumLoadBalancerIPPool was begun at .*, before its definition was Established/,
    );
  });
});

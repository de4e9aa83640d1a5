import assert from "node:assert/strict";
import { join } from "node:path";
import { execa } from "execa";
import { type StepName, stepCommand } from "../../../../components/stepCommand";
import { FAKE_UID, type FakeApi, startFakeApi } from "../../../support/fakeApi";

const PROJECT = join(__dirname, "..", "..", "..", "..");
const GROUP = "gateway.networking.k8s.io";
const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const TCP_ROUTES = `tcproutes.${GROUP}`;
const MINE = { metadata: { namespace: "default", name: "mine" } };

describe("a step that takes CRDs away", function () {
  this.timeout(120_000);
  let api: FakeApi;
  afterEach(() => api.close());

  it("removes a CRD that holds nothing", async () => {
    api = await startFakeApi(cluster([]));
    const { exitCode, stdout } = await run("removeCrds", { TALOS_CILIUM_CRDS: TCP_ROUTES });
    assert.deepEqual([exitCode, stdout], [0, `${TCP_ROUTES}: removed`]);
    assert.deepEqual(writes(), [`DELETE ${CRDS}/${TCP_ROUTES}`]);
  });

  it("keeps a CRD in which somebody has made an object since the update began, and names it", async () => {
    api = await startFakeApi(cluster([MINE]));
    const { exitCode, stderr } = await run("removeCrds", { TALOS_CILIUM_CRDS: TCP_ROUTES });
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^CRDs are kept, .*\(tcproutes\..*: TCPRoute default\/mine\); save and delete/,
    );
    assert.deepEqual(writes(), []);
  });

  it("lets a destroy go on where nobody's objects would be lost", async () => {
    api = await startFakeApi(cluster([]));
    const { exitCode, stderr } = await run("guardDestroy", guarded(FAKE_UID));
    assert.deepEqual([exitCode, stderr], [0, ""]);
  });

  it("lets a destroy go on where the operator's work for a Gateway is still being collected", async () => {
    const ownerReferences = [{ apiVersion: `${GROUP}/v1`, kind: "Gateway", name: "mine" }];
    api = await startFakeApi(cluster([{ metadata: { ...MINE.metadata, ownerReferences } }]));
    const { exitCode, stderr } = await run("guardDestroy", guarded(FAKE_UID));
    assert.deepEqual([exitCode, stderr], [0, ""]);
  });

  it("lets a destroy go on where the Gateway API is off", async () => {
    api = await startFakeApi(cluster([MINE]));
    const { exitCode, stderr } = await run("guardDestroy", {
      ...guarded(FAKE_UID),
      TALOS_CILIUM_CRDS: "",
    });
    assert.deepEqual([exitCode, stderr], [0, ""]);
  });

  it("stops a destroy while somebody's objects would be lost, and names them", async () => {
    api = await startFakeApi(cluster([MINE]));
    const { exitCode, stderr } = await run("guardDestroy", guarded(FAKE_UID));
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^nothing was removed: .*\(TCPRoute default\/mine\); save and delete them/,
    );
  });

  it("stops a destroy on another cluster than the stack's", async () => {
    api = await startFakeApi(cluster([]));
    const { exitCode, stderr } = await run("guardDestroy", guarded("another"));
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /^nothing was removed: .* another cluster .*\(.*: 0f0f0f0f-.*, not another\)/,
    );
  });

  function run(step: StepName, variables: Record<string, string>) {
    const [node = "", ...args] = stepCommand(step).split(" ");
    const env = { KUBECONFIG: api.kubeconfig, ...variables };
    return execa(node, args, { cwd: PROJECT, env, reject: false });
  }

  function writes(): string[] {
    return api.requests.filter((request) => !request.startsWith("GET "));
  }
});

/** Answers of a cluster that serves TCPRoutes. */
function cluster(routes: readonly object[]): Record<string, object> {
  const spec = {
    group: GROUP,
    names: { kind: "TCPRoute", plural: "tcproutes" },
    versions: [{ name: "v1alpha2", storage: true, served: true }],
  };
  return {
    [CRDS]: { items: [{ metadata: { name: TCP_ROUTES }, spec }] },
    [`/apis/${GROUP}/v1alpha2/tcproutes`]: { items: routes },
  };
}

function guarded(uid: string): Record<string, string> {
  return {
    TALOS_CILIUM_CLUSTER_UID: uid,
    TALOS_CILIUM_CRDS: TCP_ROUTES,
    TALOS_CILIUM_OWN_OBJECTS: "[]",
  };
}

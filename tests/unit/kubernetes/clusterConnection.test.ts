import assert from "node:assert/strict";
import { CoreV1Api } from "@kubernetes/client-node";
import { describeError, loadCluster, retryTransient } from "../../../kubernetes/client";
import { execInPod } from "../../../kubernetes/execInPod";
import { isFinal } from "../../../kubernetes/isFinal";
import type { ClusterEntry, ExecPlugin, UserEntry } from "../../../kubernetes/kubeconfig";
import {
  API_HOST,
  ApiForTests,
  ProxyForTests,
  printToken,
  withEnvironment,
} from "../../support/apiForTests";

const NO_PROXIES = Object.fromEntries(
  ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"].map((name) => [
    name,
    undefined,
  ]),
);
const TARGET = { namespace: "kube-system", name: "cilium-1", container: "cilium-agent" };

describe("a connection to a cluster", function () {
  this.timeout(60_000);
  let api: ApiForTests;
  let proxy: ProxyForTests | undefined;
  let restore: () => void;

  beforeEach(async () => {
    restore = withEnvironment(NO_PROXIES);
    api = await ApiForTests.start();
  });
  afterEach(async () => {
    restore();
    await proxy?.stop();
    proxy = undefined;
    await api.stop();
  });

  const connection = (user: UserEntry, cluster?: ClusterEntry) =>
    loadCluster({ kubeconfig: api.kubeconfig(user, cluster) });
  const reader = (user: UserEntry, cluster?: ClusterEntry) => {
    const core = connection(user, cluster).makeApiClient(CoreV1Api);
    return () => core.readNamespace({ name: "kube-system" });
  };
  const refuseUnless = (token: string) => {
    const { answer } = api;
    api.answer = (request, response) => {
      if (request.headers.authorization === `Bearer ${token}`) answer(request, response);
      else response.writeHead(401).end("Unauthorized");
    };
  };
  const exec = (script: string, more: Partial<ExecPlugin> = {}): UserEntry => ({
    exec: { command: api.plugin(script), interactiveMode: "Never", ...more },
  });
  const tokens = () => api.requests.map(({ authorization }) => authorization);

  describe("whose credential comes from a plugin", () => {
    it("asks it once for all requests, those of execs, too, when the credential does not expire", async () => {
      const cluster = connection(exec(printToken("token-$n")));
      const core = cluster.makeApiClient(CoreV1Api);
      await Promise.all(Array.from({ length: 8 }, () => core.listNode()));
      assert.equal(await execInPod(cluster, TARGET, ["cilium-dbg"]), "done");
      assert.deepEqual(tokens(), Array(9).fill("Bearer token-1"));
      assert.equal(api.calls.length, 1);
    });

    it("asks it again only after its credential has expired", async () => {
      const at = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString();
      const read = reader(
        exec(
          `if [ "$n" = 1 ]; then ${printToken("token-$n", at(3000))}; else ${printToken("token-$n", at(3_600_000))}; fi`,
        ),
      );
      await read();
      await new Promise((later) => setTimeout(later, 3100));
      await read();
      await read();
      assert.equal(tokens().at(-1), "Bearer token-2");
      assert.equal(api.calls.length, 2);
    });

    it("asks it again once when the API server refuses the credential", async () => {
      refuseUnless("token-2");
      const read = reader(exec(printToken("token-$n")));
      await Promise.all([read(), read(), read()]);
      await read();
      assert.equal(api.calls.length, 2);
    });

    it("ends when the API server refuses the new credential as well", async () => {
      refuseUnless("another");
      const read = reader(exec(printToken("token-$n")));
      const message =
        /^Error: user test: the API server does not accept the credentials \(https:\/\/127\.0\.0\.1:\d+: HTTP 401\); log in again, or use another kubeconfig or context$/;
      await assert.rejects(retryTransient(read), message);
      await assert.rejects(retryTransient(read), message);
      assert.equal(api.calls.length, 2);
    });

    it("tells it of the cluster when it wants to know, and that nobody answers it", async () => {
      const extension = { audience: "prod" };
      const cluster = {
        "tls-server-name": API_HOST,
        extensions: [{ name: "client.authentication.k8s.io/exec", extension }],
      };
      await reader(exec(printToken("token"), { provideClusterInfo: true }), cluster)();
      const [{ spec } = { spec: undefined }] = api.calls;
      assert.equal(spec?.interactive, false);
      assert.deepEqual(spec?.cluster?.config, extension);
      assert.equal(spec?.cluster?.server, `https://127.0.0.1:${api.port}`);
      assert.equal(spec?.cluster?.["tls-server-name"], API_HOST);
      assert.match(String(spec?.cluster?.["certificate-authority-data"]), /^LS0t/);
    });

    it("tells it nothing of the cluster otherwise, and gives it the kubeconfig's variables", async () => {
      const env = [{ name: "TOKEN", value: "of-env" }];
      await reader(exec(printToken("$TOKEN"), { env }))();
      assert.equal(api.calls[0]?.spec.cluster, undefined);
      assert.deepEqual(tokens(), ["Bearer of-env"]);
    });

    it("does not ask it when the user has a token, too", async () => {
      await reader({ ...exec("exit 1"), token: "own" })();
      assert.deepEqual(tokens(), ["Bearer own"]);
    });

    const failures: [what: string, user: () => UserEntry, message: RegExp][] = [
      [
        "it fails",
        () => exec("echo 'error: get-token: no browser' >&2; exit 3"),
        /^Error: user test: the credential plugin \S+\/plugin gives no credential \(exit code 3: error: get-token: no browser\); log in with it/,
      ],
      [
        "it is not there",
        () => ({ exec: { command: "kubectl-no_such", installHint: "see\n  example.test" } }),
        /credential plugin kubectl-no_such gives no credential \(no such program\); install it \(see example\.test\)$/,
      ],
      [
        "it prints something else, which is not repeated",
        () => exec("echo secret"),
        /gives no credential \(it printed no ExecCredential with a token, or with a certificate and its key\)/,
      ],
      [
        "it wants to be answered, and there is no terminal",
        () => exec(printToken("token"), { interactiveMode: "Always" }),
        /gives no credential \(it wants to be answered, and there is no terminal\)/,
      ],
    ];
    for (const [what, user, message] of failures) {
      it(`ends at once when ${what}`, async () => {
        const read = reader(user());
        const began = performance.now();
        const errors = await Promise.all([1, 2, 3].map(() => retryTransient(read).catch(String)));
        for (const error of errors) assert.match(String(error), message);
        assert.ok(performance.now() - began < 10_000);
        assert.equal(api.requests.length, 0);
      });
    }

    it("asks one that fails once for all requests", async () => {
      const read = reader(exec("exit 1"));
      await Promise.allSettled([read(), read(), read()]);
      await assert.rejects(retryTransient(read), /exit code 1\)/);
      assert.equal(api.calls.length, 1);
    });
  });

  describe("whose user has a tokenFile", () => {
    it("reads the token", async () => {
      await reader({ tokenFile: api.write("token", "of-file") })();
      assert.deepEqual(tokens(), ["Bearer of-file"]);
    });
  });

  describe("that goes by a proxy", () => {
    it("asks the one of the kubeconfig, in execs, too", async () => {
      proxy = await ProxyForTests.start(api.port);
      const cluster = connection({}, { "proxy-url": proxy.url });
      await cluster.makeApiClient(CoreV1Api).readNamespace({ name: "kube-system" });
      assert.equal(await execInPod(cluster, TARGET, ["cilium-dbg"]), "done");
      assert.deepEqual(proxy.asked, Array(2).fill(`127.0.0.1:${api.port}`));
    });

    it("asks the one of the environment, in execs, too, unless NO_PROXY excludes the API server", async () => {
      proxy = await ProxyForTests.start(api.port);
      process.env.HTTPS_PROXY = proxy.url;
      const server = `https://${API_HOST}:6443`;
      const cluster = connection({}, { server });
      await cluster.makeApiClient(CoreV1Api).readNamespace({ name: "kube-system" });
      assert.equal(await execInPod(cluster, TARGET, ["cilium-dbg"]), "done");
      assert.deepEqual(proxy.asked, Array(2).fill(`${API_HOST}:6443`));
      process.env.NO_PROXY = ".cluster.test";
      await assert.rejects(reader({}, { server })(), /ENOTFOUND|EAI_AGAIN/);
      assert.equal(proxy.asked.length, 2);
    });

    it("ends at once when the proxy wants a login, and says so without the password", async () => {
      proxy = await ProxyForTests.start(api.port, 407);
      const url = proxy.url.replace("//", "//me:secret@");
      await assert.rejects(
        retryTransient(reader({}, { "proxy-url": url })),
        /^Error: https:\/\/127\.0\.0\.1:\d+: the proxy http:\/\/127\.0\.0\.1:\d+ does not connect to it \(HTTP 407\); see HTTPS_PROXY, NO_PROXY and the kubeconfig's proxy-url$/,
      );
      assert.equal(proxy.asked.length, 1);
    });

    it("takes a proxy that is at fault for something that passes", async () => {
      proxy = await ProxyForTests.start(api.port, 503);
      const error = await reader({}, { "proxy-url": proxy.url })().catch((failure) => failure);
      assert.match(error.message, /does not connect to it \(HTTP 503\)/);
      assert.equal(isFinal(error), false);
    });
  });

  describe("that fails", () => {
    it("gives up at once on 403, naming the right", async () => {
      const message = 'namespaces "kube-system" is forbidden: User "ci" cannot get';
      api.answer = (_request, response) => {
        response.writeHead(403, { "Content-Type": "application/json" });
        response.end(JSON.stringify({ kind: "Status", message }));
      };
      const error = await retryTransient(reader({})).catch((failure) => failure);
      assert.equal(
        describeError(error),
        `HTTP 403: ${message}; grant this right, or use credentials that have it`,
      );
      assert.equal(api.requests.length, 1);
    });

    it("gives up at once on an exec that is forbidden, naming the rights", async () => {
      api.execStatus = 403;
      const cluster = connection({});
      await assert.rejects(
        retryTransient(() => execInPod(cluster, TARGET, ["cilium-dbg"])),
        /^Error: kube-system\/cilium-1: cilium-dbg: HTTP 403; grant get and create on pods\/exec/,
      );
      assert.equal(api.requests.length, 1);
    });

    it("asks again while the API server is not ready", async () => {
      const { answer } = api;
      api.answer = (request, response) => {
        if (api.requests.length > 2) answer(request, response);
        else
          response
            .writeHead(api.requests.length === 1 ? 503 : 403)
            .end("not yet ready to handle request");
      };
      await retryTransient(reader({}));
      assert.equal(api.requests.length, 3);
    });

    it("gives up at once on a certificate that the kubeconfig does not trust", async () => {
      const error = await reader({}, { "certificate-authority-data": undefined as never })().catch(
        (failure) => failure,
      );
      assert.match(error.message, /self-signed certificate/);
      assert.ok(isFinal(error));
    });

    it("gives up at once on a file that the kubeconfig names and that is not there", async () => {
      const user = { "client-certificate": "/nowhere/tls.crt", "client-key": "/nowhere/tls.key" };
      const error = await reader(user)().catch((failure) => failure);
      assert.match(error.message, /no such file or directory, open '\/nowhere\/tls\.crt'/);
      assert.ok(isFinal(error));
    });
  });
});

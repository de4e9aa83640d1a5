import { request } from "node:https";
import type { Settings } from "../../config";
import type { State } from "../state";
import type { Toolchain } from "../toolchain/toolchain";
import { type Certificate, CertificateAuthority, signingKeys } from "./certificates";
import { writeKubeconfig } from "./kubeconfig";
import { ManagedProcess, type ProcessSpec } from "./managedProcess";
import { freePort } from "./ports";

/** Seconds that a process has until it answers; far more than it takes, since machines differ. */
const HEALTHY_SECONDS = 60;

/** Everything that a part of the control plane is started from. */
interface Context {
  readonly state: State;
  readonly toolchain: Toolchain;
  readonly settings: Settings;
  readonly authority: CertificateAuthority;
  /** The administrator, who also asks after everybody's health. */
  readonly admin: Certificate;
}

/** A control plane that runs. */
export interface ControlPlane {
  /** URL of the API, at KubePrism. */
  readonly server: string;
  /** Certificate of its authority, PEM. */
  readonly authority: string;
  /** URL of each API server, as KubePrism reaches it. */
  readonly apiServers: readonly string[];
}

/**
 * Starts etcd, one API server for each control plane of the settings, KubePrism in front of them, then the
 * controller-manager and the scheduler; returns when all of them are healthy.
 * @param started called with each process as it starts, healthy or not, so that it can be stopped.
 * @throws Error naming the process that ended early or did not get healthy.
 */
export async function startControlPlane(
  state: State,
  toolchain: Toolchain,
  settings: Settings,
  started: (process: ManagedProcess) => void,
): Promise<ControlPlane> {
  const authority = await CertificateAuthority.create(state);
  const admin = await authority.issue("admin", {
    commonName: "admin",
    organization: "system:masters",
  });
  const context = { state, toolchain, settings, authority, admin };
  const run = (spec: ProcessSpec) => {
    const process = new ManagedProcess(state, spec);
    started(process);
    return process;
  };

  const etcdPort = await freePort();
  const peerPort = await freePort();
  const controllerManagerPort = await freePort();
  const schedulerPort = await freePort();
  const apiPorts = await Promise.all(settings.nodes.controlPlanes.map(freePort));
  const etcdUrl = `https://127.0.0.1:${etcdPort}`;
  const apiServers = apiPorts.map((port) => `https://127.0.0.1:${port}`);
  const server = `https://localhost:${settings.kubePrism.port}`;

  const etcd = run(await etcdSpec(context, etcdUrl, `https://127.0.0.1:${peerPort}`));
  await etcd.healthy(() => answers(context, `${etcdUrl}/health`), HEALTHY_SECONDS);

  const specs = await apiServerSpecs(context, etcdUrl, apiPorts);
  await Promise.all(
    specs.map((spec, index) =>
      run(spec).healthy(() => answers(context, `${apiServers[index]}/readyz`), HEALTHY_SECONDS),
    ),
  );

  const kubePrism = run(kubePrismSpec(context, apiPorts));
  await kubePrism.healthy(() => answers(context, `${server}/readyz`), HEALTHY_SECONDS);

  writeKubeconfig(state.kubeconfig, {
    server,
    authority: authority.own.certificate,
    user: admin,
  });

  const controllerManager = run(
    await controllerManagerSpec(context, server, controllerManagerPort),
  );
  const scheduler = run(await schedulerSpec(context, server, schedulerPort));
  await Promise.all([
    controllerManager.healthy(
      () => answers(context, `https://127.0.0.1:${controllerManagerPort}/healthz`),
      HEALTHY_SECONDS,
    ),
    scheduler.healthy(
      () => answers(context, `https://127.0.0.1:${schedulerPort}/healthz`),
      HEALTHY_SECONDS,
    ),
  ]);
  return { server, authority: authority.own.certificate, apiServers };
}

async function etcdSpec(
  { state, toolchain, authority }: Context,
  url: string,
  peerUrl: string,
): Promise<ProcessSpec> {
  const tls = await authority.issue("etcd", { commonName: "etcd", hosts: ["127.0.0.1"] });
  return {
    name: "etcd",
    program: toolchain.etcd,
    args: [
      `--data-dir=${state.path("etcd")}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      // Others on this machine can reach the port, so it asks for a certificate.
      "--client-cert-auth",
      `--trusted-ca-file=${authority.own.certificateFile}`,
      `--cert-file=${tls.certificateFile}`,
      `--key-file=${tls.keyFile}`,
      "--peer-client-cert-auth",
      `--peer-trusted-ca-file=${authority.own.certificateFile}`,
      `--peer-cert-file=${tls.certificateFile}`,
      `--peer-key-file=${tls.keyFile}`,
      // A lab's data need not outlive a power failure.
      "--unsafe-no-fsync",
    ],
  };
}

async function apiServerSpecs(
  { state, toolchain, settings, authority }: Context,
  etcdUrl: string,
  ports: readonly number[],
): Promise<ProcessSpec[]> {
  const { privateFile, publicFile } = await signingKeys(state);
  const tls = await authority.issue("kube-apiserver", {
    commonName: "kube-apiserver",
    hosts: ["localhost", "127.0.0.1", "::1", ...settings.nodes.controlPlanes],
  });
  return ports.map((port, index) => ({
    name: `kube-apiserver-${index + 1}`,
    program: toolchain["kube-apiserver"],
    args: [
      `--etcd-servers=${etcdUrl}`,
      `--etcd-cafile=${authority.own.certificateFile}`,
      `--etcd-certfile=${tls.certificateFile}`,
      `--etcd-keyfile=${tls.keyFile}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${port}`,
      `--advertise-address=${settings.nodes.controlPlanes[index]}`,
      `--tls-cert-file=${tls.certificateFile}`,
      `--tls-private-key-file=${tls.keyFile}`,
      `--client-ca-file=${authority.own.certificateFile}`,
      `--service-cluster-ip-range=${settings.network.serviceCidrs.join(",")}`,
      "--authorization-mode=RBAC",
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${publicFile}`,
      `--service-account-signing-key-file=${privateFile}`,
      // The nodes' addresses exist on paper only, so nothing may be told to connect to them.
      "--endpoint-reconciler-type=none",
      // A stopping server ends at once; its clients go to another one.
      "--shutdown-delay-duration=0s",
      // The agent is privileged, on Talos as here.
      "--allow-privileged",
      `--cert-dir=${state.path("pki", "self-signed")}`,
    ],
  }));
}

function kubePrismSpec({ toolchain, settings }: Context, ports: readonly number[]): ProcessSpec {
  return {
    name: "kubeprism",
    program: toolchain.kubeprism,
    args: [
      `--listen=localhost:${settings.kubePrism.port}`,
      `--upstreams=${ports.map((port) => `127.0.0.1:${port}`).join(",")}`,
    ],
  };
}

async function controllerManagerSpec(
  context: Context,
  server: string,
  port: number,
): Promise<ProcessSpec> {
  const { state, toolchain, settings, authority } = context;
  return {
    name: "kube-controller-manager",
    program: toolchain["kube-controller-manager"],
    args: [
      ...(await componentArgs(context, "kube-controller-manager", server, port)),
      "--allocate-node-cidrs",
      `--cluster-cidr=${settings.network.podCidrs.join(",")}`,
      `--service-cluster-ip-range=${settings.network.serviceCidrs.join(",")}`,
      "--use-service-account-credentials",
      `--service-account-private-key-file=${state.path("pki", "service-account.key")}`,
      `--root-ca-file=${authority.own.certificateFile}`,
      `--cluster-signing-cert-file=${authority.own.certificateFile}`,
      `--cluster-signing-key-file=${authority.own.keyFile}`,
    ],
  };
}

async function schedulerSpec(context: Context, server: string, port: number): Promise<ProcessSpec> {
  return {
    name: "kube-scheduler",
    program: context.toolchain["kube-scheduler"],
    args: await componentArgs(context, "kube-scheduler", server, port),
  };
}

/** What controller-manager and scheduler have in common: each is a user of its own, as in a real cluster. */
async function componentArgs(
  { state, authority }: Context,
  name: string,
  server: string,
  port: number,
): Promise<string[]> {
  const user = await authority.issue(name, {
    commonName: `system:${name}`,
    hosts: ["127.0.0.1"],
  });
  const kubeconfig = writeKubeconfig(state.path("pki", `${name}.kubeconfig`), {
    server,
    authority: authority.own.certificate,
    user,
  });
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    `--tls-cert-file=${user.certificateFile}`,
    `--tls-private-key-file=${user.keyFile}`,
    "--leader-elect=false",
  ];
}

/** Asks a URL as the administrator; rejects unless the answer is 200. */
function answers({ authority, admin }: Context, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      {
        ca: authority.own.certificate,
        cert: admin.certificate,
        key: admin.key,
        timeout: 2000,
        agent: false,
      },
      (response) => {
        response.resume();
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${url}: HTTP ${response.statusCode}`));
      },
    );
    asked.on("timeout", () => asked.destroy(new Error(`${url}: no answer within 2 s`)));
    asked.on("error", reject);
    asked.end();
  });
}

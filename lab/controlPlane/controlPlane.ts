import { request } from "node:https";
import type { Settings } from "../../config";
import type { State } from "../labFolder";
import { ManagedProcess, type ProcessSpec } from "../process/managedProcess";
import { run } from "../process/namespace";
import { freePort } from "../process/ports";
import type { Toolchain } from "../toolchain/toolchain";
import { type Certificate, CertificateAuthority, signingKeys } from "./certificates";
import { clusterServices } from "./clusterServices";
import { writeKubeconfig } from "./kubeconfig";

/** Seconds that a process has until it answers; far more than it takes, since machines differ. */
const HEALTHY_SECONDS = 60;

/** Where a part of the control plane is. */
export interface Place {
  /** Address that it listens at and is reached by. */
  readonly address: string;
  /** Its port; a free one when it is not given. */
  readonly port?: number;
  /** Command line that runs what follows it there; empty: right here. */
  readonly enter: readonly string[];
}

/** Where the parts of the control plane are. */
export interface Places {
  /** etcd. */
  readonly etcd: Place;
  /** The API servers, one for each control plane. */
  readonly apiServers: readonly Place[];
  /** Command line that runs what follows it where KubePrism reaches the API servers. It listens right here. */
  readonly enterKubePrism: readonly string[];
}

/** All of the control plane on this host's loopback interface. */
export function onLoopback({ nodes }: Settings): Places {
  const place = { address: "127.0.0.1", enter: [] };
  return { etcd: place, apiServers: nodes.controlPlanes.map(() => place), enterKubePrism: [] };
}

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
 * @param places where they are.
 * @param started called with each process as it starts, healthy or not, so that it can be stopped.
 * @throws Error naming the process that ended early or did not get healthy.
 */
export async function startControlPlane(
  state: State,
  toolchain: Toolchain,
  settings: Settings,
  places: Places,
  started: (process: ManagedProcess) => void,
): Promise<ControlPlane> {
  const authority = await CertificateAuthority.create(state);
  const admin = await authority.issue("admin", {
    commonName: "admin",
    organization: "system:masters",
  });
  const context = { state, toolchain, settings, authority, admin };
  const launch = (spec: ProcessSpec) => {
    const process = new ManagedProcess(state, spec);
    started(process);
    return process;
  };

  const controllerManagerPort = await freePort();
  const schedulerPort = await freePort();
  const url = async ({ address, port }: Place) =>
    `https://${address}:${port ?? (await freePort())}`;
  const etcdUrl = await url(places.etcd);
  const apiServers = await Promise.all(places.apiServers.map(url));
  const server = `https://localhost:${settings.kubePrism.port}`;

  const etcd = launch(await etcdSpec(context, places.etcd, etcdUrl));
  await etcd.healthy(() => answers(context, `${etcdUrl}/health`, places.etcd), HEALTHY_SECONDS);

  const specs = await apiServerSpecs(context, etcdUrl, places.apiServers, apiServers);
  await Promise.all(
    specs.map((spec, index) =>
      launch(spec).healthy(
        () => answers(context, `${apiServers[index]}/readyz`, places.apiServers[index]),
        HEALTHY_SECONDS,
      ),
    ),
  );

  const kubePrism = launch(kubePrismSpec(context, apiServers, places.enterKubePrism));
  await kubePrism.healthy(() => answers(context, `${server}/readyz`), HEALTHY_SECONDS);

  writeKubeconfig(state.kubeconfig, {
    server,
    lan: isOnLan(places.apiServers) ? apiServers[0] : undefined,
    authority: authority.own.certificate,
    user: admin,
  });

  const controllerManager = launch(
    await controllerManagerSpec(context, server, controllerManagerPort),
  );
  const scheduler = launch(await schedulerSpec(context, server, schedulerPort));
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

/** Whether there is a LAN, with the API servers on it. */
function isOnLan(apiServers: readonly Place[]): boolean {
  return apiServers.every(({ enter }) => enter.length > 0);
}

/** A process that is started at a place. */
function at({ enter }: Pick<Place, "enter">, spec: ProcessSpec): ProcessSpec {
  const [program = "", ...args] = [...enter, spec.program, ...spec.args];
  return { ...spec, program, args };
}

async function etcdSpec(
  { state, toolchain, authority }: Context,
  place: Place,
  url: string,
): Promise<ProcessSpec> {
  const hosts = ["127.0.0.1", place.address];
  const tls = await authority.issue("etcd", { commonName: "etcd", hosts });
  const peerUrl = `https://127.0.0.1:${await freePort()}`;
  return at(place, {
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
  });
}

async function apiServerSpecs(
  { state, toolchain, settings, authority }: Context,
  etcdUrl: string,
  places: readonly Place[],
  urls: readonly string[],
): Promise<ProcessSpec[]> {
  const { privateFile, publicFile } = await signingKeys(state);
  const tls = await authority.issue("kube-apiserver", {
    commonName: "kube-apiserver",
    hosts: [
      ...["localhost", "127.0.0.1", "::1", ...settings.nodes.controlPlanes],
      // What pods call it.
      ...[clusterServices(settings).api, "kubernetes.default.svc", "kubernetes.default"],
    ],
  });
  const { controlPlanes, workers } = settings.nodes;
  await authority.issue("kubelet", {
    commonName: "kubelet",
    hosts: [...controlPlanes, ...workers, "127.0.0.1"],
  });
  const spec = (place: Place, index: number): ProcessSpec => ({
    name: `kube-apiserver-${index + 1}`,
    program: toolchain["kube-apiserver"],
    args: [
      `--etcd-servers=${etcdUrl}`,
      `--etcd-cafile=${authority.own.certificateFile}`,
      `--etcd-certfile=${tls.certificateFile}`,
      `--etcd-keyfile=${tls.keyFile}`,
      `--bind-address=${place.address}`,
      `--secure-port=${portOf(urls[index])}`,
      `--advertise-address=${settings.nodes.controlPlanes[index]}`,
      `--tls-cert-file=${tls.certificateFile}`,
      `--tls-private-key-file=${tls.keyFile}`,
      `--client-ca-file=${authority.own.certificateFile}`,
      `--service-cluster-ip-range=${settings.network.serviceCidrs.join(",")}`,
      "--authorization-mode=RBAC",
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${publicFile}`,
      `--service-account-signing-key-file=${privateFile}`,
      // The lab's nodes have no ExternalIP; those of tests that play many kubelets on this host have.
      "--kubelet-preferred-address-types=ExternalIP,InternalIP",
      `--kubelet-certificate-authority=${authority.own.certificateFile}`,
      `--kubelet-client-certificate=${tls.certificateFile}`,
      `--kubelet-client-key=${tls.keyFile}`,
      // Without a network the nodes' addresses exist on paper only, and nothing may be told to connect to them.
      `--endpoint-reconciler-type=${isOnLan(places) ? "lease" : "none"}`,
      // A stopping server ends at once; its clients go to another one.
      "--shutdown-delay-duration=0s",
      // The agent is privileged, on Talos as here.
      "--allow-privileged",
      `--cert-dir=${state.path("pki", "self-signed")}`,
    ],
  });
  return places.map((place, index) => at(place, spec(place, index)));
}

function portOf(url = ""): string {
  return new URL(url).port;
}

function kubePrismSpec(
  { toolchain, settings }: Context,
  apiServers: readonly string[],
  enter: readonly string[],
): ProcessSpec {
  return at(
    { enter },
    {
      name: "kubeprism",
      program: toolchain.kubeprism,
      args: [
        `--listen=localhost:${settings.kubePrism.port}`,
        ...(enter.length > 0 ? [`--listen-netns=/proc/${process.pid}/ns/net`] : []),
        `--upstreams=${apiServers.map((url) => new URL(url).host).join(",")}`,
      ],
    },
  );
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

/** Asks a URL as the administrator, from where it is reached; rejects unless the answer is 200. */
function answers({ authority, admin }: Context, url: string, place?: Place): Promise<void> {
  if (place !== undefined && place.enter.length > 0) {
    const credentials = ["--cert", admin.certificateFile, "--key", admin.keyFile];
    const asked = ["curl", "-sSf", "-m", "2", "--cacert", authority.own.certificateFile];
    return run([...place.enter, ...asked, ...credentials, url]).then(() => undefined);
  }
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

import { request } from "node:https";
import type { Settings } from "../../config";
import type { LabFolder } from "../labFolder";
import { ManagedProcess, type ProcessSpec } from "../process/managedProcess";
import { freePort } from "../process/ports";
import { type CommandPrefix, run } from "../process/run";
import type { Toolchain } from "../toolchain/toolchain";
import { type Certificate, CertificateAuthority, createSigningKeys } from "./certificates";
import { clusterServices } from "./clusterServices";
import { writeKubeconfig } from "./kubeconfig";

/** Seconds that a process may take until it answers; far more than it needs, as machines differ. */
const HEALTHY_SECONDS = 300;

/** Seconds that one health check may take. */
const ANSWER_SECONDS = 20;

/** Where a part of the control plane runs. */
interface Place {
  /** Address that it listens at and is reached by. */
  readonly address: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly prefix: CommandPrefix;
}

/** Where the parts of the control plane run. */
export interface Places {
  readonly etcd: Place;
  /** One for each control plane. */
  readonly apiServers: readonly Place[];
  /** KubePrism runs where it reaches the API servers, and listens right here. */
  readonly kubePrismPrefix: CommandPrefix;
}

/** The whole control plane on this host's loopback interface. */
export function onLoopback({ nodes }: Settings): Places {
  const place = { address: "127.0.0.1", prefix: [] };
  return { etcd: place, apiServers: nodes.controlPlanes.map(() => place), kubePrismPrefix: [] };
}

interface Context {
  readonly labFolder: LabFolder;
  readonly toolchain: Toolchain;
  readonly settings: Settings;
  readonly authority: CertificateAuthority;
  /** Also used by the health checks. */
  readonly admin: Certificate;
}

/** A control plane that runs. */
interface ControlPlane {
  /** URL of KubePrism. */
  readonly server: string;
  /** Certificate of the authority, PEM. */
  readonly authority: string;
}

/**
 * Starts etcd, one API server for each control plane of the settings, KubePrism in front of them, then the
 * controller-manager and the scheduler. Returns when all are healthy.
 * @param onStart called with each process as it starts, healthy or not, so that it can be stopped.
 * @throws Error naming the process that ended early or did not become healthy.
 */
export async function startControlPlane(
  labFolder: LabFolder,
  toolchain: Toolchain,
  settings: Settings,
  places: Places,
  onStart: (process: ManagedProcess) => void,
): Promise<ControlPlane> {
  const authority = await CertificateAuthority.create(labFolder);
  const admin = await authority.issue("admin", {
    commonName: "admin",
    organization: "system:masters",
  });
  const context = { labFolder, toolchain, settings, authority, admin };
  const launch = (spec: ProcessSpec) => {
    const process = new ManagedProcess(labFolder, spec);
    onStart(process);
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

  const kubePrism = launch(kubePrismSpec(context, apiServers, places.kubePrismPrefix));
  await kubePrism.healthy(() => answers(context, `${server}/readyz`), HEALTHY_SECONDS);

  writeKubeconfig(labFolder.kubeconfig, {
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
  return { server, authority: authority.own.certificate };
}

function isOnLan(apiServers: readonly Place[]): boolean {
  return apiServers.every(({ prefix }) => prefix.length > 0);
}

function withPrefix(prefix: CommandPrefix, spec: ProcessSpec): ProcessSpec {
  const [program = "", ...args] = [...prefix, spec.program, ...spec.args];
  return { ...spec, program, args };
}

async function etcdSpec(
  { labFolder, toolchain, authority }: Context,
  place: Place,
  url: string,
): Promise<ProcessSpec> {
  const hosts = ["127.0.0.1", place.address];
  const tls = await authority.issue("etcd", { commonName: "etcd", hosts });
  const peerUrl = `https://127.0.0.1:${await freePort()}`;
  return withPrefix(place.prefix, {
    name: "etcd",
    program: toolchain.etcd,
    args: [
      `--data-dir=${labFolder.join("etcd")}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      // Other users of this machine can reach the port, so clients need a certificate.
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
  { labFolder, toolchain, settings, authority }: Context,
  etcdUrl: string,
  places: readonly Place[],
  urls: readonly string[],
): Promise<ProcessSpec[]> {
  const { privateFile, publicFile } = await createSigningKeys(labFolder);
  const tls = await authority.issue("kube-apiserver", {
    commonName: "kube-apiserver",
    hosts: [
      ...["localhost", "127.0.0.1", "::1", ...settings.nodes.controlPlanes],
      // Names that pods use.
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
      // Nodes of the lab have no ExternalIP. A test that runs many kubelets on this host uses it.
      "--kubelet-preferred-address-types=ExternalIP,InternalIP",
      `--kubelet-certificate-authority=${authority.own.certificateFile}`,
      `--kubelet-client-certificate=${tls.certificateFile}`,
      `--kubelet-client-key=${tls.keyFile}`,
      // Simulated nodes have addresses that nothing may connect to.
      `--endpoint-reconciler-type=${isOnLan(places) ? "lease" : "none"}`,
      // A server that stops ends at once; its clients use another one.
      "--shutdown-delay-duration=0s",
      // Cilium's agent is privileged.
      "--allow-privileged",
      `--cert-dir=${labFolder.join("pki", "self-signed")}`,
    ],
  });
  return places.map((place, index) => withPrefix(place.prefix, spec(place, index)));
}

function portOf(url = ""): string {
  return new URL(url).port;
}

function kubePrismSpec(
  { toolchain, settings }: Context,
  apiServers: readonly string[],
  prefix: CommandPrefix,
): ProcessSpec {
  return withPrefix(prefix, {
    name: "kubeprism",
    program: toolchain.kubeprism,
    args: [
      `--listen=localhost:${settings.kubePrism.port}`,
      ...(prefix.length > 0 ? [`--listen-netns=/proc/${process.pid}/ns/net`] : []),
      `--upstreams=${apiServers.map((url) => new URL(url).host).join(",")}`,
    ],
  });
}

async function controllerManagerSpec(
  context: Context,
  server: string,
  port: number,
): Promise<ProcessSpec> {
  const { labFolder, toolchain, settings, authority } = context;
  return {
    name: "kube-controller-manager",
    program: toolchain["kube-controller-manager"],
    args: [
      ...(await componentArgs(context, "kube-controller-manager", server, port)),
      "--allocate-node-cidrs",
      `--cluster-cidr=${settings.network.podCidrs.join(",")}`,
      `--service-cluster-ip-range=${settings.network.serviceCidrs.join(",")}`,
      "--use-service-account-credentials",
      `--service-account-private-key-file=${labFolder.join("pki", "service-account.key")}`,
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

/** Arguments that controller-manager and scheduler share. Each is a user of its own, as in a real cluster. */
async function componentArgs(
  { labFolder, authority }: Context,
  name: string,
  server: string,
  port: number,
): Promise<string[]> {
  const user = await authority.issue(name, {
    commonName: `system:${name}`,
    hosts: ["127.0.0.1"],
  });
  const kubeconfig = writeKubeconfig(labFolder.join("pki", `${name}.kubeconfig`), {
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

/** Requests a URL as the administrator, from the place that reaches it; rejects unless the answer is 200. */
function answers({ authority, admin }: Context, url: string, place?: Place): Promise<void> {
  if (place !== undefined && place.prefix.length > 0) {
    const credentials = ["--cert", admin.certificateFile, "--key", admin.keyFile];
    const curl = ["curl", "-sSf", "-m", String(ANSWER_SECONDS)];
    const command = [...curl, "--cacert", authority.own.certificateFile, ...credentials, url];
    return run([...place.prefix, ...command]).then(() => undefined);
  }
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        ca: authority.own.certificate,
        cert: admin.certificate,
        key: admin.key,
        timeout: 1000 * ANSWER_SECONDS,
        agent: false,
      },
      (response) => {
        response.resume();
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${url}: HTTP ${response.statusCode}`));
      },
    );
    outgoing.on("timeout", () => {
      outgoing.destroy(new Error(`${url}: no answer within ${ANSWER_SECONDS} s`));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

import * as pulumi from "@pulumi/pulumi";
import { Bgp } from "./components/bgp";
import { checkCluster } from "./components/checkCluster";
import { Cilium } from "./components/cilium";
import { CiliumCrdGate } from "./components/ciliumCrdGate";
import { ClusterIdentity } from "./components/clusterIdentity";
import { clusterProvider } from "./components/clusterProvider";
import { DestroyGuard } from "./components/destroyGuard";
import { GatewayApiCrds } from "./components/gatewayApiCrds";
import { LoadBalancing } from "./components/loadBalancing";
import { replacementOf } from "./components/replacement";
import { Verification } from "./components/verification";
import { ciliumApiVersion, ciliumCrds, ciliumValues, ownObjects, talosPatch } from "./config";
import { stackSettings } from "./config/pulumiConfig";
import { checkChartValues } from "./sources/chart";
import { loadGatewayApiBundle } from "./sources/gatewayApiBundle";

// A function, so that the engine can run it more than once in a process (lab/, tests/).
export = async () => {
  // Error hooks, replacement triggers and the look at the state need this one; an older CLI would fail half-way.
  await pulumi.runtime.requirePulumiVersion(">=3.246.0");
  const settings = await stackSettings();
  const { cluster, gatewayApi, cilium, loadBalancing, bgp } = settings;
  await checkChartValues(cilium.chart, cilium.values);
  const bundle = await loadGatewayApiBundle(gatewayApi);
  const bundleCrds = bundle.crds.map(({ metadata }) => metadata.name);
  const checked = await checkCluster(settings, bundleCrds);
  const { uid: clusterUid, madeAnew, droppedCrds } = checked;

  const access = { kubeconfig: cluster.kubeconfig, context: cluster.context };
  // What is installed anew is replaced, which protection forbids; the guard stays, and so does what is retained.
  const protect = cilium.protect && !madeAnew;
  const retained = cilium.protect || cilium.retainOnDelete;
  const replacement = replacementOf(checked.replacementTrigger, madeAnew);
  const provider = clusterProvider("cluster", cluster);
  new ClusterIdentity("cluster-identity", { uid: clusterUid, madeAnew, retained });

  const crdsArgs = {
    ...gatewayApi,
    bundle,
    droppedCrds,
    protect,
    retainOnDelete: retained,
    replacement,
    access,
    provider,
  };
  const crds = new GatewayApiCrds("gateway-api", crdsArgs);
  const values = ciliumValues(settings, bundle.digest);
  const releaseArgs = { ...cilium, protect, retained, values, replacement, access, provider };
  const release = new Cilium("cilium", releaseArgs, { dependsOn: [crds] });
  const gateArgs = { version: cilium.version, clusterUid, crds: ciliumCrds(settings), access };
  const gate = new CiliumCrdGate("cilium-crds", gateArgs, { dependsOn: [release] });

  const { retainOnDelete } = cilium;
  const kinds = { apiVersion: ciliumApiVersion(settings), retainOnDelete, replacement, provider };
  const balancingArgs = { ...loadBalancing, ...kinds };
  const balancing = new LoadBalancing("load-balancing", balancingArgs, { dependsOn: [gate] });
  const all: pulumi.Resource[] = [balancing];
  if (bgp.peers.length > 0) all.push(new Bgp("bgp", { ...bgp, ...kinds }, { dependsOn: [gate] }));
  const own = ownObjects(settings);
  const guardArgs = { ...cilium, gatewayApiCrds: bundleCrds, own, access };
  new DestroyGuard("destroy-guard", guardArgs, { dependsOn: all });
  const verified = { settings, of: [release.status, balancing.generations], clusterUid, access };
  const { report: verification } = new Verification("verification", verified, { dependsOn: all });

  const patch = talosPatch(settings);
  const { pools } = balancing;
  return { clusterUid, crds: crds.digest, cilium: release.status, pools, talosPatch: patch, verification };
};

import * as pulumi from "@pulumi/pulumi";
import { Bgp } from "./components/bgp";
import { Cilium } from "./components/cilium";
import { CiliumCrdGate } from "./components/ciliumCrdGate";
import { ClusterIdentity } from "./components/clusterIdentity";
import { clusterProvider } from "./components/clusterProvider";
import { CrdRemoval } from "./components/crdRemoval";
import { DestroyGuard } from "./components/destroyGuard";
import { GatewayApiCrds } from "./components/gatewayApiCrds";
import { LoadBalancing } from "./components/loadBalancing";
import { replacementOf } from "./components/replacement";
import { Verification } from "./components/verification";
import {
  ciliumApiVersion,
  ciliumCrds,
  ciliumValues,
  gatewayApiOf,
  ownObjects,
  talosPatch,
} from "./config";
import { stackSettings } from "./config/pulumiConfig";
import { checkCluster } from "./preflight/checkCluster";
import { checkChartValues } from "./sources/chart";
import { loadGatewayApiBundle } from "./sources/gatewayApiBundle";

// A function, so that the engine can run it more than once in a process (lab/, tests/).
export = async () => {
  // Error hooks, replacement triggers and the look at the state need it; an older CLI would fail half-way.
  await pulumi.runtime.requirePulumiVersion(">=3.246.0");
  const settings = await stackSettings();
  const { cluster, cilium, loadBalancing, bgp } = settings;
  const gatewayApi = gatewayApiOf(settings);
  await checkChartValues(cilium.chart, cilium.values);
  const bundle = gatewayApi && (await loadGatewayApiBundle(gatewayApi));
  const bundleCrds = bundle?.crds.map(({ metadata }) => metadata.name) ?? [];
  const { clusterUid, madeAnew, trigger, earlierPools } = await checkCluster(settings, bundleCrds);

  const location = { kubeconfig: cluster.kubeconfig, context: cluster.context };
  const provider = clusterProvider("cluster", cluster);
  // In a cluster made anew all of it is replaced, which protection would forbid; the guard stays protected.
  const protect = cilium.protect && !madeAnew;
  // What is protected the engine never deletes, not even in the place of what replaces it.
  const retained = cilium.protect || cilium.retainOnDelete;
  const replacement = replacementOf(trigger, madeAnew);
  new ClusterIdentity("cluster-identity", {
    uid: clusterUid,
    madeAnew,
    retained,
    podCidrs: settings.network.podCidrs,
  });

  const gatewayApiCrds =
    bundle &&
    new GatewayApiCrds(
      "gateway-api",
      {
        bundle,
        adopt: gatewayApi.adopt,
        protect,
        retainOnDelete: cilium.retainOnDelete,
        retainCrds: retained,
        replacement,
      },
      { providers: [provider] },
    );

  const { removeCrds } = settings.gatewayApi;
  const removal = (dependsOn: pulumi.Resource[]): pulumi.Resource[] =>
    removeCrds.length === 0
      ? []
      : [new CrdRemoval("gateway-api-removal", { crds: removeCrds, location }, { dependsOn })];
  // Cilium looks for the CRDs at its start, so those that go are gone by then; of all of them it lets go first.
  const installed = gatewayApiCrds ? [gatewayApiCrds, ...removal([gatewayApiCrds])] : [];

  const release = new Cilium(
    "cilium",
    {
      version: cilium.version,
      chart: cilium.chart,
      repository: cilium.repository,
      timeout: cilium.timeout,
      values: ciliumValues(settings, bundle?.digest),
      protect,
      retainOnDelete: cilium.retainOnDelete,
      retainRelease: retained,
      replacement,
      location,
    },
    { providers: [provider], dependsOn: installed },
  );
  if (!gatewayApiCrds) removal([release]);

  const gate = new CiliumCrdGate(
    "cilium-crds",
    { version: cilium.version, clusterUid, crds: ciliumCrds(settings), location },
    { dependsOn: [release] },
  );

  const balancing = new LoadBalancing(
    "load-balancing",
    {
      pools: loadBalancing.pools,
      earlierPools,
      policies: loadBalancing.policies,
      apiVersion: ciliumApiVersion(settings),
      retainOnDelete: cilium.retainOnDelete,
      replacement,
    },
    { providers: [provider], dependsOn: [gate] },
  );
  const announcing: pulumi.Resource[] = [balancing];

  if (bgp.peers.length > 0) {
    announcing.push(
      new Bgp(
        "bgp",
        {
          bgp,
          apiVersion: ciliumApiVersion(settings),
          retainOnDelete: cilium.retainOnDelete,
          replacement,
        },
        { providers: [provider], dependsOn: [gate] },
      ),
    );
  }

  new DestroyGuard(
    "destroy-guard",
    {
      protect: cilium.protect,
      retainOnDelete: cilium.retainOnDelete,
      clusterUid,
      gatewayApiCrds: bundleCrds,
      ownObjects: ownObjects(settings),
      location,
    },
    { dependsOn: announcing },
  );

  const verification = new Verification(
    "verification",
    { settings, triggers: [clusterUid ?? "", release.status, balancing.generations], location },
    { dependsOn: announcing },
  );

  return {
    clusterUid,
    crds: gatewayApiCrds?.digest ?? "none (gatewayApi is off)",
    cilium: release.status,
    pools: balancing.pools,
    talosPatch: talosPatch(settings),
    verification: verification.report,
  };
};

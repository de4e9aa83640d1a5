import * as pulumi from "@pulumi/pulumi";
import { Bgp } from "./components/bgp";
import { Cilium } from "./components/cilium";
import { CiliumCrdGate } from "./components/ciliumCrdGate";
import { clusterProvider } from "./components/clusterProvider";
import { DestroyGuard } from "./components/destroyGuard";
import { GatewayApiCrds } from "./components/gatewayApiCrds";
import { LoadBalancing } from "./components/loadBalancing";
import { Verification } from "./components/verification";
import { ciliumApiVersion, ciliumCrds, ciliumValues, talosPatch } from "./config";
import { stackSettings } from "./config/pulumiConfig";
import { checkChartValues } from "./sources/chart";
import { loadGatewayApiBundle } from "./sources/gatewayApiBundle";

// A function, so that the engine can run it more than once in a process (lab/, tests/).
export = async () => {
  // An older CLI knows no error hooks, and would fail half-way.
  await pulumi.runtime.requirePulumiVersion(">=3.246.0");
  const settings = await stackSettings();
  const { cluster, gatewayApi, cilium, loadBalancing, bgp } = settings;
  await checkChartValues(cilium.chart, cilium.values);
  const bundle = await loadGatewayApiBundle(gatewayApi);

  const location = { kubeconfig: cluster.kubeconfig, context: cluster.context };
  const provider = clusterProvider("cluster", cluster);

  const gatewayApiCrds = new GatewayApiCrds(
    "gateway-api",
    {
      bundle,
      adopt: gatewayApi.adopt,
      protect: cilium.protect,
      retainOnDelete: cilium.protect || cilium.retainOnDelete,
    },
    { providers: [provider] },
  );

  const release = new Cilium(
    "cilium",
    {
      version: cilium.version,
      chart: cilium.chart,
      repository: cilium.repository,
      timeout: cilium.timeout,
      values: ciliumValues(settings, bundle.digest),
      protect: cilium.protect,
      retainOnDelete: cilium.retainOnDelete,
      location,
    },
    { providers: [provider], dependsOn: [gatewayApiCrds] },
  );

  const gate = new CiliumCrdGate(
    "cilium-crds",
    { version: cilium.version, crds: ciliumCrds(settings), location },
    { dependsOn: [release] },
  );

  const balancing = new LoadBalancing(
    "load-balancing",
    {
      pools: loadBalancing.pools,
      policies: loadBalancing.policies,
      apiVersion: ciliumApiVersion(settings),
      retainOnDelete: cilium.retainOnDelete,
    },
    { providers: [provider], dependsOn: [gate] },
  );
  const announcing: pulumi.Resource[] = [balancing];

  if (bgp.peers.length > 0) {
    announcing.push(
      new Bgp(
        "bgp",
        {
          localAsn: bgp.localAsn,
          peers: bgp.peers,
          nodeSelector: bgp.nodeSelector,
          advertise: bgp.advertise,
          holdTime: bgp.holdTime,
          keepAlive: bgp.keepAlive,
          apiVersion: ciliumApiVersion(settings),
          retainOnDelete: cilium.retainOnDelete,
        },
        { providers: [provider], dependsOn: [gate] },
      ),
    );
  }

  new DestroyGuard("destroy-guard", { protect: cilium.protect }, { dependsOn: announcing });

  const verification = new Verification(
    "verification",
    { settings, triggers: [release.status, balancing.generations], location },
    { dependsOn: announcing },
  );

  return {
    crds: gatewayApiCrds.digest,
    cilium: release.status,
    pools: balancing.pools,
    talosPatch: talosPatch(settings),
    verification: verification.report,
  };
};

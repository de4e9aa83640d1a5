import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Bgp } from "./components/bgp";
import { Cilium } from "./components/cilium";
import { CiliumCrdGate } from "./components/ciliumCrdGate";
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
  const settings = await stackSettings();
  const { cluster, gatewayApi, cilium, loadBalancing, bgp } = settings;
  await checkChartValues(cilium.chart, cilium.values);
  const bundle = await loadGatewayApiBundle(gatewayApi);

  // The identifier keeps a renewed kubeconfig from replacing the provider, and with it everything it made.
  const access = { kubeconfig: cluster.kubeconfig, context: cluster.context };
  const provider = new k8s.Provider("cluster", { ...access, clusterIdentifier: cluster.name });
  const crds = new GatewayApiCrds("gateway-api", { ...cilium, ...gatewayApi, bundle, provider });
  const values = ciliumValues(settings, bundle.digest);
  const releaseArgs = { ...cilium, values, access, provider };
  const release = new Cilium("cilium", releaseArgs, { dependsOn: [crds] });
  const gateArgs = { version: cilium.version, crds: ciliumCrds(settings), access };
  const gate = new CiliumCrdGate("cilium-crds", gateArgs, { dependsOn: [release] });

  const kinds = { apiVersion: ciliumApiVersion(settings), provider };
  const balancingArgs = { ...loadBalancing, ...kinds };
  const balancing = new LoadBalancing("load-balancing", balancingArgs, { dependsOn: [gate] });
  const all: pulumi.Resource[] = [balancing];
  if (bgp.peers.length > 0) all.push(new Bgp("bgp", { ...bgp, ...kinds }, { dependsOn: [gate] }));
  new DestroyGuard("destroy-guard", cilium, { dependsOn: all });
  const verified = { settings, of: [release.status, balancing.generations], access };
  const { report: verification } = new Verification("verification", verified, { dependsOn: all });

  const patch = talosPatch(settings);
  const { pools } = balancing;
  return { crds: crds.digest, cilium: release.status, pools, talosPatch: patch, verification };
};

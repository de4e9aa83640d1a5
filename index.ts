import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Cilium } from "./components/cilium";
import { CiliumCrdGate } from "./components/ciliumCrdGate";
import { ciliumValues } from "./components/ciliumValues";
import { loadGatewayApiBundle } from "./components/gatewayApiBundle";
import { GatewayApiCrds } from "./components/gatewayApiCrds";
import { LoadBalancing } from "./components/loadBalancing";
import { poolApiVersion, readSettings } from "./config";

// A function, so that the engine can run it more than once in a process (lab/, tests/).
export = async () => {
  const settings = readSettings(new pulumi.Config());
  const { kubeconfig, context } = settings.cluster;
  const access = { kubeconfig, context };
  const bundle = await loadGatewayApiBundle(settings.gatewayApi);

  // The identifier keeps a renewed kubeconfig from replacing the provider, and with it everything it made.
  const clusterIdentifier = settings.cluster.name;
  const provider = new k8s.Provider("cluster", { kubeconfig, context, clusterIdentifier });

  const gatewayApi = new GatewayApiCrds("gateway-api", { bundle, provider });

  const values = ciliumValues(settings, bundle.digest);
  const ciliumArgs = { ...settings.cilium, values, access, provider };
  const cilium = new Cilium("cilium", ciliumArgs, { dependsOn: [gatewayApi] });

  const gateArgs = { ciliumVersion: settings.cilium.version, access };
  const gate = new CiliumCrdGate("cilium-crds", gateArgs, { dependsOn: [cilium] });

  const { pool, policy } = settings.loadBalancing;
  const poolArgs = { pool, poolApiVersion: poolApiVersion(settings), ...policy, provider };
  const loadBalancing = new LoadBalancing("load-balancing", poolArgs, { dependsOn: [gate] });

  const { digest } = gatewayApi;
  return { gatewayApiDigest: digest, cilium: cilium.status, pool: loadBalancing.pool };
};

import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Cilium } from "../../../components/cilium";
import { GatewayApiCrds } from "../../../components/gatewayApiCrds";
import { LoadBalancing } from "../../../components/loadBalancing";
import { ciliumApiVersion, gatewayApiOf, readSettings } from "../../../config";
import { ciliumValues } from "../../../config/derived/ciliumValues";
import { loadGatewayApiBundle } from "../../../sources/gatewayApiBundle";

/** The first part of index.ts: the Gateway API's CRDs and the Release, and nothing after them. */
async function crdsAndRelease() {
  const settings = readSettings(new pulumi.Config());
  const { kubeconfig, context } = settings.cluster;
  const gatewayApi = gatewayApiOf(settings);
  if (gatewayApi === undefined) throw new Error("the lab's stack has the Gateway API");
  const bundle = await loadGatewayApiBundle(gatewayApi);
  const provider = new k8s.Provider("cluster", { kubeconfig, context });
  const location = { kubeconfig, context };
  const kept = { protect: false, retainOnDelete: false, replacement: {}, location };
  const gatewayApiCrds = new GatewayApiCrds(
    "gateway-api",
    { ...gatewayApi, ...kept, bundle, retainCrds: false },
    { providers: [provider] },
  );
  const values = ciliumValues(settings, bundle.digest);
  const cilium = new Cilium(
    "cilium",
    { ...settings.cilium, ...kept, retainRelease: false, values },
    { providers: [provider], dependsOn: [gatewayApiCrds] },
  );
  return { settings, provider, cilium };
}

/** Program of the Gateway API's CRDs and the Release alone. */
export async function programWithoutPool(): Promise<Record<string, unknown>> {
  await crdsAndRelease();
  return {};
}

/** index.ts without CiliumCrdGate: pool and policy depend on the Release alone. */
export async function programWithoutGate(): Promise<Record<string, unknown>> {
  const { settings, provider, cilium } = await crdsAndRelease();
  new LoadBalancing(
    "load-balancing",
    {
      ...settings.loadBalancing,
      earlierPools: [],
      apiVersion: ciliumApiVersion(settings),
      retainOnDelete: false,
      replacement: {},
    },
    { providers: [provider], dependsOn: [cilium] },
  );
  return {};
}

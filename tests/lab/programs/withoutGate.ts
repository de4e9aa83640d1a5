import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Cilium } from "../../../components/cilium";
import { ciliumValues } from "../../../components/ciliumValues";
import { loadGatewayApiBundle } from "../../../components/gatewayApiBundle";
import { GatewayApiCrds } from "../../../components/gatewayApiCrds";
import { LoadBalancing } from "../../../components/loadBalancing";
import { poolApiVersion, readSettings } from "../../../config";

/** index.ts without CiliumCrdGate: pool and policy depend on the Release alone. */
export async function programWithoutGate(): Promise<Record<string, unknown>> {
  const settings = readSettings(new pulumi.Config());
  const { kubeconfig, context } = settings.cluster;
  const access = { kubeconfig, context };
  const bundle = await loadGatewayApiBundle(settings.gatewayApi);
  const provider = new k8s.Provider("cluster", { kubeconfig, context });
  const gatewayApi = new GatewayApiCrds("gateway-api", { bundle, provider });
  const values = ciliumValues(settings, bundle.digest);
  const cilium = new Cilium(
    "cilium",
    { ...settings.cilium, values, access, provider },
    { dependsOn: [gatewayApi] },
  );
  const { pool, policy } = settings.loadBalancing;
  new LoadBalancing(
    "load-balancing",
    { pool, poolApiVersion: poolApiVersion(settings), ...policy, provider },
    { dependsOn: [cilium] },
  );
  return {};
}

import { conditionIsTrue } from "../../kubernetes/conditions";
import type { ClusterFacts } from "../facts/facts";
import { type Check, notApplicable, verdict } from "./check";

/** Groups of the Gateway API's kinds. */
const GROUPS = /^gateway\.networking\.(x-)?k8s\.io$/;

/** Definitions without which Cilium's operator leaves its gateway controller off (Cilium, gateway-api, prerequisites). */
const REQUIRED = ["gatewayclasses", "gateways", "httproutes", "grpcroutes", "referencegrants"];

/** Annotations in which the definitions say which release they are of. */
const BUNDLE = "gateway.networking.k8s.io/bundle-version";
const CHANNEL = "gateway.networking.k8s.io/channel";

function gatewayApiCrds({ crds }: ClusterFacts) {
  return crds.filter(({ spec }) => GROUPS.test(spec.group));
}

/** The definitions are of the release and channel that the stack names, and the API server serves them. */
export const gatewayApiDefinitions: Check = {
  name: "gateway-api-crds",
  title: "the Gateway API's CRDs have the version asked for and are Established",
  judge: (facts, { gatewayApi }) => {
    const found = gatewayApiCrds(facts);
    const expected = `${gatewayApi.version} ${gatewayApi.channel}, Established`;
    const next = "run pulumi up --refresh; with gatewayApi.adopt: true if another tool made them";
    const missing = REQUIRED.filter(
      (plural) => !found.some(({ spec }) => spec.names.plural === plural),
    ).map((plural) => ({ seen: `no definition of ${plural}`, expected, next }));
    const wrong = found.flatMap(({ metadata, status }) => {
      const version = metadata?.annotations?.[BUNDLE];
      const channel = metadata?.annotations?.[CHANNEL];
      const established = conditionIsTrue(status?.conditions, "Established");
      if (version === gatewayApi.version && channel === gatewayApi.channel && established)
        return [];
      const state = established ? "" : ", not Established";
      return [{ seen: `${metadata?.name} is of ${version} ${channel}${state}`, expected, next }];
    });
    return verdict([...missing, ...wrong], `${found.length} of ${expected}`);
  },
};

/** Cilium's gateway controller is on: it looks for the definitions once, at the operator's start. */
export const gatewayClassAccepted: Check = {
  name: "gateway-class",
  title: "Cilium's operator accepts its GatewayClass",
  needs: ["gateway-api-crds"],
  judge: ({ gatewayClasses, configMap }) => {
    if (configMap?.data?.["enable-gateway-api"] !== "true") {
      return notApplicable("the Gateway API is off in cilium-config");
    }
    const own = gatewayClasses.find(
      ({ spec }) => spec?.controllerName === "io.cilium/gateway-controller",
    );
    const accepted = own?.status?.conditions?.find(({ type }) => type === "Accepted");
    const next =
      "the operator looked for the CRDs before they were there: kubectl -n kube-system rollout restart deployment/cilium-operator";
    const expected = "GatewayClass cilium with Accepted=True";
    if (own === undefined) {
      return verdict(
        [{ seen: "no GatewayClass of io.cilium/gateway-controller", expected, next }],
        "",
      );
    }
    const seen = `GatewayClass ${own.metadata?.name}: Accepted=${accepted?.status ?? "not said"} (${accepted?.message ?? "no condition"})`;
    return verdict(
      accepted?.status === "True" ? [] : [{ seen, expected, next }],
      `GatewayClass ${own.metadata?.name}: Accepted`,
    );
  },
};

import { gatewayApiOf } from "../../config";
import { conditionIsTrue, findCondition } from "../../kubernetes/conditions";
import { gatewayApiCrds, releaseAndChannel } from "../facts/gatewayApiRelease";
import { defineCheck, failed, notApplicable, passed, passedUnless } from "./check";

/** Without these CRDs Cilium's operator leaves its gateway controller off (Cilium, gateway-api, prerequisites). */
const REQUIRED = ["gatewayclasses", "gateways", "httproutes", "grpcroutes", "referencegrants"];

export const gatewayApiRelease = defineCheck({
  name: "gateway-api-crds",
  title: "the Gateway API CRDs are those of the configured release and channel, and Established",
  judge: (facts, settings) => {
    const gatewayApi = gatewayApiOf(settings);
    if (gatewayApi === undefined) return notApplicable("the stack has no Gateway API");
    const crds = gatewayApiCrds(facts);
    const release = `${gatewayApi.version} ${gatewayApi.channel}`;
    const expected = `${release}, Established`;
    const next =
      "run pulumi up --refresh; if another tool installed the CRDs, set gatewayApi.adopt: true first";
    const missing = REQUIRED.filter(
      (plural) => !crds.some(({ spec }) => spec.names.plural === plural),
    ).map((plural) => ({ seen: `no CRD of ${plural}`, expected, next }));
    const wrong = crds.flatMap((crd) => {
      const established = conditionIsTrue(crd.status?.conditions, "Established");
      const own = releaseAndChannel(crd);
      if (own === release && established) return [];
      const seen = `CRD ${crd.metadata?.name}: ${own}${established ? "" : ", not Established"}`;
      return [{ seen, expected, next }];
    });
    return passedUnless([...missing, ...wrong], `${crds.length} of ${expected}`);
  },
});

/** Cilium's operator looks for the CRDs once, at its start; without them its gateway controller stays off. */
export const gatewayClassAccepted = defineCheck({
  name: "gateway-class",
  title: "Cilium's operator has accepted its GatewayClass",
  needs: [gatewayApiRelease],
  judge: ({ gatewayClasses, configMap }) => {
    if (configMap?.data?.["enable-gateway-api"] !== "true") {
      return notApplicable("the Gateway API is off in cilium-config");
    }
    const own = gatewayClasses.find(
      ({ spec }) => spec?.controllerName === "io.cilium/gateway-controller",
    );
    const expected = "GatewayClass cilium with Accepted=True";
    const next =
      "the operator started before the CRDs existed; restart it: kubectl -n kube-system rollout restart deployment/cilium-operator";
    if (own === undefined) {
      return failed({ seen: "no GatewayClass of io.cilium/gateway-controller", expected, next });
    }
    const { status = "absent", message = "no condition" } =
      findCondition(own.status?.conditions, "Accepted") ?? {};
    const name = `GatewayClass ${own.metadata?.name}`;
    return status === "True"
      ? passed(`${name}: Accepted`)
      : failed({ seen: `${name}: Accepted=${status} (${message})`, expected, next });
  },
});

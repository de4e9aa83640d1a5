import { VIRTUAL_IP_OBJECTS } from "../../config";
import { ciliumDaemonSet, type Facts, isStackRelease } from "../facts/facts";
import { defineCheck, type Finding, passedUnless } from "./check";

/** Field managers that are known to apply a cluster's manifests, and the tool behind each. */
const OTHER_MANAGERS: readonly (readonly [manager: RegExp, tool: string])[] = [
  [/^talos$/, "Talos (inlineManifests or extraManifests of the machine config)"],
  [/^omni/, "Omni (manifests of its cluster template)"],
  [/^kustomize-controller$/, "Flux (a Kustomization)"],
  [/^helm-controller$/, "Flux (a HelmRelease)"],
  [/^argocd/, "Argo CD"],
  [/^cilium-cli$/, "the cilium command"],
  [/^helm$/, "the helm command"],
  // A restart of the agents changes nothing of them.
  [/^kubectl(?!-rollout$)/, "the kubectl command"],
  [/^terraform|^OpenTofu/i, "Terraform or OpenTofu"],
];

/** DaemonSets of other networks and of kube-proxy, as Talos and others name them, and how to remove each. */
const OTHER_DAEMON_SETS: Readonly<Record<string, string>> = {
  "kube-flannel": "set cluster.network.cni.name: none in Talos' machine config",
  "kube-flannel-ds": "set cluster.network.cni.name: none in Talos' machine config",
  "calico-node": "remove Calico",
  canal: "remove Canal",
  "kube-proxy": "set cluster.proxy.disabled: true in Talos' machine config",
};

export const singleManager = defineCheck({
  name: "single-manager",
  title: "no other tool manages Cilium, and no other network or kube-proxy is installed",
  judge: (facts) =>
    passedUnless(
      [...otherReleases(facts), ...otherManagers(facts), ...otherNetworks(facts)],
      "Pulumi only",
    ),
});

function otherReleases({ releases }: Facts): Finding[] {
  return releases
    .filter((release) => !isStackRelease(release))
    .map(({ name, namespace, chart }) => ({
      seen: `a second Helm release of ${chart}: ${namespace}/${name}`,
      expected: "kube-system/cilium only",
      next: `find out who installed it, then make Helm forget it without removing anything: kubectl -n ${namespace} delete secret -l owner=helm,name=${name}`,
    }));
}

function otherManagers(facts: Facts): Finding[] {
  const objects = [
    ["DaemonSet cilium", ciliumDaemonSet(facts)] as const,
    ["ConfigMap cilium-config", facts.configMap] as const,
    ["Deployment cilium-operator", facts.operator] as const,
  ];
  return objects.flatMap(([object, found]) =>
    (found?.metadata?.managedFields ?? [])
      // Controllers write the status.
      .filter(({ subresource }) => subresource === undefined)
      .flatMap(({ manager = "", time }) => {
        const tool = OTHER_MANAGERS.find(([pattern]) => pattern.test(manager))?.[1];
        return tool === undefined
          ? []
          : [
              {
                seen: `${object} has fields that ${manager} manages, which is ${tool}, since ${time?.toISOString()}`,
                expected: "fields that Pulumi's provider manages only",
                next: `remove Cilium from that tool, then have Pulumi make the object anew: kubectl -n kube-system delete ${object.toLowerCase().replace(" ", "/")}, and pulumi up --refresh`,
              },
            ];
      }),
  );
}

function otherNetworks({ daemonSets }: Facts): Finding[] {
  return daemonSets.flatMap(({ metadata }) => {
    const fix = OTHER_DAEMON_SETS[metadata?.name ?? ""];
    return fix === undefined
      ? []
      : [
          {
            seen: `DaemonSet ${metadata?.namespace}/${metadata?.name} exists`,
            expected: "no network but Cilium",
            next: `${fix}; then kubectl -n ${metadata?.namespace} delete daemonset ${metadata?.name}`,
          },
        ];
  });
}

/** With a virtual IP, Cilium's way to the Kubernetes API would depend on the network that Cilium makes. */
export const noVirtualAddress = defineCheck({
  name: "no-virtual-address",
  title: "no virtual IP of the Kubernetes API is left over",
  judge: ({ services, pools, policies }) => {
    const objectsOfKind = {
      Service: services,
      CiliumLoadBalancerIPPool: pools,
      CiliumL2AnnouncementPolicy: policies,
    };
    const findings = VIRTUAL_IP_OBJECTS.flatMap(({ kind, name }) =>
      objectsOfKind[kind]
        .filter(({ metadata }) => metadata?.name === name)
        .map(({ metadata }) => ({
          seen: `${kind} ${name} exists`,
          expected: "KubePrism only",
          next: `kubectl delete ${kind.toLowerCase()} ${name}${metadata?.namespace === undefined ? "" : ` -n ${metadata.namespace}`}`,
        })),
    );
    return passedUnless(findings, "none of its three objects");
  },
});

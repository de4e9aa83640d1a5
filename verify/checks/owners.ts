import { ciliumDaemonSet, type Facts, NAMESPACE } from "../facts/facts";
import { type Check, type Finding, verdict } from "./check";

/** What once gave control planes a virtual address, in the setup that KubePrism replaced. */
const LEGACY = [
  ["Service", "kube-apiserver-vip", ({ services }: Facts) => services],
  ["CiliumLoadBalancerIPPool", "vip-pool", ({ pools }: Facts) => pools],
  ["CiliumL2AnnouncementPolicy", "control-plane-l2-policy", ({ policies }: Facts) => policies],
] as const;

/** Nothing is left of a virtual address for the API: pods' way to it would depend on the pods' network. */
export const noVirtualAddress: Check = {
  name: "no-virtual-address",
  title: "nothing is left of a virtual address for the Kubernetes API",
  judge: (facts) =>
    verdict(
      LEGACY.flatMap(([kind, name, of]) =>
        of(facts)
          .filter(({ metadata }) => metadata?.name === name)
          .map(({ metadata }) => ({
            seen: `${kind} ${name} is there`,
            expected: "KubePrism alone",
            next: `kubectl delete ${kind.toLowerCase()} ${name}${metadata?.namespace === undefined ? "" : ` -n ${metadata.namespace}`}`,
          })),
      ),
      "none of its three objects",
    ),
};

/** Field managers that are known to apply manifests of a cluster, and whose they are. */
const OTHER_OWNERS: readonly (readonly [manager: RegExp, owner: string])[] = [
  [/^talos$/, "Talos (inlineManifests or extraManifests of the machine config)"],
  [/^omni/, "Omni (its cluster template's manifests)"],
  [/^kustomize-controller$/, "Flux (a Kustomization)"],
  [/^helm-controller$/, "Flux (a HelmRelease)"],
  [/^argocd/, "Argo CD"],
  [/^cilium-cli$/, "the cilium command"],
  [/^helm$/, "Helm from a command line"],
  // A restart of the agents is no change of them.
  [/^kubectl(?!-rollout$)/, "somebody's kubectl"],
  [/^terraform|^OpenTofu/i, "Terraform or OpenTofu"],
];

/** Nobody else installs Cilium, nor another network, on the same cluster. */
export const oneOwner: Check = {
  name: "one-owner",
  title: "nothing else installs or changes Cilium, or another network",
  judge: (facts) =>
    verdict([...otherReleases(facts), ...otherManagers(facts), ...otherNetworks(facts)], "Pulumi"),
};

function otherReleases({ releases }: Facts): Finding[] {
  return releases
    .filter(({ name, namespace }) => !(name === "cilium" && namespace === NAMESPACE))
    .map(({ name, namespace, chart }) => ({
      seen: `a second Helm release of ${chart}: ${namespace}/${name}`,
      expected: "one, kube-system/cilium",
      next: `find who made it, and let Helm forget it without removing anything: kubectl -n ${namespace} delete secret -l owner=helm,name=${name}`,
    }));
}

function otherManagers(facts: Facts): Finding[] {
  const objects = [
    ["DaemonSet cilium", ciliumDaemonSet(facts)] as const,
    ["ConfigMap cilium-config", facts.configMap] as const,
    ["Deployment cilium-operator", facts.operator] as const,
  ];
  return objects.flatMap(([what, object]) =>
    (object?.metadata?.managedFields ?? [])
      // A status is the controllers' business.
      .filter(({ subresource }) => subresource === undefined)
      .flatMap(({ manager = "", time }) => {
        const owner = OTHER_OWNERS.find(([pattern]) => pattern.test(manager))?.[1];
        return owner === undefined
          ? []
          : [
              {
                seen: `${what} has fields of ${manager}, which is ${owner}, since ${time?.toISOString()}`,
                expected: "fields of Pulumi's provider alone",
                next: `take Cilium out of there, then give the fields back: kubectl -n kube-system delete ${what.toLowerCase().replace(" ", "/")}, and pulumi up --refresh`,
              },
            ];
      }),
  );
}

/** DaemonSets of other networks and of kube-proxy, as Talos and others name them. */
function otherNetworks({ daemonSets }: Facts): Finding[] {
  const OTHER: Readonly<Record<string, string>> = {
    "kube-flannel": "cluster.network.cni.name: none",
    "kube-flannel-ds": "cluster.network.cni.name: none",
    "calico-node": "remove Calico",
    canal: "remove Canal",
    "kube-proxy": "cluster.proxy.disabled: true",
  };
  return daemonSets.flatMap(({ metadata }) => {
    const fix = OTHER[metadata?.name ?? ""];
    return fix === undefined
      ? []
      : [
          {
            seen: `DaemonSet ${metadata?.namespace}/${metadata?.name} is there`,
            expected: "Cilium alone",
            next: `in Talos' machine config: ${fix}; then kubectl -n ${metadata?.namespace} delete daemonset ${metadata?.name}`,
          },
        ];
  });
}

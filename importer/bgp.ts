import { isDeepStrictEqual } from "node:util";
import { omitBy } from "es-toolkit/object/omitBy";
import { isUndefined } from "es-toolkit/predicate/isUndefined";
import { LINUX_NODES, schema, valueAt } from "../config";
import type { Change, Missing } from "./importReport";
import { readSelector } from "./poolsAndPolicies";
import { asTree, asTrees, removeAt, showValue, type Tree } from "./tree";

/** A manifest of one of Cilium's BGP kinds. */
export interface BgpManifest {
  readonly kind: string;
  readonly manifest: Tree;
  /** Kind, name and file, for a report. */
  readonly what: string;
}

/** What BGP manifests say, in the form of the configuration. */
export interface ImportedBgp {
  /** The key bgp; undefined where no manifest has a peer. */
  readonly bgp: Tree | undefined;
  readonly changes: readonly Change[];
  readonly missing: readonly Missing[];
}

/** One session, as either generation of the kinds describes it; an absent field has Cilium's default. */
interface Session {
  readonly localAsn: unknown;
  readonly nodeSelector: unknown;
  readonly peer: Tree;
  readonly timing: Tree;
}

/** What is advertised. */
interface Advertised {
  readonly type: string;
  readonly selector: unknown;
  readonly localPreference: unknown;
}

/** Cilium's own numbers (CiliumBGPPeerConfig); a session without graceful restart has none. */
const DEFAULTS: Tree = {
  holdTime: 90,
  keepAlive: 30,
  connectRetry: 120,
  gracefulRestart: false,
  restartTime: 120,
  families: ["ipv4", "ipv6"],
};

/** What a stack without these keys does. */
const OF_STACK: Tree = { ...DEFAULTS, gracefulRestart: true };

/** Kinds that Cilium's operator makes of the others. */
const MADE_BY_CILIUM = ["CiliumBGPNodeConfig"];

/** Reads BGP manifests: those of Cilium 1.16 and later, and CiliumBGPPeeringPolicy of earlier ones. */
export function importBgp(manifests: readonly BgpManifest[]): ImportedBgp {
  const lost: Change[] = [];
  const lose = (what: string, why: string) => {
    // Peers that share a configuration lose the same.
    if (lost.some((other) => other.what === what && other.why === why)) return;
    lost.push({ harm: "Services and Gateways", what, why });
  };
  const of = (kind: string) => manifests.filter((each) => each.kind === kind);

  const sessions = [
    ...of("CiliumBGPClusterConfig").flatMap((config) =>
      clusterConfig(config, of("CiliumBGPPeerConfig"), lose),
    ),
    ...of("CiliumBGPPeeringPolicy").flatMap((policy) => peeringPolicy(policy, lose)),
  ];
  const advertised = [
    ...of("CiliumBGPAdvertisement").flatMap((each) => advertisement(each, lose)),
    ...of("CiliumBGPPeeringPolicy").flatMap((each) => advertisedByPolicy(each, lose)),
  ];
  for (const { kind, what } of manifests) {
    if (MADE_BY_CILIUM.includes(kind)) lose(what, "Cilium's operator makes it");
    else if (kind === "CiliumBGPNodeConfigOverride")
      lose(
        what,
        "bgp has no key for what single nodes have of their own; write its manifest beside the stack",
      );
  }
  // Without a session that uses them, settings of sessions are lost.
  if (sessions.length === 0) {
    for (const { what, manifest } of of("CiliumBGPPeerConfig")) {
      const fields = Object.entries(peerConfigFields(manifest, what, lose))
        .filter(([, value]) => value !== undefined)
        .map(([field]) => field);
      const name = valueAt(manifest, "metadata.name");
      const isUsed = of("CiliumBGPClusterConfig").some(({ manifest: config }) =>
        peersOf(config).some((peer) => valueAt(peer, "peerConfigRef.name") === name),
      );
      const why = isUsed
        ? "its peer was not carried over"
        : "no CiliumBGPClusterConfig among the files uses it";
      lose(what, `${why} (${fields.join(", ")})`);
    }
    const any = manifests.length > 0;
    return {
      bgp: undefined,
      changes: lost,
      missing: any
        ? [
            {
              path: "bgp.peers",
              why: "there are BGP manifests, but none has a peer; give the CiliumBGPClusterConfig, too, or write bgp.localAsn and bgp.peers",
            },
          ]
        : [],
    };
  }

  const [first] = sessions as [Session];
  const kept = sessions.filter(
    (session) =>
      isDeepStrictEqual(session.localAsn, first.localAsn) &&
      isDeepStrictEqual(session.nodeSelector, first.nodeSelector),
  );
  for (const { peer, localAsn, nodeSelector } of sessions.filter((each) => !kept.includes(each))) {
    lose(
      `BGP session with ${peer.address}, of AS ${showValue(localAsn)} on ${showValue(nodeSelector ?? "all nodes")}`,
      "bgp has one AS number and one nodeSelector; keep its manifests beside the stack, for nodes that bgp.nodeSelector leaves out",
    );
  }

  const common = Object.keys(DEFAULTS).filter((key) =>
    kept.every(({ timing }) => isDeepStrictEqual(timing[key], first.timing[key])),
  );
  const isWorthWriting = (key: string, value: unknown) => !isDeepStrictEqual(value, OF_STACK[key]);
  const bgp: Tree = withoutUndefined({
    localAsn: first.localAsn,
    peers: kept.map(({ peer, timing }) => ({
      ...peer,
      ...Object.fromEntries(Object.entries(timing).filter(([key]) => !common.includes(key))),
    })),
    ...Object.fromEntries(
      common
        .map((key) => [key, first.timing[key]] as const)
        .filter(([key, value]) => isWorthWriting(key, value)),
    ),
    nodeSelector:
      first.nodeSelector === undefined || isDeepStrictEqual(first.nodeSelector, LINUX_NODES)
        ? undefined
        : first.nodeSelector,
    ...advertise(advertised, lose),
  });
  dropUnknownKeys(bgp, lose);
  const names = manifests
    .filter(({ kind }) => !MADE_BY_CILIUM.includes(kind))
    .map(({ kind, manifest }) => `${kind} ${valueAt(manifest, "metadata.name")}`);
  return {
    bgp,
    missing: [],
    changes: [
      ...lost,
      {
        harm: "Services and Gateways",
        what: names.join(", "),
        why: "the stack makes objects of its own from the key bgp (nodes, routers, services), which select the same nodes; delete the old ones when the first update has run",
      },
    ],
  };
}

type Lose = (what: string, why: string) => void;

function clusterConfig(
  { manifest, what }: BgpManifest,
  peerConfigs: readonly BgpManifest[],
  lose: Lose,
): Session[] {
  const spec = asTree(manifest.spec);
  return asTrees(spec.bgpInstances).flatMap((instance) => {
    if (instance.localPort !== undefined) {
      lose(
        `${what}: localPort (${showValue(instance.localPort)})`,
        "bgp has no key for it: the nodes do not listen",
      );
    }
    return asTrees(instance.peers).flatMap((peer) => {
      const name = String(peer.name ?? "");
      if (peer.peerAddress === undefined) {
        lose(
          `${what}: peer ${name}`,
          "it has no address (autoDiscovery); bgp.peers needs the router's",
        );
        return [];
      }
      const ref = valueAt(peer, "peerConfigRef.name");
      const config = peerConfigs.find(
        ({ manifest: other }) => valueAt(other, "metadata.name") === ref,
      );
      if (ref !== undefined && config === undefined) {
        lose(
          `${what}: peer ${name}`,
          `its CiliumBGPPeerConfig ${ref} is not among the files: timers, password and families are lost`,
        );
      }
      const { port, multihop, passwordSecret, ...timing } =
        config === undefined ? DEFAULTS : peerConfigFields(config.manifest, config.what, lose);
      return [
        {
          localAsn: instance.localASN,
          nodeSelector: readSelector(spec.nodeSelector),
          peer: withoutUndefined({
            name: asName(name),
            address: peer.peerAddress,
            asn: peer.peerASN,
            port,
            multihop,
            passwordSecret,
          }),
          timing,
        },
      ];
    });
  });
}

function peerConfigFields(manifest: Tree, what: string, lose: Lose): Tree {
  const spec = asTree(manifest.spec);
  const timers = asTree(spec.timers);
  const restart = asTree(spec.gracefulRestart);
  const transport = asTree(spec.transport);
  for (const field of ["localPort", "sourceInterface"]) {
    if (transport[field] !== undefined) {
      lose(`${what}: transport.${field} (${showValue(transport[field])})`, "bgp has no key for it");
    }
  }
  const families = asTrees(spec.families);
  for (const { afi, safi } of families.filter(
    ({ safi }) => safi !== undefined && safi !== "unicast",
  )) {
    lose(
      `${what}: family ${showValue(afi)} ${showValue(safi)}`,
      "bgp.families are those of unicast",
    );
  }
  return sessionFields({
    port: transport.peerPort,
    multihop: spec.ebgpMultihop,
    passwordSecret: spec.authSecretRef,
    holdTime: timers.holdTimeSeconds,
    keepAlive: timers.keepAliveTimeSeconds,
    connectRetry: timers.connectRetryTimeSeconds,
    gracefulRestart: restart.enabled,
    restartTime: restart.restartTimeSeconds,
    families: families.length > 0 ? families.map(({ afi }) => afi) : undefined,
  });
}

function peeringPolicy({ manifest, what }: BgpManifest, lose: Lose): Session[] {
  const spec = asTree(manifest.spec);
  return asTrees(spec.virtualRouters).flatMap((router) =>
    asTrees(router.neighbors).map((neighbor, index) => {
      const restart = asTree(neighbor.gracefulRestart);
      const { port, multihop, passwordSecret, ...timing } = sessionFields({
        port: neighbor.peerPort,
        multihop: neighbor.eBGPMultihopTTL,
        passwordSecret: neighbor.authSecretRef,
        holdTime: neighbor.holdTimeSeconds,
        keepAlive: neighbor.keepAliveTimeSeconds,
        connectRetry: neighbor.connectRetryTimeSeconds,
        gracefulRestart: restart.enabled,
        restartTime: restart.restartTimeSeconds,
        families: Array.isArray(neighbor.families)
          ? asTrees(neighbor.families).map(({ afi }) => afi)
          : undefined,
      });
      if (neighbor.advertisedPathAttributes !== undefined) {
        lose(
          `${what}: advertisedPathAttributes of ${neighbor.peerAddress}`,
          "bgp has keys for localPreference only, for all routes alike",
        );
      }
      return {
        localAsn: router.localASN,
        nodeSelector: readSelector(spec.nodeSelector),
        peer: withoutUndefined({
          name: `router-${index + 1}`,
          // The old kind has a CIDR of one address.
          address: String(neighbor.peerAddress).replace(/\/(32|128)$/, ""),
          asn: neighbor.peerASN,
          port,
          multihop,
          passwordSecret,
        }),
        timing,
      };
    }),
  );
}

/** With Cilium's defaults for the timing, and without what a session does without. */
function sessionFields({ port, multihop, passwordSecret, ...timing }: Tree): Tree {
  const complete = { ...DEFAULTS, ...withoutUndefined(timing) };
  return {
    port: port === 179 ? undefined : port,
    // 0 and 1 are both off.
    multihop: multihop === 0 || multihop === 1 ? undefined : multihop,
    passwordSecret,
    ...complete,
    // Without graceful restart its time means nothing.
    restartTime: complete.gracefulRestart === true ? complete.restartTime : DEFAULTS.restartTime,
  };
}

function peersOf(clusterConfig: Tree): Tree[] {
  return asTrees(valueAt(clusterConfig, "spec.bgpInstances")).flatMap(({ peers }) =>
    asTrees(peers),
  );
}

function advertisement({ manifest, what }: BgpManifest, lose: Lose): Advertised[] {
  return asTrees(asTree(manifest.spec).advertisements).flatMap((each) => {
    const { advertisementType: type, attributes } = each;
    const { communities, localPreference } = asTree(attributes);
    if (communities !== undefined) {
      lose(
        `${what}: attributes.communities (${showValue(communities)})`,
        "bgp has no key for communities",
      );
    }
    const service = asTree(each.service);
    for (const field of Object.keys(service).filter((field) => field !== "addresses")) {
      lose(`${what}: service.${field} (${showValue(service[field])})`, "bgp has no key for it");
    }
    if (type === "PodCIDR") return [{ type: "PodCIDR", selector: undefined, localPreference }];
    if (type !== "Service") {
      lose(
        `${what}: advertisementType ${showValue(type)}`,
        "bgp.advertise has Services and pod CIDRs only",
      );
      return [];
    }
    if (each.selector === undefined) {
      lose(
        `${what}: Service without a selector`,
        "it selects no Service, so nothing of it is carried over",
      );
      return [];
    }
    const addresses = Array.isArray(service.addresses) ? service.addresses.map(String) : [];
    return addresses.map((address) => ({
      type: address,
      selector: readSelector(each.selector),
      localPreference,
    }));
  });
}

function advertisedByPolicy({ manifest, what }: BgpManifest, lose: Lose): Advertised[] {
  return asTrees(asTree(manifest.spec).virtualRouters).flatMap((router) => {
    if (router.podIPPoolSelector !== undefined) {
      lose(`${what}: podIPPoolSelector`, "bgp.advertise has Services and pod CIDRs only");
    }
    const types = Array.isArray(router.serviceAdvertisements)
      ? router.serviceAdvertisements.map(String)
      : ["LoadBalancerIP"];
    const services = router.serviceSelector === undefined ? [] : types;
    return [...(router.exportPodCIDR === true ? ["PodCIDR"] : []), ...services].map((type) => ({
      type,
      selector: type === "PodCIDR" ? undefined : readSelector(router.serviceSelector),
      localPreference: undefined,
    }));
  });
}

function advertise(all: readonly Advertised[], lose: Lose): Tree {
  if (all.length === 0) {
    lose(
      "no advertisement among the manifests",
      "the sessions advertised nothing, and the stack advertises LoadBalancerIP, which is the default of bgp.advertise",
    );
    return {};
  }
  const types = [...new Set(all.map(({ type }) => type))];
  const services = all.filter(({ type }) => type !== "PodCIDR");
  const selectors = services
    .map(({ selector }) => selector)
    .filter(
      (selector, index, each) =>
        each.findIndex((other) => isDeepStrictEqual(other, selector)) === index,
    );
  if (selectors.length > 1) {
    lose(
      `selectors of Services by BGP (${selectors.map(showValue).join(" and ")})`,
      "bgp has one serviceSelector; the first is kept, so Services of the others are not advertised",
    );
  }
  const preferences = [...new Set(all.map(({ localPreference }) => localPreference))];
  if (preferences.length > 1) {
    lose(
      `localPreference (${preferences.map((each) => (each === undefined ? "none" : showValue(each))).join(", ")})`,
      "bgp has one for all routes; the first is kept",
    );
  }
  return {
    advertise: isDeepStrictEqual(types, ["LoadBalancerIP"]) ? undefined : types,
    serviceSelector: selectors[0],
    localPreference: preferences[0],
  };
}

/** Removes what the key bgp does not take, each with a word. */
function dropUnknownKeys(bgp: Tree, lose: Lose): void {
  for (;;) {
    const issues = schema.bgp.safeParse(bgp).error?.issues ?? [];
    const issue = issues.find(
      ({ code, path }) =>
        code === "unrecognized_keys" || (code === "invalid_value" && path[0] === "advertise"),
    );
    if (issue === undefined) return;
    const keys =
      issue.code === "unrecognized_keys"
        ? [...issue.path, issue.keys[0] as string]
        : [...issue.path];
    const path = keys.map(String).join(".");
    lose(`bgp.${path} (${showValue(valueAt(bgp, path))})`, "the configuration has no key for it");
    removeAt(bgp, keys);
  }
}

/** A name of the schema's form; Cilium takes any text. */
function asName(name: string): string {
  return (
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "") || "router"
  );
}

function withoutUndefined(tree: Tree): Tree {
  return omitBy(tree, isUndefined);
}

import type { AddressRange } from "../config";
import type { Judgement } from "./effects";
import { cidrRanges, describeLoss, lostAddresses, poolRanges } from "./lostAddresses";
import { CONFIG, kindOf, nameOf } from "./objectNames";
import type { StackObject } from "./renderedStack";

const POOL = "CiliumLoadBalancerIPPool.cilium.io";
const LB_IPAM = "https://docs.cilium.io/en/stable/network/lb-ipam/";

/** Entries of cilium-config that hold the pods' addresses. */
const POD_CIDRS = [
  ...["cluster-pool-ipv4-cidr", "cluster-pool-ipv6-cidr"],
  ...["ipv4-native-routing-cidr", "ipv6-native-routing-cidr"],
];

/** Addresses that are gone afterwards, by the name of the object that had them. */
export function judgeAddresses(
  before: readonly StackObject[],
  after: readonly StackObject[],
): ReadonlyMap<string, readonly Judgement[]> {
  const judgements = new Map(judgePools(before, after).map((each) => [each.object, each.found]));
  const podCidrs = judgePodCidrs(entriesOf(before), entriesOf(after));
  if (podCidrs.length > 0) judgements.set(CONFIG, podCidrs);
  return judgements;
}

/** An address may move to another pool, so a pool's are compared with those of all pools. */
function judgePools(
  before: readonly StackObject[],
  after: readonly StackObject[],
): { object: string; found: Judgement[] }[] {
  const [old, now] = [before, after].map((objects) =>
    objects.map(({ object }) => object).filter((object) => kindOf(object) === POOL),
  ) as [StackObject["object"][], StackObject["object"][]];
  const left = now.flatMap(poolRanges);
  const counted: AddressRange[] = [];
  return old.map((pool) => {
    const loss = lostAddresses(poolRanges(pool), [...left, ...counted]);
    counted.push(...loss.ranges);
    const found: Judgement[] = [];
    if (loss.count > 0n) {
      found.push({
        effect: "shrinks addresses",
        what: `no pool has ${describeLoss(loss)} any more: Services there lose their address`,
        source: LB_IPAM,
        paths: ["spec.blocks"],
      });
    }
    return { object: nameOf(pool), found };
  });
}

function judgePodCidrs(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Judgement[] {
  return POD_CIDRS.flatMap((entry) => {
    const [was, is] = [before[entry], after[entry]];
    // An entry that goes belongs to a mode that goes: native routing, or pod CIDRs that the operator gives out.
    if (was === undefined || is === undefined) return [];
    const loss = lostAddresses(cidrRanges(was), cidrRanges(is));
    if (loss.count === 0n) return [];
    return [
      {
        effect: "shrinks addresses",
        what: `${entry} has ${describeLoss(loss)} no longer: pods there are no longer taken for pods`,
        source: "https://docs.cilium.io/en/stable/network/concepts/ipam/",
        paths: [`data.${entry}`],
      },
    ];
  });
}

function entriesOf(objects: readonly StackObject[]): Readonly<Record<string, unknown>> {
  const config = objects.find(({ object }) => nameOf(object) === CONFIG);
  return (config?.object.data ?? {}) as Readonly<Record<string, unknown>>;
}

import { Address4 } from "ip-address";
import type { Settings } from "../../config";

/** Addresses of the Services that every cluster has. */
export interface ClusterServices {
  /** Of `kubernetes`, the API: the first of the Services' addresses. */
  readonly api: string;
  /** Of the cluster's DNS: the tenth, as on Talos. */
  readonly dns: string;
}

/** Addresses of the cluster's own Services. */
export function clusterServices({ network }: Settings): ClusterServices {
  const base = new Address4(network.serviceCidrs[0] ?? "").startAddress().bigInt();
  const address = (number: bigint) => Address4.fromBigInt(base + number).correctForm();
  return { api: address(1n), dns: address(10n) };
}

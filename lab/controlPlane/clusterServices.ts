import { Address4 } from "ip-address";
import type { Settings } from "../../config";

/** Addresses of the Services that every cluster has. */
export interface ClusterServices {
  /** Address of `kubernetes`, the API: the first one of the Service CIDR. */
  readonly api: string;
  /** Address of the cluster's DNS: the tenth one, as on Talos. */
  readonly dns: string;
}

export function clusterServices({ network }: Settings): ClusterServices {
  const base = new Address4(network.serviceCidrs[0] ?? "").startAddress().bigInt();
  const address = (number: bigint) => Address4.fromBigInt(base + number).correctForm();
  return { api: address(1n), dns: address(10n) };
}

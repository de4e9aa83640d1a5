/** What an update must not change in a live cluster by accident, by the names that `cilium.allowChanges` takes. */
export const CHANGES = [
  "release",
  "cluster.name",
  "cluster.id",
  "network.podCidrs",
  "ipam.mode",
  "cilium.version",
] as const;

export type ChangeName = (typeof CHANGES)[number];

import semver from "semver";
import type { Settings } from "../schema";
import { type HelmValues, valueAt } from "./helmValues";

/** An image of the chart. */
export interface ChartImage {
  /** Path of its values in the chart: hubble.relay.image. */
  readonly path: string;
  /** Path in the registry. */
  readonly repository: string;
  /** First version of the chart that has it. */
  readonly since?: string;
}

/** Images that the chart pulls, most from quay.io. */
export const IMAGES: readonly ChartImage[] = [
  { path: "image", repository: "cilium/cilium" },
  // The chart appends the flavour: -generic.
  { path: "operator.image", repository: "cilium/operator" },
  { path: "envoy.image", repository: "cilium/cilium-envoy" },
  { path: "certgen.image", repository: "cilium/certgen" },
  { path: "hubble.relay.image", repository: "cilium/hubble-relay" },
  { path: "hubble.ui.backend.image", repository: "cilium/hubble-ui-backend" },
  { path: "hubble.ui.frontend.image", repository: "cilium/hubble-ui" },
  { path: "nodeinit.image", repository: "cilium/startup-script" },
  { path: "preflight.image", repository: "cilium/cilium" },
  { path: "preflight.envoy.image", repository: "cilium/cilium-envoy" },
  { path: "clustermesh.apiserver.image", repository: "cilium/clustermesh-apiserver" },
  { path: "authentication.mutual.spire.install.initImage", repository: "library/busybox" },
  { path: "authentication.mutual.spire.install.agent.image", repository: "spiffe/spire-agent" },
  { path: "authentication.mutual.spire.install.server.image", repository: "spiffe/spire-server" },
  // The chart of 1.19 has another one, istio/ztunnel.
  { path: "encryption.ztunnel.image", repository: "cilium/ztunnel", since: "1.20.0-0" },
];

/** Whether the chart of the stack's version has an image. */
export function hasImage({ cilium }: Settings, { since }: ChartImage): boolean {
  return since === undefined || semver.gte(cilium.version, since);
}

/**
 * The registry that all images come from. Undefined when there are several, and when the agent or the operator, which
 * every cluster runs, has the chart's registry: the key would move that image, too.
 */
export function commonRegistry(values: HelmValues): string | undefined {
  const registries = IMAGES.map(({ path, repository }) => {
    const image = valueAt(values, `${path}.repository`);
    if (image === undefined) return undefined;
    const suffix = `/${repository}`;
    return typeof image === "string" && image.endsWith(suffix)
      ? image.slice(0, -suffix.length)
      : "";
  });
  const [agent, operator] = registries;
  const isCommon = registries.every((other) => other === undefined || other === agent);
  return agent !== "" && agent === operator && isCommon ? agent : undefined;
}

import { type HelmValues, valueAt } from "./helmValues";

/** Images that the chart pulls from quay.io: path of the chart's value, and path in the registry. */
export const IMAGES: readonly [path: string, repository: string][] = [
  ["image.repository", "cilium/cilium"],
  // The chart appends the flavour: -generic.
  ["operator.image.repository", "cilium/operator"],
  ["envoy.image.repository", "cilium/cilium-envoy"],
  ["certgen.image.repository", "cilium/certgen"],
  ["hubble.relay.image.repository", "cilium/hubble-relay"],
  ["hubble.ui.backend.image.repository", "cilium/hubble-ui-backend"],
  ["hubble.ui.frontend.image.repository", "cilium/hubble-ui"],
];

/**
 * The registry that all images come from. Undefined when there are several, and when the agent or the operator, which
 * every cluster runs, has the chart's registry: the key would move that image, too.
 */
export function commonRegistry(values: HelmValues): string | undefined {
  const registries = IMAGES.map(([path, repository]) => {
    const image = valueAt(values, path);
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

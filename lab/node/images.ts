/** How the lab runs a container of an image: it has no images, only programs. */
export interface Image {
  /** Entry point, for containers that name no command. */
  readonly entrypoint?: readonly string[];
  /** Why its containers run no program and only count as running. */
  readonly simulated?: string;
}

/** The images that the lab knows, by repository. */
const IMAGES: Readonly<Record<string, Image>> = {
  "quay.io/cilium/cilium": {},
  "quay.io/cilium/operator-generic": {},
  "quay.io/cilium/cilium-envoy": { simulated: "Cilium's Envoy is in no package registry" },
  "registry.k8s.io/coredns/coredns": { entrypoint: ["coredns"] },
  "registry.k8s.io/e2e-test-images/agnhost": { entrypoint: ["agnhost"] },
};

/** Init containers of Cilium's agent that the lab skips, each with the reason. */
export const SKIPPED_INIT_CONTAINERS: Readonly<Record<string, string>> = {
  "apply-sysctl-overwrites": "it changes files of the host's systemd",
  "clean-cilium-state": "the machine is new",
  "install-cni-binaries": "the machine has them",
};

/** Flags that override the Release's ConfigMap, by container, each with the reason. */
const OVERRIDES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "cilium-agent": {
    "--enable-l7-proxy=false": "there is no Envoy",
    "--enable-envoy-config=false": "there is no Envoy",
    "--external-envoy-proxy=false": "there is no Envoy",
    "--enable-gateway-api=false": "the agent only configures Envoy for it",
    "--enable-hubble=false": "nothing here reads it, and it costs memory on every node",
  },
};

/** @param name name of the image, with tag and digest. */
export function findImage(name: string): Image | undefined {
  const [repository = ""] = name.split("@");
  return IMAGES[repository.replace(/:[^/]*$/, "")];
}

export function knownImages(): string[] {
  return Object.keys(IMAGES);
}

/** Flags that a container gets after its own. */
export function overridesOf(container: string): string[] {
  return Object.keys(OVERRIDES[container] ?? {});
}

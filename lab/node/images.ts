/** How the lab runs a container of an image: there are no images here, only programs. */
export interface Image {
  /** The image's entry point, for containers that name no command. */
  readonly entrypoint?: readonly string[];
  /** Why its containers run no program, and are only said to run. */
  readonly simulated?: string;
}

/** The images that the lab knows, by their repository. */
const IMAGES: Readonly<Record<string, Image>> = {
  "quay.io/cilium/cilium": {},
  "quay.io/cilium/operator-generic": {},
  "quay.io/cilium/cilium-envoy": { simulated: "Cilium's Envoy is in no package registry" },
  "registry.k8s.io/coredns/coredns": { entrypoint: ["coredns"] },
  "registry.k8s.io/e2e-test-images/agnhost": { entrypoint: ["agnhost"] },
};

/** Init containers of Cilium's agent that are not run, and why. */
export const DONE_BY_THE_MACHINE: Readonly<Record<string, string>> = {
  "apply-sysctl-overwrites": "it changes files of the host's systemd",
  "clean-cilium-state": "the machine is new",
  "install-cni-binaries": "the machine has them",
};

/** Flags that the lab puts over the Release's ConfigMap, by container, each with its reason. */
const OVERRIDES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "cilium-agent": {
    "--enable-l7-proxy=false": "there is no Envoy",
    "--enable-envoy-config=false": "there is no Envoy",
    "--external-envoy-proxy=false": "there is no Envoy",
    "--enable-gateway-api=false": "what the agent does for it is done by Envoy",
    "--enable-hubble=false": "nobody looks at it here, and it costs memory on each of the nodes",
  },
};

/** The image as the lab knows it; undefined when it doesn't. */
export function findImage(name: string): Image | undefined {
  const [repository = ""] = name.split("@");
  return IMAGES[repository.replace(/:[^/]*$/, "")];
}

/** Names of the images that the lab knows. */
export function knownImages(): string[] {
  return Object.keys(IMAGES);
}

/** Flags that a container gets beside its own. */
export function overridesOf(container: string): string[] {
  return Object.keys(OVERRIDES[container] ?? {});
}

/** A part of the imported files that is not in the configuration. */
export interface Dropped {
  /** Value or manifest: `ipam.mode (kubernetes)`, `Service kube-apiserver-vip (vip.yaml)`. */
  readonly what: string;
  /** Why it is missing there, or what replaces it. */
  readonly why: string;
}

/** A key that a person must write or correct. */
export interface Missing {
  /** Path in the stack file: `nodes.controlPlanes`. */
  readonly path: string;
  /** Why it was not imported; what to write. */
  readonly why: string;
}

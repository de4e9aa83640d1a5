/** Something in the imported files that is not in the configuration. */
export interface Dropped {
  /** Value or manifest: `ipam.mode (kubernetes)`, `Service kube-apiserver-vip (vip.yaml)`. */
  readonly what: string;
  /** Why it is not there, or what is there instead. */
  readonly why: string;
}

/** Something that a person must write or correct, as the imported files do not say it. */
export interface Missing {
  /** Where in the stack file: `nodes.controlPlanes`. */
  readonly path: string;
  /** Why it could not be imported, and what to write. */
  readonly why: string;
}

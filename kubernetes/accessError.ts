/**
 * The cluster cannot be reached with this kubeconfig, these credentials or this proxy, and waiting does not change that.
 * Its message says what is wrong and what to do.
 */
export class AccessError extends Error {}

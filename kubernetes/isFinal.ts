import { ApiException } from "@kubernetes/client-node";

/** What the API server says of a request that came before its admission plugins were ready. */
const NOT_READY = /not yet ready to handle request/;

/** Codes of the errors that a certificate causes; another look finds the same certificate. */
const CERTIFICATE = /^(CERT_|ERR_TLS_CERT_|UNABLE_TO_|(DEPTH_ZERO_)?SELF_SIGNED_CERT)/;

/**
 * Whether an error stays the same however long one waits: the API server said no, or this machine cannot ask. It is not
 * final that an API server is at fault, or the network to it.
 */
export function isFinal(error: unknown): boolean {
  if (error instanceof ApiException) {
    if (error.code === 403 && NOT_READY.test(String(error.body))) return false;
    return error.code !== 429 && error.code < 500;
  }
  const { code, path } = (error ?? {}) as { code?: unknown; path?: unknown };
  // Errors of the network have a code; those of files have a path, too, and those that this program throws have neither.
  return typeof code !== "string" || path !== undefined || CERTIFICATE.test(code);
}

/**
 * Secrets that can be told by what they look like. secretlint's rules were tried: its current versions need Node.js 22, and
 * of 25 tokens that people have in stack files the last version for Node.js 20 finds 10: none of GitLab, Pulumi, Vault or
 * Google, no JWT and no short key in PEM.
 *
 * Where a pattern has a group, the group is the secret.
 */
const PATTERNS: readonly RegExp[] = [
  // Certificates and keys, also with line breaks that are escaped or indented, and cut off.
  /-----BEGIN [A-Z0-9 ]+-----[\s\S]*?(?:-----END [A-Z0-9 ]+-----|$)/g,
  // The same without the lines around it.
  /(?<![A-Za-z0-9+/])MI[IEG][A-Za-z0-9+/]{80,}={0,2}/g,
  // JWT, of two or three parts.
  /\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?/g,
  /\b(?:Bearer|Basic)\s+(?=\S*[\d=])([\w.~+/=-]{8,})/gi,
  // User and password in a URL; a port is no password.
  /\b[a-z][a-z0-9+.-]*:\/\/([^\s/:@"']*:(?!\d+(?:[/?#\s]|$))[^\s"'<>]*)@/gi,
  // A token in place of the user.
  /\b[a-z][a-z0-9+.-]*:\/\/([^\s/:@"']{12,})@/gi,
  // A data source of Go's drivers.
  /(?<![\w.-])([\w.-]+:[^\s@]+)@(?:tcp|unix)\(/g,
  // AWS.
  /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g,
  // GitHub, GitLab, Grafana.
  /\bgh[pousr]_[A-Za-z0-9]{20,}/g,
  /\bgithub_pat_\w{20,}/g,
  /\bgl[a-z]{2,5}-[\w.-]{16,}/g,
  /\bgl(?:sa|c)_[\w=]{20,}/g,
  // Slack, Discord, Telegram.
  /\bx(?:ox[a-z]|app)-[\w-]{10,}/g,
  /\bhooks\.slack\.com\/(?:services|workflows|triggers)\/([\w/-]{10,})/g,
  /\bdiscord(?:app)?\.com\/api\/webhooks\/([\w/-]{10,})/g,
  /\b\d{8,10}:[\w-]{35}\b/g,
  // Pulumi.
  /\bpul-[0-9a-f]{40}\b/g,
  // Google.
  /\bAIza[\w-]{30,}/g,
  /\bya29\.[\w-]{20,}/g,
  /\bGOCSPX-[\w-]{20,}/g,
  // npm, Docker Hub, Stripe, SendGrid, Hugging Face, DigitalOcean, OpenAI and Anthropic.
  /\bnpm_\w{30,}/g,
  /\bdckr_[op]at_[\w-]{20,}/g,
  /\b(?:[rs]k_(?:live|test)|whsec)_\w{16,}/g,
  /\bSG\.[\w-]{16,}\.[\w-]{16,}/g,
  /\bhf_[A-Za-z0-9]{30,}/g,
  /\bdo[opr]_v1_[a-f0-9]{64}/g,
  /\bsk-[\w-]{20,}/g,
  // Vault, 1Password, age, Tailscale.
  /\bhv[sbr]\.[\w-]{20,}/g,
  /\bops_eyJ[\w-]{20,}/g,
  /\bAGE-SECRET-KEY-1[0-9A-Z]{50,}/g,
  /\btskey-[a-z]+-[\w-]{10,}/g,
  // Kubernetes' and Talos' tokens to join a cluster.
  /(?<![\w.-])(?=[a-z0-9.]*\d)[a-z0-9]{6}\.[a-z0-9]{16}(?![\w.-])/g,
  // Passwords that were hashed.
  /\$(?:2[abxy]|apr1|[156y]|argon2[a-z]*)\$[^\s:"']{8,}/g,
  // Keys of IPsec as Cilium has them, and 32 bytes in base64, such as WireGuard's.
  /\brfc4106\(gcm\(aes\)\)\s+([0-9a-fA-F]{32,})/g,
  /(?<![A-Za-z0-9+/=]|sha256[-:])[A-Za-z0-9+/]{43}=(?![A-Za-z0-9+/=])/g,
];

/**
 * Replaces the secrets in a text that are told by what they look like.
 * @param hide is given each secret, and returns what stands in its place.
 */
export function replacePatterns(text: string, hide: (secret: string) => string): string {
  return PATTERNS.reduce(
    (shown, pattern) =>
      shown.replace(pattern, (whole: string, group: unknown) => {
        // Without a group, the second argument is the offset.
        if (typeof group !== "string") return hide(whole);
        const at = whole.lastIndexOf(group);
        return whole.slice(0, at) + hide(group) + whole.slice(at + group.length);
      }),
    text,
  );
}

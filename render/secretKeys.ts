/** Keys whose values are secret, as words between hyphens: `dbPassword`, `DB_PASSWORD` and `db.password` are `db-password`. */
const SECRET =
  /(?:^|-)(?:[a-z0-9]*(?:password|passwd|passphrase|passcode|apikey|privatekey|secretkey|accesskey|authtoken|accesstoken|clientsecret)s?|(?:api|private|secret|access|account|encryption|signing|shared|auth|master|client|session|storage|license|tls|ssh|hmac|pgp|gpg|wireguard|ipsec)-keys?|secret-id|proxy-auth|basic-auth|connection-string|docker-config-json|pwd|pass|psk|jwt|tokens?|secret|credentials?|creds|authorization|auths|dsn|htpasswd|kubeconfig|dockerconfigjson|dockercfg|cookie|ca-?bundle|ca-crt)\d*(?=-|$)/g;

/** Last words of keys that say of a secret where or what it is, and not the secret: `secretName`, `tokenFile`. */
const ABOUT = new Set(
  (
    "name names ref refs reference namespace namespaces file files path paths dir directory mount ttl duration expiration expiry " +
    "seconds lifetime interval rotation enabled enable disabled type length size mode policy count limit max min version audience " +
    "audiences issuer algorithm provider store class kind create selector sync backend format annotations labels key keys url " +
    "endpoint header prefix suffix id field env optional items required scopes request generation checksum username user"
  ).split(" "),
);

/** Whole keys beside these that say where a secret is. */
const REFERENCE = /(?:^|-)(?:existing|pull)-secret$/;

/** Whether the value of a key, of a variable or of an argument is secret, by its name. */
export function isSecretKey(key: string): boolean {
  const words = wordsOf(key);
  if (REFERENCE.test(words) || key.startsWith("checksum/")) return false;
  return [...words.matchAll(SECRET)].some((match) => {
    const rest = words.slice(match.index + match[0].length);
    return rest === "" || !isAbout(rest);
  });
}

/** Whether a key beside or below a secret's says only where or what it is. */
export function isAboutSecret(key: string): boolean {
  return isAbout(wordsOf(key));
}

function isAbout(words: string): boolean {
  return ABOUT.has(words.slice(words.lastIndexOf("-") + 1));
}

/** Of a key with a domain (`example.com/token`) what follows it. */
function wordsOf(key: string): string {
  const [last = ""] = key.split("/").slice(-1);
  return last
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1-$2")
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .toLowerCase();
}

/** Folders that programs mount their files in. */
const PATH =
  /^\.{0,2}\/(?:var|etc|run|tmp|opt|usr|home|root|mnt|secrets?|data|config|app|srv|dev|proc|sys|lib|host|certs?|tls)(?:\/[\w.-]+)*\/?$/;

/** Whether a value is none that anybody would keep secret, whatever its key: a switch, a path, a reference to a variable. */
export function isHarmless(value: unknown): boolean {
  if (typeof value === "number") return value < 1000;
  if (typeof value !== "string") return true;
  return (
    /^(?:|true|false|null|none|yes|no|on|off|enabled|disabled|optional|required|\d{1,3}|\d+(?:ms|s|m|h|d))$/i.test(
      value,
    ) ||
    PATH.test(value) ||
    /^\$(?:\(\w+\)|\{\w+\}|[A-Z][A-Z0-9_]*)$/.test(value)
  );
}

import { BlockList, isIP } from "node:net";

const DEFAULT_PORTS: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };

/** Where nothing is asked through a proxy, whatever the environment says. */
const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/**
 * Proxy that a URL is asked through, by HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in upper or lower case.
 *
 * The rules are Go's (https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config), which the Kubernetes provider and Helm
 * go by: NO_PROXY may hold CIDRs, which proxy-from-env and undici's EnvHttpProxyAgent take for host names.
 * @returns URL of the proxy; undefined when there is none.
 */
export function proxyFor(
  url: string | URL,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const { protocol, hostname, port } = new URL(url);
  const names =
    protocol === "https:" ? ["HTTPS_PROXY", "https_proxy"] : ["HTTP_PROXY", "http_proxy"];
  const proxy = firstOf(env, names);
  if (proxy === undefined) return undefined;
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const noProxy = firstOf(env, ["NO_PROXY", "no_proxy"]) ?? "";
  if (isLocal(host) || isExcluded(host, port || DEFAULT_PORTS[protocol] || "", noProxy)) {
    return undefined;
  }
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

/** A proxy's URL without the password that may be in it. */
export function withoutPassword(proxy: string): string {
  return proxy.replace(/\/\/[^@/]*@/, "//");
}

function firstOf(env: NodeJS.ProcessEnv, names: readonly string[]): string | undefined {
  return names.map((name) => env[name]).find((value) => value !== undefined && value !== "");
}

function isLocal(host: string): boolean {
  return host === "localhost" || isIn(loopback, host);
}

function isExcluded(host: string, port: string, noProxy: string): boolean {
  return noProxy
    .toLowerCase()
    .split(",")
    .map((entry) => entry.trim())
    .some((entry) => entry !== "" && (entry === "*" || excludes(entry, host, port)));
}

function excludes(entry: string, host: string, port: string): boolean {
  const subnet = subnetOf(entry);
  if (subnet !== undefined) return isIn(subnet, host);
  const { name, onlyPort } = splitPort(entry);
  if (onlyPort !== undefined && onlyPort !== port) return false;
  const domain = name.replace(/^\*\./, ".");
  // A domain excludes itself and what is below it; with a dot before it, only what is below.
  return domain.startsWith(".")
    ? host.endsWith(domain)
    : host === domain || (isIP(domain) === 0 && host.endsWith(`.${domain}`));
}

function splitPort(entry: string): { name: string; onlyPort?: string } {
  const bracketed = /^\[(.+)\](?::(\d+))?$/.exec(entry);
  const [, name = entry, onlyPort] = bracketed ?? /^([^:]+):(\d+)$/.exec(entry) ?? [];
  return { name, ...(onlyPort !== undefined && { onlyPort }) };
}

function subnetOf(entry: string): BlockList | undefined {
  const [, address = "", prefix = ""] = /^(.+)\/(\d+)$/.exec(entry) ?? [];
  const family = isIP(address);
  if (family === 0 || Number(prefix) > (family === 4 ? 32 : 128)) return undefined;
  const subnet = new BlockList();
  subnet.addSubnet(address, Number(prefix), family === 4 ? "ipv4" : "ipv6");
  return subnet;
}

function isIn(addresses: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && addresses.check(host, family === 4 ? "ipv4" : "ipv6");
}

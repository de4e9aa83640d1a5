import semver from "semver";
import { minorOf } from "../config";
import type { Finding } from "./effects";
import type { RenderedStack } from "./renderedStack";

type Versions = RenderedStack["versions"];

/** Versions that move, with the page to read first. */
export function judgeVersions(before: Versions, after: Versions): Finding[] {
  return [
    ...judgeCilium(before.cilium, after.cilium),
    ...judgeGatewayApi(before, after),
    ...judgeKubernetes(before.kubernetes, after.kubernetes),
  ];
}

function judgeCilium(before: string, after: string): Finding[] {
  if (before === after) return [];
  const direction = directionOf(before, after);
  // What a rollback has to undo stands in the notes of the newer one.
  const newer = direction === "a rollback" ? before : after;
  return [
    {
      effect: "moves versions",
      object: "Cilium",
      what: `${before} → ${after}${direction === undefined ? "" : `, ${direction}`}${skipped(before, after)}: read the upgrade notes`,
      source: semver.valid(newer)
        ? `https://docs.cilium.io/en/v${minorOf(newer)}/operations/upgrade/#upgrade-notes`
        : "https://docs.cilium.io/en/stable/operations/upgrade/#upgrade-notes",
    },
  ];
}

/** The minor versions between two, which Cilium's tests do not skip. */
function skipped(before: string, after: string): string {
  if (!semver.valid(before) || !semver.valid(after)) return "";
  if (semver.major(before) !== semver.major(after)) return "";
  const steps = Math.abs(semver.minor(after) - semver.minor(before));
  return steps > 1
    ? ` over ${steps} minor versions, where Cilium tests upgrades and rollbacks over one`
    : "";
}

function judgeGatewayApi(before: Versions, after: Versions): Finding[] {
  const object = "Gateway API";
  const [was, is] = [before.gatewayApi, after.gatewayApi];
  const findings: Finding[] = [];
  if (was !== is) {
    const direction = was !== undefined && is !== undefined ? directionOf(was, is) : undefined;
    const newer = direction === "a rollback" ? was : (is ?? was);
    findings.push({
      effect: "moves versions",
      object,
      what: `${was ?? "off"} → ${is ?? "off"}${direction === undefined ? "" : `, ${direction}`}: read the release notes`,
      source: `https://github.com/kubernetes-sigs/gateway-api/releases/tag/${encodeURIComponent(newer ?? "")}`,
    });
  }
  if (before.channel !== after.channel && was !== undefined && is !== undefined) {
    findings.push({
      effect: "moves versions",
      object,
      what: `channel ${before.channel ?? "unknown"} → ${after.channel ?? "unknown"}`,
      source: "https://gateway-api.sigs.k8s.io/concepts/versioning/",
    });
  }
  return findings;
}

function judgeKubernetes(before: string, after: string): Finding[] {
  if (before === after) return [];
  return [
    {
      effect: "moves versions",
      object: "Kubernetes",
      what: `${before} → ${after}: the chart is rendered for it; the stack does not update the cluster`,
    },
  ];
}

function directionOf(before: string, after: string): "a rollback" | "an upgrade" | undefined {
  if (!semver.valid(before) || !semver.valid(after)) return undefined;
  return semver.lt(after, before) ? "a rollback" : "an upgrade";
}

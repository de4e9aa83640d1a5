/** What `cilium.chart` names: a chart of the repository, a packed one or a folder on this machine, or a URL. */
export function chartKind(chart: string): "name" | "archive" | "folder" | "url" {
  if (/^oci:|:\/\//.test(chart)) return "url";
  if (chart.endsWith(".tgz")) return "archive";
  return /[/\\]/.test(chart) ? "folder" : "name";
}

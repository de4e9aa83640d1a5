import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readChartPaths } from "../../../sources/chartPaths";

describe("the paths of a chart's values", () => {
  const folders: string[] = [];
  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true });
  });

  /** Makes a chart of some files. */
  function chart(files: Readonly<Record<string, string>>): string {
    const folder = mkdtempSync(join(tmpdir(), "talos-cilium-chart-"));
    folders.push(folder);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return folder;
  }

  const values = `
debug: { enabled: false, verbose: ~ }
podAnnotations: {}
ports: [1, 2]
affinity: { podAntiAffinity: { required: [] } }
nodeSelector: { kubernetes.io/os: linux }
budget: { enabled: false, maxUnavailable: 1 }
socket: { enabled: false }
tls: { secret: { name: a } }
`;

  it("end where values.yaml has nothing further", async () => {
    assert.deepEqual(
      await readChartPaths(chart({ "values.yaml": "a: { b: 1, c: {} }\nd: [{ e: 1 }]\nf: ~\n" })),
      ["a.b", "a.c", "d", "f"],
    );
  });

  it("are those that templates read, too, however they do it", async () => {
    const template = `
{{- /* .Values.comment */ -}}
{{- if hasKey .Values.debug "level" }}{{ .Values.unlisted.deep | quote }}{{ end }}
{{- $component := .Values.budget }}
{{- if hasKey $component "policy" }}{{ $component.spread }}{{ end }}
{{- $socket := (coalesce .Values.socket .Values.old) }}
{{- if $socket.tracing }}{{ get $.Values.socket "late" }}{{ end }}
{{- with .Values.affinity }}{{ toYaml . }}{{ end }}
{{- with
  .Values.nodeSelector }}{{ toYaml . }}{{ end }}
{{- if (dig "server" "cert" "" .Values.tls) }}{{ include "x" .Values.tls }}{{ end }}
`;
    assert.deepEqual(
      await readChartPaths(chart({ "values.yaml": values, "templates/a/b.yaml": template })),
      [
        "affinity",
        "budget.enabled",
        "budget.maxUnavailable",
        "budget.policy",
        "budget.spread",
        "debug.enabled",
        "debug.level",
        "debug.verbose",
        "nodeSelector",
        "old",
        "podAnnotations",
        "ports",
        "socket.enabled",
        "socket.late",
        "socket.tracing",
        "tls.secret.name",
        "tls.server.cert",
        "unlisted.deep",
      ],
    );
  });

  it("are those of values.schema.json, too, and not those that a template only refuses", async () => {
    const files = {
      "values.yaml": "a: 1\n",
      "values.schema.json": JSON.stringify({
        properties: { b: { properties: { c: { type: "string" } } }, d: { type: "object" } },
      }),
      "templates/validate.yaml": "{{ if .Values.gone }}{{ fail }}{{ end }}",
      "templates/NOTES.txt": "{{ .Values.noted }}",
    };
    assert.deepEqual(await readChartPaths(chart(files)), ["a", "b.c", "d"]);
  });

  it("have no key with a dot in it, which nobody could tell from two", async () => {
    await assert.rejects(
      readChartPaths(chart({ "values.yaml": "a: { b.c/d: 1 }\n" })),
      /a key of its values has a dot \(a > b\.c\/d\)/,
    );
  });
});

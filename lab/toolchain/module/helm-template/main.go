// Command helm-template renders charts with Helm's own engine, and needs no cluster. Without arguments it answers each
// line {"chart": FOLDER, "values": {…}} of its standard input with a line {"objects": […]} or {"error": "…"}, so that
// hundreds of values are rendered by one process. As `helm template RELEASE FOLDER --values - …` it does what Helm's
// command of that name does, for values on standard input and a chart that is a folder.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/releaseutil"
	"sigs.k8s.io/yaml"
)

const namespace = "kube-system"

type request struct {
	Chart  string          `json:"chart"`
	Values json.RawMessage `json:"values"`
}

type answer struct {
	Objects []any  `json:"objects,omitempty"`
	Error   string `json:"error,omitempty"`
}

func main() {
	var err error
	if len(os.Args) > 1 {
		err = template(os.Args[1:])
	} else {
		err = serve(os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func serve(in io.Reader, out io.Writer) error {
	charts := map[string]*chart.Chart{}
	decoder, encoder := json.NewDecoder(bufio.NewReader(in)), json.NewEncoder(out)
	for {
		var asked request
		if err := decoder.Decode(&asked); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if charts[asked.Chart] == nil {
			loaded, err := loader.Load(asked.Chart)
			if err != nil {
				return err
			}
			charts[asked.Chart] = loaded
		}
		objects, err := objectsOf(charts[asked.Chart], asked.Values)
		answered := answer{Objects: objects}
		if err != nil {
			answered = answer{Error: err.Error()}
		}
		if err := encoder.Encode(answered); err != nil {
			return err
		}
	}
}

func template(args []string) error {
	if len(args) < 3 || args[0] != "template" {
		return fmt.Errorf("usage: helm template RELEASE FOLDER --values -")
	}
	loaded, err := loader.Load(args[2])
	if err != nil {
		return err
	}
	values, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	manifests, err := render(loaded, values)
	if err != nil {
		return err
	}
	for _, manifest := range manifests {
		fmt.Printf("---\n%s\n", manifest)
	}
	return nil
}

func objectsOf(loaded *chart.Chart, values []byte) ([]any, error) {
	manifests, err := render(loaded, values)
	if err != nil {
		return nil, err
	}
	objects := make([]any, 0, len(manifests))
	for _, manifest := range manifests {
		var object any
		if err := yaml.Unmarshal([]byte(manifest), &object); err != nil {
			return nil, fmt.Errorf("no YAML: %w\n%s", err, manifest)
		}
		if object != nil {
			objects = append(objects, object)
		}
	}
	return objects, nil
}

// render gives the manifests that a chart makes of values (YAML or JSON), in the order of their templates' names.
func render(loaded *chart.Chart, text []byte) ([]string, error) {
	values, err := chartutil.ReadValues(text)
	if err != nil {
		return nil, err
	}
	capabilities := chartutil.DefaultCapabilities.Copy()
	// What sources/helm.ts tells Helm of the cluster.
	capabilities.KubeVersion = chartutil.KubeVersion{Version: "v1.33.0", Major: "1", Minor: "33"}
	capabilities.APIVersions = append(capabilities.APIVersions,
		"monitoring.coreos.com/v1", "gateway.networking.k8s.io/v1/GatewayClass")
	release := chartutil.ReleaseOptions{Name: "cilium", Namespace: namespace, Revision: 1, IsInstall: true}
	complete, err := chartutil.ToRenderValues(loaded, values, release, capabilities)
	if err != nil {
		return nil, err
	}
	rendered, err := engine.Render(loaded, complete)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for name := range rendered {
		if base := path.Base(name); !strings.HasPrefix(base, "_") && base != "NOTES.txt" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	manifests := []string{}
	for _, name := range names {
		split := releaseutil.SplitManifests(rendered[name])
		keys := []string{}
		for key := range split {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			manifests = append(manifests, split[key])
		}
	}
	return manifests, nil
}

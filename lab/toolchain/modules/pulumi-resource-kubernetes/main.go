// Command pulumi-resource-kubernetes is the official Kubernetes provider of Pulumi, built from its module. The
// provider's own main package embeds files that only its release makes; the two that serve the same end lie beside
// that package in the module, and the toolchain lays them over this folder (`go build -overlay`).
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

func main() {
	provider.Serve("kubernetes", version.Version, schema, terraformMapping)
}

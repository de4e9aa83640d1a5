// Command kubelet-exec is the part of the lab's kubelet that `kubectl exec` speaks to, by way of an API server: the
// streaming of Kubernetes' own kubelet, in front of nsenter.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	"k8s.io/utils/exec"
)

// How long an exec may say nothing: a kubelet's own default (streamingConnectionIdleTimeout).
const idleTimeout = 4 * time.Hour

func main() {
	listen := flag.String("listen", ":10250", "host:port to serve on")
	certificate := flag.String("tls-cert-file", "", "certificate of this server")
	key := flag.String("tls-private-key-file", "", "its private key")
	authority := flag.String("client-ca-file", "", "who signed the certificates of those who may exec")
	containers := flag.String("containers", "", "folder with a file a container, namespace_pod_container, that holds its process id")
	flag.Parse()

	pem, err := os.ReadFile(*authority)
	if err != nil {
		log.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(pem)
	mux := http.NewServeMux()
	mux.Handle("/exec/{namespace}/{pod}/{container}", execHandler{*containers})
	server := http.Server{
		Addr:      *listen,
		Handler:   mux,
		TLSConfig: &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients},
		// SPDY takes the connection over, which HTTP/2 does not allow.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	log.Fatal(server.ListenAndServeTLS(*certificate, *key))
}

type execHandler struct {
	containers string
}

func (handler execHandler) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	options, err := remotecommand.NewOptions(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	name := strings.Join([]string{req.PathValue("namespace"), req.PathValue("pod"), req.PathValue("container")}, "_")
	pid, err := os.ReadFile(filepath.Join(handler.containers, filepath.Base(name)))
	if err != nil {
		http.Error(w, "the container does not run: "+err.Error(), http.StatusNotFound)
		return
	}
	remotecommand.ServeExec(w, req, container(pid), "", "", name, req.URL.Query()["command"], options,
		idleTimeout, remotecommand.DefaultStreamCreationTimeout, remotecommand.SupportedStreamingProtocols)
}

// container is the id of a container's process.
type container string

// ExecInContainer implements remotecommand.Executor; there are no terminals.
func (pid container) ExecInContainer(ctx context.Context, _, _, _ string, command []string, in io.Reader,
	out, err io.WriteCloser, _ bool, _ <-chan remotecommand.TerminalSize, _ time.Duration) error {
	enter := []string{"--target", string(pid), "--mount", "--net", "--uts", "--wdns=/", "--"}
	run := exec.New().CommandContext(ctx, "nsenter", append(enter, command...)...)
	run.SetStdin(in)
	run.SetStdout(out)
	run.SetStderr(err)
	return run.Run()
}

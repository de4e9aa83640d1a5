// Command kubeprism is the lab's KubePrism: the same load balancer, with the same options, that Talos runs on
// every node (internal/app/machined/pkg/controllers/k8s/kubeprism.go), in front of the API servers it is given.
package main

import (
	"context"
	"flag"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/siderolabs/go-loadbalancer/controlplane"
	"github.com/siderolabs/go-loadbalancer/upstream"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"
)

func main() {
	listen := flag.String("listen", "localhost:7445", "host:port to serve the Kubernetes API on")
	upstreams := flag.String("upstreams", "", "comma-separated host:port of the API servers")
	listenNetns := flag.String("listen-netns", "", "network namespace to listen in, as a path; default its own")
	flag.Parse()

	logger := zap.Must(zap.NewProduction())
	if err := run(logger, *listen, *listenNetns, strings.Split(*upstreams, ",")); err != nil {
		logger.Fatal("kubeprism failed", zap.Error(err))
	}
}

func run(logger *zap.Logger, listen, listenNetns string, upstreams []string) error {
	host, portText, err := net.SplitHostPort(listen)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return err
	}

	// The options are those of Talos.
	balancer, err := controlplane.NewLoadBalancer(host, port, logger,
		controlplane.WithDialTimeout(15*time.Second),
		controlplane.WithKeepAlivePeriod(30*time.Second),
		controlplane.WithTCPUserTimeout(30*time.Second),
		controlplane.WithHealthCheckOptions(
			upstream.WithHealthcheckInterval(20*time.Second),
			upstream.WithHealthcheckTimeout(15*time.Second),
		),
	)
	if err != nil {
		return err
	}

	endpoints := make(chan []string, 1)
	endpoints <- upstreams
	if err := inNetns(listenNetns, func() error { return balancer.Start(endpoints) }); err != nil {
		return err
	}
	logger.Info("serving", zap.String("endpoint", balancer.Endpoint()), zap.Strings("upstreams", upstreams))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
	return balancer.Shutdown()
}

// inNetns does something in another network namespace. A socket stays in the one that it was made in; whatever else
// runs (the connections to the API servers) is in the process's own.
func inNetns(path string, do func() error) error {
	if path == "" {
		return do()
	}
	result := make(chan error)
	go func() {
		// The thread is in the other namespace from now on, so it ends with the goroutine.
		runtime.LockOSThread()
		namespace, err := os.Open(path)
		if err == nil {
			defer namespace.Close()
			err = unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET)
		}
		if err == nil {
			err = do()
		}
		result <- err
	}()
	return <-result
}

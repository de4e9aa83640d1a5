// Command kubeprism is the lab's KubePrism: the same load balancer, with the same options, that Talos runs on
// every node (internal/app/machined/pkg/controllers/k8s/kubeprism.go), in front of the API servers it is given.
package main

import (
	"context"
	"flag"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/siderolabs/go-loadbalancer/controlplane"
	"github.com/siderolabs/go-loadbalancer/upstream"
	"go.uber.org/zap"
)

func main() {
	listen := flag.String("listen", "localhost:7445", "host:port to serve the Kubernetes API on")
	upstreams := flag.String("upstreams", "", "comma-separated host:port of the API servers")
	flag.Parse()

	logger := zap.Must(zap.NewProduction())
	if err := run(logger, *listen, strings.Split(*upstreams, ",")); err != nil {
		logger.Fatal("kubeprism failed", zap.Error(err))
	}
}

func run(logger *zap.Logger, listen string, upstreams []string) error {
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
	if err := balancer.Start(endpoints); err != nil {
		return err
	}
	logger.Info("serving", zap.String("endpoint", balancer.Endpoint()), zap.Strings("upstreams", upstreams))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
	return balancer.Shutdown()
}

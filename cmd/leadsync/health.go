package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// healthCommand asks a running service whether it is alive: the container's health check, since an image
// without a shell has no curl either.
func healthCommand(env *environment) *cobra.Command {
	var address string
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask the service on this machine whether it is alive (for container health checks)",
		Args:  exactly(0, "no arguments"),
	}
	cmd.Flags().StringVar(&address, "address", "", "host:port to ask; default: the configuration's listen address")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if address == "" {
			in, err := loadInstallation(cmd, env)
			if err != nil {
				return err
			}
			address = in.cfg.Listen
		}
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return usageError{fmt.Errorf("address %q: %w", address, err)}
		}
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			host = "127.0.0.1" // listening everywhere: ask here
		}
		client := &http.Client{Timeout: 3 * time.Second}
		req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", http.NoBody)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return fmt.Errorf("not alive: %w", err)
		}
		defer func() { _ = resp.Body.Close() }()
		if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<10)); err != nil || resp.StatusCode != http.StatusOK {
			return fmt.Errorf("not alive: status %d", resp.StatusCode)
		}
		fmt.Fprintln(env.stdout, "alive")
		return nil
	}
	return cmd
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/service"
)

// healthCommand asks a running service whether it is alive: the container's health check, since an image
// without a shell has no curl either. It also tells how complete the news of every account are.
func healthCommand(env *environment) *cobra.Command {
	var address string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask the service on this machine whether it is alive, and how complete and how late its news are",
		Long: "The exit code says whether the service is alive, for container health checks. What is printed besides says for each\n" +
			"portal with webhooks within how many seconds changes were known, and how many no webhook announced.",
		Args: exactly(0, "no arguments"),
	}
	cmd.Flags().StringVar(&address, "address", "", "host:port to ask; default: the configuration's listen address")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
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
		base := "http://" + net.JoinHostPort(host, port)
		if _, status, err := fetch(cmd.Context(), base+"/healthz"); err != nil || status != http.StatusOK {
			return fmt.Errorf("not alive: %w", orStatus(err, status))
		}
		return tellHealth(cmd.Context(), env, base, asJSON)
	}
	return cmd
}

// health is what `leadsync health --json` prints.
type health struct {
	Alive   bool           `json:"alive"`
	Error   string         `json:"error,omitempty"` // why the portals could not be asked
	Portals []portalHealth `json:"portals"`
}

type portalHealth struct {
	Portal  string              `json:"portal"`
	Account string              `json:"account"`
	State   service.State       `json:"state"`
	Reason  string              `json:"pause_reason,omitempty"`
	Feeds   *service.FeedHealth `json:"feeds"`
}

// tellHealth prints what /readyz says about the portals. A service that cannot answer is alive all the same.
func tellHealth(ctx context.Context, env *environment, base string, asJSON bool) error {
	out := health{Alive: true, Portals: []portalHealth{}}
	body, status, err := fetch(ctx, base+"/readyz")
	if err == nil {
		err = json.Unmarshal(body, &out) // 503 has a body too
	}
	if err == nil && status != http.StatusOK && out.Error == "" {
		err = orStatus(nil, status)
	}
	if err != nil {
		out.Error = err.Error()
	}
	if asJSON {
		return printJSON(env.stdout, out)
	}
	fmt.Fprintln(env.stdout, "alive")
	if out.Error != "" {
		fmt.Fprintf(env.stdout, "not ready: %s\n", out.Error)
	}
	tellPaused(env.stdout, out.Portals)
	for _, p := range out.Portals {
		if p.Feeds == nil {
			continue
		}
		fmt.Fprintf(env.stdout, "%s: %s\n", p.Portal, p.Feeds.Text())
		for _, walk := range p.Feeds.Repair {
			if !walk.Complete {
				fmt.Fprintf(env.stdout, "%s: repair walk of %s records, begun %s: %d done\n",
					p.Portal, walk.Type, walk.Began.UTC().Format("2006-01-02 15:04 MST"), walk.Done)
			}
		}
	}
	return nil
}

// tellPaused names the portals that stand still, and why. Starting the process again would not help them.
func tellPaused(w io.Writer, portals []portalHealth) {
	for _, p := range portals {
		if p.Reason != "" {
			fmt.Fprintf(w, "portal %s: %s: %s\n", p.Portal, p.State, p.Reason)
		}
	}
}

func fetch(ctx context.Context, address string) (body []byte, status int, err error) {
	client := &http.Client{Timeout: 3 * time.Second}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, 0, fmt.Errorf("address the service: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, 0, err //nolint:wrapcheck // names method and address itself
	}
	defer func() { _ = resp.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return body, resp.StatusCode, err
}

func orStatus(err error, status int) error {
	if err != nil {
		return err
	}
	return errors.New(http.StatusText(status))
}

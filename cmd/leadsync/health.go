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
			"portal with webhooks within how many seconds changes were known, and how many no webhook announced; and for each\n" +
			"how many contacts must not be profiled and how many break the invariants of the model (`leadsync violations` lists them).",
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
	Error   string              `json:"error,omitempty"` // why the rest is not known
	Reason  string              `json:"pause_reason,omitempty"`
	Feeds   *service.FeedHealth `json:"feeds"`
	// SilentSince is since when the CRM gives no answer; Quarantine counts the records that are left alone.
	SilentSince string              `json:"crm_silent_since,omitempty"`
	Quarantine  *service.Quarantine `json:"quarantine,omitempty"`
	// Profiles counts the contacts that must not be profiled, and those that break invariants.
	Profiles *service.Profiles `json:"profiles,omitempty"`
	// Reevaluation is the walk through the stored contacts after a change of the model; nil if there was none.
	Reevaluation *service.Reevaluation `json:"reevaluation,omitempty"`
	// Fills are the walks under way that read what was never read before.
	Fills []service.Fill `json:"fills,omitempty"`
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
	tellLine(env.stdout, "alive")
	if out.Error != "" {
		tell(env.stdout, "not ready: %s\n", out.Error)
	}
	tellPaused(env.stdout, out.Portals)
	for _, p := range out.Portals {
		tellPortal(env.stdout, p)
	}
	return nil
}

// tellPortal says how far the walks of a portal are, who is not profiled, and how complete the news are.
func tellPortal(w io.Writer, p portalHealth) {
	if p.State == service.StateWaiting {
		tell(w, "%s: waiting for the lease: another process works the account, or one did that died less than `lease` ago\n", p.Portal)
	}
	if p.Error != "" {
		tell(w, "%s: how it is going could not be found out: %s\n", p.Portal, p.Error)
	}
	for _, fill := range p.Fills {
		tell(w, "%s: %s\n", p.Portal, fill.Text())
	}
	if p.Reevaluation != nil && !p.Reevaluation.Complete {
		tell(w, "%s: %s\n", p.Portal, p.Reevaluation.Text())
	}
	if p.SilentSince != "" {
		tell(w, "%s: the CRM has given no answer since %s; it is asked every few seconds, and everything goes on when it answers\n", p.Portal, p.SilentSince)
	}
	if p.Quarantine != nil {
		for _, line := range p.Quarantine.Lines() {
			tell(w, "%s: %s\n", p.Portal, line)
		}
	}
	tellProfiles(w, p)
	if p.Feeds == nil {
		return
	}
	tell(w, "%s: %s\n", p.Portal, p.Feeds.Text())
	for _, walk := range p.Feeds.Repair {
		if !walk.Complete {
			tell(w, "%s: repair walk of %s records, begun %s: %d done\n",
				p.Portal, walk.Type, walk.Began.UTC().Format("2006-01-02 15:04 MST"), walk.Done)
		}
	}
}

// tellProfiles says how many contacts must not be profiled, and how many break which invariant.
func tellProfiles(w io.Writer, p portalHealth) {
	if p.Profiles == nil {
		return
	}
	for _, line := range p.Profiles.Lines() {
		tell(w, "%s: %s\n", p.Portal, line)
	}
}

// tellPaused names the portals that stand still, and why. Starting the process again would not help them.
func tellPaused(w io.Writer, portals []portalHealth) {
	for _, p := range portals {
		if p.Reason != "" {
			tell(w, "portal %s: %s: %s\n", p.Portal, p.State, p.Reason)
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

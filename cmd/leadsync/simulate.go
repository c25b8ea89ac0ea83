package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/audit"
	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
	"leadsync/connector/hubspot/simulator/population"
	"leadsync/scoring"
)

type simulateOptions struct {
	address, install, serveOn string
	script                    string
	contacts                  int
	seed                      uint64
	searchLag                 time.Duration
	webhooks, limits          bool
	rivals                    int // contacts that another automation is after
}

func simulateCommand(env *environment) *cobra.Command {
	var o simulateOptions
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Serve a simulated HubSpot account alone, for `leadsync serve` in another process",
		Long: "The account answers like HubSpot on /crm and so on; people are played through /control (see README). With\n" +
			"--install DIR it writes a configuration and a model for it, so that `leadsync serve --config DIR/leadsync.yaml` works it.\n" +
			"The world's clock goes at the machine's pace; POST /control/advance moves it on.",
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return simulate(cmd, env, o) },
	}
	cmd.Flags().StringVar(&o.address, "listen", "127.0.0.1:9090", "loopback address to serve the account on")
	cmd.Flags().StringVar(&o.serveOn, "serve-on", "127.0.0.1:9091", "address that `leadsync serve` will listen on: where webhooks go")
	cmd.Flags().StringVar(&o.install, "install", "", "folder to write leadsync.yaml and model.yaml into")
	cmd.Flags().IntVar(&o.contacts, "contacts", 500, "contacts in the account")
	cmd.Flags().Uint64Var(&o.seed, "seed", 1, "the same seed gives the same account")
	cmd.Flags().DurationVar(&o.searchLag, "search-lag", 0, "how long a change stays invisible to search")
	cmd.Flags().BoolVar(&o.webhooks, "webhooks", true, "send signed webhooks")
	cmd.Flags().StringVar(&o.script, "script", "", "file with faults in words, such as: on the 3rd POST tasks/batch/create: apply, then reset")
	cmd.Flags().IntVar(&o.rivals, "rivals", 0, "contacts of whom another automation sets the stage back a minute after leadsync set it")
	cmd.Flags().BoolVar(&o.limits, "limits", false, "enforce a Professional account's rate limits")
	return cmd
}

func simulate(cmd *cobra.Command, env *environment, o simulateOptions) error {
	ctx := cmd.Context()
	if err := o.check(); err != nil {
		return err
	}
	script, err := readFaults(o.script)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, o.address)
	if err != nil {
		return err
	}
	clock := runningClock(env.now().UTC(), env.now)
	options := simulator.Options{
		PortalID: simulatedPortal, AppID: simulatedApp, Token: simulatedToken, Now: clock.Now, Wall: env.now, Seed: o.seed,
		SearchLag: o.searchLag, Advance: clock.Move,
	}
	target := ""
	if o.webhooks {
		target = "http://" + o.serveOn + "/webhooks/hubspot"
		options.Webhook = simulator.WebhookTarget{URL: target, Secret: simulatedSecret}
	}
	if o.limits {
		options.RateLimits = simulator.ProfessionalLimits()
	}
	account := simulator.New(options)
	if err := addProperties(account); err != nil {
		return err
	}
	if o.contacts > 0 {
		population.Populate(account, population.Options{Seed: o.seed, Contacts: o.contacts, Start: clock.Now()})
	}
	if err := setRivals(account, o); err != nil {
		return err
	}
	goLive, since := len(account.Journal()), clock.Now()
	url := "http://" + listener.Addr().String()
	if err := writeInstallation(env, o, url, target); err != nil {
		return err
	}
	for _, f := range script {
		account.Faults().Add(f)
	}
	account.Start(ctx)
	defer account.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /control/audit", auditHandler(account, clock, goLive, since))
	mux.Handle("/control/", account.Control())
	mux.Handle("/", account.Handler())
	stop := serveHandler(ctx, env.now, listener, mux)
	tell(env.stdout, "simulated account %d with %d contacts on %s (token %q)\n", simulatedPortal, account.Count("contacts"), url, simulatedToken)
	<-ctx.Done()
	return stop()
}

// check refuses what no account can be made of, and to serve it where others could reach it.
func (o simulateOptions) check() error {
	switch {
	case o.contacts < 0:
		return usageError{fmt.Errorf("--contacts cannot be negative: %d", o.contacts)}
	case o.rivals < 0 || o.rivals > o.contacts:
		return usageError{fmt.Errorf("--rivals must be from 0 to the %d of --contacts: %d", o.contacts, o.rivals)}
	case !loopback(o.address):
		return usageError{fmt.Errorf("--listen %s: the control API has no password, so only a loopback address will do", o.address)}
	}
	return nil
}

// setRivals has an automation of somebody else after about so many contacts: a share of all, in whole percent and rounded
// up. Which ones follows from the seed.
func setRivals(account *simulator.Account, o simulateOptions) error {
	if o.rivals == 0 {
		return nil
	}
	const all = 100
	percent := (o.rivals*all + o.contacts - 1) / o.contacts
	return account.SetRivals(simulator.Rival{Name: "old scoring", Property: "lifecyclestage", Percent: percent, After: time.Minute})
}

// readFaults reads a script of faults; no file is no faults.
func readFaults(file string) ([]simulator.Fault, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file) //nolint:gosec // the operator names it
	if err != nil {
		return nil, usageError{fmt.Errorf("read --script: %w", err)}
	}
	faults, err := simulator.ParseScript(file, string(text))
	if err != nil {
		return nil, usageError{fmt.Errorf("read --script:\n%w", err)}
	}
	return faults, nil
}

// loopback reports whether an address can be reached from this machine only.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// writeInstallation writes files that serve this account; credentials go into files of their own, as for a
// real account.
func writeInstallation(env *environment, o simulateOptions, url, target string) error {
	if o.install == "" {
		return nil
	}
	if err := writeFiles(o.install, installationFor(url, o.serveOn, target, "on"), demoModel()); err != nil {
		return err
	}
	tell(env.stdout, "wrote %s; in another terminal: leadsync serve --config %s\n", o.install, filepath.Join(o.install, "leadsync.yaml"))
	return nil
}

// auditHandler audits the account against the model in the request's body ({"model": "..."}; empty: the
// demo's). The account must be at rest.
func auditHandler(account *simulator.Account, clock *worldClock, goLive int, since time.Time) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var ask struct {
			Model string `json:"model"`
		}
		dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&ask); err != nil && r.ContentLength != 0 {
			http.Error(w, `{"error": "send {\"model\": text} or nothing"}`, http.StatusBadRequest)
			return
		}
		if ask.Model == "" {
			ask.Model = string(demoModel())
		}
		in, err := auditInput(account, []byte(ask.Model), goLive)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		in.GoLiveAt = since
		inSteps(&in, clock.Now())
		report := audit.Run(in)
		w.Header().Set("Content-Type", "application/json")
		_ = printJSON(w, report) // the caller has gone if this fails
	}
}

// reaction is how long after a deed leadsync's writes count as its consequence.
const reaction = time.Minute

// breath is how long after a deed another one, before which leadsync wrote nothing, is seen together with it.
const breath = 2 * time.Second

// inSteps tells an auditor who thinks in steps about a world that does not stand still: what leadsync wrote
// within a minute of a deed belongs to the deed's instant, what it wrote later happened because time passed. Deeds that
// follow each other in one breath are one step, that of the last: what follows from each of them comes after it.
func inSteps(in *audit.Input, now time.Time) {
	in.Journal = slices.Clone(in.Journal)
	last, wrote := in.GoLiveAt, true // the beginning is a step of its own
	var first int                    // of the deeds of the present step
	var began time.Time
	for i := range in.Journal {
		e := &in.Journal[i]
		if e.Seq <= in.GoLive {
			continue
		}
		written := byCall(*e)
		switch {
		case written && e.At.Sub(last) <= reaction:
			e.At, wrote = last, true
			continue
		case e.At.Equal(last) && !wrote:
			continue
		case !wrote && e.At.Sub(began) <= breath:
			for j := first; j < i; j++ {
				in.Journal[j].At = e.At
			}
			in.Steps[len(in.Steps)-1] = e.At
		default:
			if !e.At.Equal(last) {
				first, began = i, e.At
				in.Steps = append(in.Steps, e.At)
			}
		}
		last, wrote = e.At, written
	}
	in.Steps = append(in.Steps, now)
}

// byCall reports whether leadsync did it by a call, or HubSpot on account of one.
func byCall(e simulator.Entry) bool { return e.Actor.Kind == simulator.API || e.Request != 0 }

// auditInput is an audit of an account that the demo's installation works.
func auditInput(account *simulator.Account, model []byte, goLive int) (audit.Input, error) {
	m, err := scoring.Parse("model", model)
	if err != nil {
		return audit.Input{}, err
	}
	cfg, err := config.Parse("leadsync.yaml", []byte(installationFor("http://127.0.0.1:1", "127.0.0.1:2", "", "on")))
	if err != nil {
		return audit.Input{}, err
	}
	p, err := service.NewPortal(cfg.Portals[0], cfg.Limits, hubspot.Names(), connector.Account{TimeZone: "Europe/Berlin"})
	if err != nil {
		return audit.Input{}, err
	}
	for _, s := range m.Stages() {
		if !s.SideTrack {
			p.Order = append(p.Order, s.Name)
		}
	}
	p.CompanyOrder = p.Order // HubSpot has the same stages for companies
	return audit.Input{
		Model: model, Journal: account.Journal(), Account: account, GoLive: goLive, Mapping: withCalendar(auditMapping(p), cfg.Portals[0], account.Owners()), Words: auditWords(),
	}, nil
}

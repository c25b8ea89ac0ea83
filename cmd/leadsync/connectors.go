package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"time"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector/hubspot"
	"leadsync/workflows"
)

// connect makes the way to one portal's CRM. This is the one list of CRMs.
func connect(env *environment, cfg *config.Config, p config.Portal, log *slog.Logger, observe func(hubspot.Call)) (service.Connection, *hubspot.Client, error) {
	if p.CRM != "hubspot" {
		return service.Connection{}, nil, fmt.Errorf("portal %q: CRM %q is not known; this release knows hubspot", p.Name, p.CRM)
	}
	tokens, err := newAccess(env, cfg, p, log)
	if err != nil {
		return service.Connection{}, nil, fmt.Errorf("portal %q: %w", p.Name, err)
	}
	conn := service.Connection{Names: hubspot.Names(), Now: func() time.Time { return env.now().UTC() }}
	transport, err := wireTo(p)
	if err != nil {
		return conn, nil, err
	}
	if env.wire != nil {
		transport = env.wire(transport)
	}
	if p.Clock == config.ClockSimulator {
		clock := service.NewSimulatedClock(transport, env.now)
		transport, conn.Now = clock, clock.Now
	}
	conn.Breaker = &workflows.Breaker{Now: env.now, Jitter: jitter}
	reserve := float64(cfg.Limits.ReservePercent) / 100
	settings := hubspot.Config{
		BaseURL: p.BaseURL, Transport: transport, Now: env.now, Logger: log, Jitter: jitter,
		Token: tokens.token, Renew: tokens.renew,
		GeneralPerSecond: cfg.Limits.GeneralPerSecond, SearchPerSecond: cfg.Limits.SearchPerSecond,
		Observe: observe, Circuit: conn.Breaker, KeyProperty: p.Properties.Key, AppID: p.Webhooks.AppID, Versions: p.Versions, Reserve: &reserve,
	}
	client, err := hubspot.New(settings)
	if err != nil {
		return conn, nil, fmt.Errorf("portal %q: %w", p.Name, err)
	}
	conn.CRM, conn.Marked = client, marked(settings)
	if p.Webhooks.Enabled {
		if conn.Verifier, err = verifier(env, p); err != nil {
			return conn, nil, fmt.Errorf("portal %q: %w", p.Name, err)
		}
	}
	return conn, client, nil
}

func verifier(env *environment, p config.Portal) (*hubspot.Verifier, error) {
	v := &hubspot.Verifier{TargetURL: p.Webhooks.TargetURL, Now: env.now}
	for _, source := range []config.SecretSource{p.Webhooks.ClientSecret, p.Webhooks.PreviousClientSecret} {
		if source.IsZero() {
			continue
		}
		secret, err := source.Read(env.getenv, env.readFile)
		if err != nil {
			return nil, fmt.Errorf("webhook client secret: %w", err)
		}
		v.Secrets = append(v.Secrets, secret.Reveal())
	}
	return v, nil
}

// databaseURL is what the store opens: the file, or the URL with its password put in.
func databaseURL(db config.Database, env *environment) (string, error) {
	if db.URL == "" {
		return db.File, nil
	}
	if db.Password.IsZero() {
		return db.URL, nil
	}
	secret, err := db.Password.Read(env.getenv, env.readFile)
	if err != nil {
		return "", fmt.Errorf("database password: %w", err)
	}
	u, err := url.Parse(db.URL)
	if err != nil {
		return "", fmt.Errorf("database URL: %w", err)
	}
	u.User = url.UserPassword(u.User.Username(), secret.Reveal())
	return u.String(), nil
}

// listen opens the listener that serve, simulate and demo answer on.
func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; choose another address", address, err)
	}
	return l, nil
}

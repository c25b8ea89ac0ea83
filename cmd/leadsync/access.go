package main

import (
	"context"
	"fmt"
	"log/slog"

	"leadsync/cmd/leadsync/config"
	"leadsync/connector/hubspot"
)

// access is how one portal gets its tokens.
type access struct {
	token func(ctx context.Context) (string, error)
	renew func(ctx context.Context, rejected string) (string, error) // nil: a rejected token is final
}

// newAccess reads what the portal's tokens are made from, so that what is missing is said at the start.
func newAccess(env *environment, cfg *config.Config, p config.Portal, log *slog.Logger) (access, error) {
	if !p.OAuth.IsZero() {
		keeper, err := newGrantKeeper(env, cfg, p)
		if err != nil {
			return access{}, err
		}
		o, err := newOAuth(env, p, keeper, log)
		if err != nil {
			return access{}, err
		}
		return access{token: o.Token, renew: o.Renew}, nil
	}
	if _, err := p.Token.Read(env.getenv, env.readFile); err != nil {
		return access{}, fmt.Errorf("token: %w", err)
	}
	// The source is read for every attempt, so a replaced token works without a restart.
	return access{token: func(context.Context) (string, error) {
		secret, err := p.Token.Read(env.getenv, env.readFile)
		return secret.Reveal(), err
	}}, nil
}

func newOAuth(env *environment, p config.Portal, keeper *grantKeeper, log *slog.Logger) (*hubspot.OAuth, error) {
	secret := func() (string, error) {
		s, err := p.OAuth.ClientSecret.Read(env.getenv, env.readFile)
		return s.Reveal(), err
	}
	if _, err := secret(); err != nil {
		return nil, err
	}
	authorize := p.OAuth.AuthorizeURL
	if authorize == "" && p.BaseURL != hubspot.DefaultBaseURL {
		authorize = p.BaseURL + "/oauth/authorize" // a simulated account plays both parts
	}
	transport, err := wireTo(p)
	if err != nil {
		return nil, err
	}
	return hubspot.NewOAuth(hubspot.OAuthConfig{
		BaseURL: p.BaseURL, AuthorizeURL: authorize, RedirectURL: p.OAuth.RedirectURL, ClientID: p.OAuth.ClientID,
		ClientSecret: secret, Keeper: keeper, Transport: transport,
		Now: env.now, Logger: log, Jitter: jitter, Versions: p.Versions,
	})
}

// ready says what is missing before the portal's account can be asked, nil if nothing is.
func ready(ctx context.Context, env *environment, cfg *config.Config, p config.Portal) error {
	if _, err := newAccess(env, cfg, p, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	if p.OAuth.IsZero() {
		return nil
	}
	keeper, err := newGrantKeeper(env, cfg, p)
	if err != nil {
		return err
	}
	if _, err := keeper.Load(ctx); err != nil {
		return fmt.Errorf("%w; run `leadsync connect --portal %s`", err, p.Name)
	}
	return nil
}

package simulator

import (
	"fmt"
	"time"
)

// oauthSettings is POST /control/oauth: what is named is changed, then what
// "do" says happens to the tokens that are out: "expire" or "revoke-access"
// (a refresh helps), or "revoke" (the app is uninstalled).
type oauthSettings struct {
	Refuse   *bool     `json:"refuse"`
	Rotate   *bool     `json:"rotate"`
	Lifetime *span     `json:"lifetime"`
	Scopes   *[]string `json:"scopes"`
	Do       string    `json:"do"`
}

func (in oauthSettings) into(app OAuthApp) (OAuthApp, error) {
	if in.Refuse != nil {
		app.Refuse = *in.Refuse
	}
	if in.Rotate != nil {
		app.Rotate = *in.Rotate
	}
	if in.Scopes != nil {
		app.Scopes = *in.Scopes
	}
	if in.Lifetime != nil {
		if app.Lifetime = time.Duration(*in.Lifetime); app.Lifetime < time.Second {
			return app, fmt.Errorf("lifetime %s: give a second or more: %w", app.Lifetime, ErrInvalid)
		}
	}
	return app, nil
}

// setOAuth changes how the app's OAuth behaves.
func (c control) setOAuth() (any, error) {
	var in oauthSettings
	if err := c.read(&in); err != nil {
		return nil, err
	}
	app, err := in.into(c.a.OAuth())
	if err != nil {
		return nil, err
	}
	switch in.Do {
	case "", "expire", "revoke-access", "revoke":
	default:
		return nil, fmt.Errorf("do %q: use expire, revoke-access or revoke: %w", in.Do, ErrInvalid)
	}
	c.a.SetOAuth(app)
	switch in.Do {
	case "expire":
		c.a.ExpireAccess()
	case "revoke-access":
		c.a.RevokeAccess()
	case "revoke":
		c.a.RevokeGrants()
	}
	return c.showOAuth()
}

// showOAuth gives the app's settings, without its secret, and what was asked so far.
func (c control) showOAuth() (any, error) {
	app := c.a.OAuth()
	return struct {
		ClientID string      `json:"clientId"`
		Lifetime string      `json:"lifetime"`
		Rotate   bool        `json:"rotate"`
		Refuse   bool        `json:"refuse"`
		Scopes   []string    `json:"scopes"`
		Counts   OAuthCounts `json:"counts"`
	}{app.ClientID, app.Lifetime.String(), app.Rotate, app.Refuse, app.Scopes, c.a.OAuthCounts()}, nil
}

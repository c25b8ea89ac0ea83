package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"leadsync/cmd/leadsync/config"
	"leadsync/connector"
	"leadsync/connector/hubspot"
)

// byOAuth walks through the authorisation: link, callback, exchange, comparison, storing.
func (c *connectResult) byOAuth(ctx context.Context, env *environment, in *installation, p config.Portal, o connectOptions) error {
	keeper, err := newGrantKeeper(env, in.cfg, p)
	if err != nil {
		return err
	}
	oauth, err := newOAuth(env, p, keeper, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	back, err := url.Parse(p.OAuth.RedirectURL)
	if err != nil {
		return fmt.Errorf("redirect_url: %w", err)
	}
	say := env.stdout
	if o.asJSON {
		say = env.stderr
	}
	f := &authorization{
		portal: p, oauth: oauth, keeper: keeper, state: rand.Text(), path: orWord(back.Path, "/"), say: say,
		done: make(chan error, 1),
	}
	listener, err := listen(ctx, back.Host)
	if err != nil {
		return fmt.Errorf("wait for the answer at redirect_url: %w", err)
	}
	stop := serveHandler(ctx, env.now, listener, f)
	tell(say, "Open this link as an administrator of account %s and agree:\n\n  %s\n\n", p.Account,
		oauth.AuthorizeURL(f.state, p.OAuth.Scopes, p.OAuth.OptionalScopes))
	tell(say, "The browser then comes back to %s on this machine. If it runs on another one, forward the port first:\n"+
		"  ssh -L %s:localhost:%s THIS-MACHINE\n", p.OAuth.RedirectURL, back.Port(), back.Port())
	err = f.wait(ctx, o.timeout)
	if err := errors.Join(err, stop()); err != nil {
		return err
	}
	c.Granted = f.granted
	if len(f.granted) > 0 {
		c.Missing = slices.DeleteFunc(slices.Clone(p.OAuth.Scopes), func(s string) bool { return slices.Contains(f.granted, s) })
	}
	return c.probe(ctx, env, in, p)
}

// authorization waits for the one answer that belongs to it.
type authorization struct {
	portal config.Portal
	oauth  *hubspot.OAuth
	keeper *grantKeeper
	state  string
	path   string
	say    io.Writer
	done   chan error // the outcome, once

	mu      sync.Mutex
	used    bool
	granted []string
}

// wait returns the outcome; it tells now and then that it is still waiting.
func (f *authorization) wait(ctx context.Context, timeout time.Duration) error {
	const every = 30 * time.Second
	over, tick := time.NewTimer(timeout), time.NewTicker(every)
	defer over.Stop()
	defer tick.Stop()
	left := timeout
	for {
		select {
		case err := <-f.done:
			return err
		case <-ctx.Done():
			return fmt.Errorf("stopped while waiting for the administrator; nothing was stored: %w", ctx.Err())
		case <-over.C:
			return fmt.Errorf("no answer within %s; nothing was stored. Run `leadsync connect` again for a new link", timeout)
		case <-tick.C:
			left -= every
			tell(f.say, "still waiting for the administrator, %s left\n", max(left, 0).Round(time.Second))
		}
	}
}

// ServeHTTP takes the browser that HubSpot sends back.
func (f *authorization) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || r.URL.Path != f.path {
		showPage(w, http.StatusNotFound, "Nothing is here", "Use the link that leadsync printed in the terminal.")
		return
	}
	q := r.URL.Query()
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(f.state)) != 1 {
		tellLine(f.say, "an answer with a wrong state came back and was refused; it belongs to another link, or is forged. Still waiting.")
		showPage(w, http.StatusBadRequest, "This answer does not belong to the link",
			"Nothing was stored. Use the link that leadsync printed last.")
		return
	}
	f.mu.Lock()
	twice := f.used
	f.used = true
	f.mu.Unlock()
	if twice {
		showPage(w, http.StatusConflict, "This link has been used", "Run leadsync connect again for a new one.")
		return
	}
	// The browser may go away; the code works once, so what it began is finished.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), time.Minute)
	defer cancel()
	err := f.answered(ctx, q)
	if err != nil {
		showPage(w, http.StatusBadRequest, "Not connected", err.Error())
	} else {
		showPage(w, http.StatusOK, "Connected", "leadsync is connected to account "+string(f.portal.Account)+". You can close this page.")
	}
	f.done <- err
}

// answered judges an answer with the right state, and stores the grant if all is well.
func (f *authorization) answered(ctx context.Context, q url.Values) error {
	switch {
	case q.Get("error") == "access_denied":
		return errors.New("the administrator did not agree (access_denied); nothing was stored. Run `leadsync connect` again for a new link")
	case q.Has("error"):
		return fmt.Errorf("HubSpot answered with the error %q; nothing was stored", printable(q.Get("error")))
	case q.Get("code") == "":
		return errors.New("the answer holds no code; nothing was stored. Run `leadsync connect` again for a new link")
	}
	grant, err := f.oauth.Exchange(ctx, q.Get("code"))
	if err != nil {
		return fmt.Errorf("%w; nothing was stored", err)
	}
	account, err := f.owner(ctx, grant)
	if err != nil {
		return fmt.Errorf("ask whose grant it is: %w; nothing was stored", err)
	}
	if account != f.portal.Account {
		return fmt.Errorf("%w; the app is installed in account %s now: uninstall it there if it does not belong", wrongAccount(f.portal, account), account)
	}
	grant.Account = account
	if err := f.keeper.put(ctx, grant); err != nil {
		return fmt.Errorf("store the grant: %w", err)
	}
	f.granted = grant.Scopes
	return nil
}

// owner is the account of a grant: as it says itself, or as HubSpot says about its token.
func (f *authorization) owner(ctx context.Context, g hubspot.Grant) (connector.PortalID, error) {
	if g.Account != "" {
		return g.Account, nil
	}
	found, err := f.oauth.Introspect(ctx, g.AccessToken, "access_token")
	if err != nil {
		return "", err
	}
	if !found.Active || found.Account == "" {
		return "", errors.New("HubSpot does not say which account the grant is of")
	}
	return found.Account, nil
}

// printable cuts what somebody else wrote down to what can stand in a message.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), 80)]
}

//go:embed connect.html
var connectPage string

// showPage answers the browser of a person.
func showPage(w http.ResponseWriter, status int, title, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // the address holds the code
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	w.WriteHeader(status)
	page, err := template.New("page").Parse(connectPage)
	if err == nil {
		_ = page.Execute(w, map[string]string{"Title": title, "Text": text}) // the browser has gone if this fails
	}
}

package hubspot_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
)

const (
	oauthClient = "sim-client-0000"
	oauthSecret = "sim-client-secret-0000"
	redirect    = "http://localhost:8976/callback"
)

// shelf keeps one grant in memory, for several token sources at once, by the rules of the real keeper.
type shelf struct {
	mu      sync.Mutex
	now     func() time.Time
	kept    *hubspot.Kept
	claimed time.Time // until when
	saves   []hubspot.Grant
	refused int
	fail    map[string]error // by method, once
}

func (s *shelf) failing(method string) error {
	err := s.fail[method]
	delete(s.fail, method)
	return err
}

func (s *shelf) Load(context.Context) (hubspot.Kept, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.failing("load"); err != nil {
		return hubspot.Kept{}, err
	}
	if s.kept == nil {
		return hubspot.Kept{}, hubspot.ErrNoGrant
	}
	return *s.kept, nil
}

func (s *shelf) Claim(_ context.Context, version int64, d time.Duration) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.failing("claim"); err != nil {
		return false, err
	}
	if s.kept == nil || s.kept.Version != version || s.now().Before(s.claimed) {
		return false, nil
	}
	s.claimed = s.now().Add(d)
	return true, nil
}

func (s *shelf) Save(ctx context.Context, version int64, g hubspot.Grant) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := errors.Join(s.failing("save"), ctx.Err()); err != nil {
		return err
	}
	if s.kept == nil || s.kept.Version != version {
		return hubspot.ErrGrantChanged
	}
	s.kept, s.claimed = &hubspot.Kept{Grant: g, Version: version + 1}, time.Time{}
	s.saves = append(s.saves, g)
	return s.failing("saved") // stored, but the answer is lost
}

func (s *shelf) Release(_ context.Context, version int64, refused bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil || s.kept.Version != version {
		return hubspot.ErrGrantChanged
	}
	s.claimed = time.Time{}
	if refused {
		s.kept.Disconnected = true
		s.refused++
	}
	return nil
}

func (s *shelf) put(g hubspot.Grant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	version := int64(1)
	if s.kept != nil {
		version = s.kept.Version + 1
	}
	s.kept = &hubspot.Kept{Grant: g, Version: version}
}

// office is an app, a simulated account that it may be installed in, and a clock.
type office struct {
	*simulator.Account
	t      *testing.T
	mu     sync.Mutex
	at     time.Time
	keeper *shelf
	wire   http.RoundTripper
	logs   *strings.Builder
}

func newOffice(t *testing.T, app simulator.OAuthApp) *office {
	t.Helper()
	o := &office{t: t, at: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), logs: &strings.Builder{}}
	o.Account = simulator.New(simulator.Options{Now: o.now, Wall: o.now, Seed: 3, OAuth: app})
	o.keeper = &shelf{now: o.now, fail: map[string]error{}}
	o.wire = o.Transport()
	return o
}

func (o *office) now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.at
}

func (o *office) pass(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.at = o.at.Add(d)
}

// source is one process's token source.
func (o *office) source(change ...func(*hubspot.OAuthConfig)) *hubspot.OAuth {
	o.t.Helper()
	cfg := hubspot.OAuthConfig{
		BaseURL: "https://api.example.test", AuthorizeURL: "https://app.example.test/oauth/authorize", RedirectURL: redirect,
		ClientID: oauthClient, ClientSecret: func() (string, error) { return oauthSecret, nil },
		Keeper: o.keeper, Transport: o.wire, Now: o.now, Jitter: func() float64 { return 0 }, Attempts: 1,
		Logger: slog.New(slog.NewTextHandler(&lockedWriter{w: o.logs}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&cfg)
	}
	s, err := hubspot.NewOAuth(cfg)
	if err != nil {
		o.t.Fatal(err)
	}
	return s
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// agree opens the link as an administrator does and gives what comes back.
func (o *office) agree(s *hubspot.OAuth, scopes ...string) url.Values {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), http.MethodGet, s.AuthorizeURL("the state", scopes, []string{"crm.lists.read"}), http.NoBody)
	if err != nil {
		o.t.Fatal(err)
	}
	resp, err := o.Transport().RoundTrip(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		body, _ := io.ReadAll(resp.Body)
		o.t.Fatalf("status %d without a redirect: %s", resp.StatusCode, body)
	}
	if got := back.Scheme + "://" + back.Host + back.Path; got != redirect {
		o.t.Errorf("sent back to %s", got)
	}
	return back.Query()
}

// connect installs the app and stores the grant.
func (o *office) connect(scopes ...string) hubspot.Grant {
	o.t.Helper()
	s := o.source()
	q := o.agree(s, append([]string{"oauth"}, scopes...)...)
	g, err := s.Exchange(o.t.Context(), q.Get("code"))
	if err != nil {
		o.t.Fatal(err)
	}
	o.keeper.put(g)
	return g
}

func (o *office) must(token string, err error) string {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
	return token
}

func (o *office) refreshes(want int) {
	o.t.Helper()
	if got := o.OAuthCounts().Refreshes; got != want {
		o.t.Errorf("%d refreshes, want %d", got, want)
	}
}

func TestAuthorizeAndExchange(t *testing.T) {
	o := newOffice(t, simulator.OAuthApp{RedirectURLs: []string{redirect}})
	s := o.source()
	q := o.agree(s, "oauth", "crm.objects.contacts.read")
	if q.Get("state") != "the state" || q.Get("code") == "" {
		t.Fatalf("came back with %v", q)
	}
	g, err := s.Exchange(t.Context(), q.Get("code"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"crm.lists.read", "crm.objects.contacts.read", "oauth"}; !cmp.Equal(want, g.Scopes) {
		t.Errorf("scopes %v, want %v", g.Scopes, want)
	}
	if g.Account != "48000001" || !g.ExpiresAt.Equal(o.now().Add(30*time.Minute)) || !g.RenewAt.Equal(o.now().Add(25*time.Minute)) {
		t.Errorf("account %s, renew at %s, expires at %s", g.Account, g.RenewAt, g.ExpiresAt)
	}
	_, err = s.Exchange(t.Context(), q.Get("code"))
	if e := detail(t, err); !errors.Is(err, connector.ErrUnauthorized) || errors.Is(err, hubspot.ErrDisconnected) || !strings.Contains(e.Message, "BAD_AUTH_CODE") {
		t.Errorf("the code worked twice: %v", err)
	}
}

func TestTokenIsRefreshedFiveMinutesAheadAndStoredFirst(t *testing.T) {
	o := newOffice(t, simulator.OAuthApp{Rotate: true})
	first := o.connect("crm.objects.contacts.read")
	s := o.source()
	o.pass(25*time.Minute - time.Second)
	if got := o.must(s.Token(t.Context())); got != first.AccessToken {
		t.Error("refreshed too early")
	}
	o.refreshes(0)
	o.pass(time.Second)
	second := o.must(s.Token(t.Context()))
	o.refreshes(1)
	if second == first.AccessToken || len(o.keeper.saves) != 1 || o.keeper.saves[0].AccessToken != second ||
		o.keeper.saves[0].RefreshToken == first.RefreshToken || o.keeper.saves[0].Account != first.Account {
		t.Errorf("what came back was not stored: %d saves", len(o.keeper.saves))
	}
	// A process that starts now has nothing but what is stored: after a crash the rotated token is there.
	o.pass(26 * time.Minute)
	o.must(o.source().Token(t.Context()))
	o.refreshes(2)
}

func TestARefreshIsDoneOnce(t *testing.T) {
	for _, sources := range []int{1, 2} {
		t.Run(fmt.Sprintf("%d processes", sources), func(t *testing.T) {
			o := newOffice(t, simulator.OAuthApp{Rotate: true})
			o.connect()
			o.pass(time.Hour)
			o.Faults().Add(simulator.Fault{Kind: simulator.FaultSlow, Endpoint: "POST /oauth/{v}/token", Delay: 20 * time.Millisecond})
			all := []*hubspot.OAuth{o.source(), o.source()}[:sources]
			tokens := make([]string, 40)
			var wg sync.WaitGroup
			for i := range tokens {
				wg.Go(func() {
					token, err := all[i%sources].Token(t.Context())
					if err != nil {
						t.Error(err)
					}
					tokens[i] = token
				})
			}
			wg.Wait()
			o.refreshes(1)
			for _, token := range tokens {
				if token != tokens[0] || token == "" {
					t.Fatal("not everybody got the one new token")
				}
			}
		})
	}
}

// A 401 wakes all calls at once; the token is renewed once, and by one process.
func TestRenewIsDoneOnce(t *testing.T) {
	o := newOffice(t, simulator.OAuthApp{})
	o.connect()
	a, b := o.source(), o.source()
	rejected := o.must(a.Token(t.Context()))
	o.must(b.Token(t.Context()))
	o.RevokeAccess()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if token, err := []*hubspot.OAuth{a, b}[i%2].Renew(t.Context(), rejected); err != nil || token == rejected {
				t.Errorf("Renew: %v", err)
			}
		})
	}
	wg.Wait()
	o.refreshes(1)
}

func TestStoringFails(t *testing.T) {
	t.Run("nothing is used before it is stored", func(t *testing.T) {
		o := newOffice(t, simulator.OAuthApp{Rotate: true})
		o.connect()
		o.pass(time.Hour)
		s := o.source()
		o.keeper.fail["save"] = errors.New("disk full")
		if _, err := s.Token(t.Context()); !errors.Is(err, connector.ErrUnavailable) || !strings.Contains(err.Error(), "disk full") {
			t.Fatalf("error = %v", err)
		}
		// The only refresh token that works is in memory: it is stored with the next call, without another refresh.
		token := o.must(s.Token(t.Context()))
		o.refreshes(1)
		if len(o.keeper.saves) != 1 || o.keeper.saves[0].AccessToken != token {
			t.Error("what came back was forgotten")
		}
	})
	t.Run("a rejected token is not used while its successor waits to be stored", func(t *testing.T) {
		o := newOffice(t, simulator.OAuthApp{Rotate: true})
		o.connect()
		s := o.source()
		rejected := o.must(s.Token(t.Context()))
		o.RevokeAccess()
		o.keeper.fail["save"] = errors.New("disk full")
		if _, err := s.Renew(t.Context(), rejected); !errors.Is(err, connector.ErrUnavailable) {
			t.Fatalf("error = %v", err)
		}
		if got := o.must(s.Token(t.Context())); got == rejected || len(o.keeper.saves) != 1 {
			t.Error("the rejected token was given again")
		}
		o.refreshes(1)
	})
	t.Run("stored, but the answer of the database is lost", func(t *testing.T) {
		o := newOffice(t, simulator.OAuthApp{Rotate: true})
		o.connect()
		o.pass(time.Hour)
		s := o.source()
		o.keeper.fail["saved"] = errors.New("connection lost")
		if _, err := s.Token(t.Context()); err == nil {
			t.Fatal("the unknown outcome passed for success")
		}
		if token := o.must(s.Token(t.Context())); token != o.keeper.saves[0].AccessToken {
			t.Error("another token than the stored one")
		}
		o.refreshes(1)
	})
	t.Run("somebody connected anew meanwhile", func(t *testing.T) {
		o := newOffice(t, simulator.OAuthApp{})
		o.connect()
		o.pass(time.Hour)
		s := o.source()
		o.keeper.fail["save"] = errors.New("busy")
		_, _ = s.Token(t.Context())
		anew := o.connect()
		if token := o.must(s.Token(t.Context())); token != anew.AccessToken {
			t.Error("the older grant won")
		}
	})
	for _, method := range []string{"load", "claim"} {
		t.Run(method, func(t *testing.T) {
			o := newOffice(t, simulator.OAuthApp{})
			o.connect()
			o.pass(time.Hour)
			o.keeper.fail[method] = errors.New("locked")
			if _, err := o.source().Token(t.Context()); !errors.Is(err, connector.ErrUnavailable) || errors.Is(err, hubspot.ErrDisconnected) {
				t.Errorf("error = %v", err)
			}
			o.refreshes(0)
		})
	}
}

func TestCallerGivesUpDuringARefresh(t *testing.T) {
	o := newOffice(t, simulator.OAuthApp{Rotate: true})
	o.connect()
	o.pass(time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	wire := o.wire
	o.wire = roundTrip(func(r *http.Request) (*http.Response, error) {
		cancel()
		return wire.RoundTrip(r)
	})
	_, _ = o.source().Token(ctx)
	if len(o.keeper.saves) != 1 {
		t.Fatal("the refresh token that came back is lost")
	}
	if _, err := o.source().Token(ctx); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
}

// What HubSpot can answer to a refresh (hubspot-api 2.2), and what it means.
func TestRefusedRefresh(t *testing.T) {
	refusal := func(code, status string) string {
		return fmt.Sprintf(`{"error":%q,"error_description":"about %s","status":%q,"message":"about %s"}`, code, oauthSecret, status, oauthSecret)
	}
	const disconnected, wrongClient, nothing = "disconnected", "wrong client", "nothing"
	cases := map[string]struct {
		status int
		body   string
		kind   error
		means  string
	}{
		"revoked":                    {400, refusal("invalid_grant", "BAD_REFRESH_TOKEN"), connector.ErrUnauthorized, disconnected},
		"grant alone":                {400, `{"error":"invalid_grant"}`, connector.ErrUnauthorized, disconnected},
		"status alone":               {400, `{"status":"BAD_REFRESH_TOKEN"}`, connector.ErrUnauthorized, disconnected},
		"account gone":               {400, refusal("invalid_grant", "BAD_HUB"), connector.ErrUnauthorized, disconnected},
		"access denied":              {403, refusal("access_denied", "ACCESS_DENIED"), connector.ErrUnauthorized, disconnected},
		"client id":                  {400, refusal("invalid_client", "BAD_CLIENT_ID"), connector.ErrUnauthorized, wrongClient},
		"client secret":              {401, refusal("invalid_client", "BAD_CLIENT_SECRET"), connector.ErrUnauthorized, wrongClient},
		"client, called a grant":     {400, refusal("invalid_grant", "BAD_CLIENT_SECRET"), connector.ErrUnauthorized, wrongClient},
		"unknown refusal":            {400, refusal("invalid_request", "SOMETHING_NEW"), connector.ErrUnauthorized, nothing},
		"refusal without words":      {400, ``, connector.ErrUnauthorized, nothing},
		"refusal as a page":          {404, `<html>not here</html>`, connector.ErrUnauthorized, nothing},
		"server error":               {500, ``, connector.ErrUnavailable, nothing},
		"gateway page":               {502, `<html>invalid_grant</html>`, connector.ErrUnavailable, nothing},
		"error with a grant's words": {503, refusal("invalid_grant", "BAD_REFRESH_TOKEN"), connector.ErrUnavailable, nothing},
		"throttled":                  {429, `{"policyName":"TEN_SECONDLY_ROLLING"}`, connector.ErrThrottled, nothing},
		"redirect":                   {302, ``, connector.ErrUnavailable, nothing},
		"timeout":                    {408, ``, connector.ErrUnavailable, nothing},
		"no JSON":                    {200, `<html>login</html>`, connector.ErrUnavailable, nothing},
		"no token in it":             {200, `{"expires_in":1800}`, connector.ErrUnavailable, nothing},
		"token with a line end":      {200, `{"access_token":"a\nb","refresh_token":"r"}`, connector.ErrUnavailable, nothing},
		"another account":            {200, `{"access_token":"a","refresh_token":"r","hub_id":999}`, connector.ErrUnauthorized, nothing},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, simulator.OAuthApp{})
			g := o.connect()
			o.pass(time.Hour)
			n := 0
			o.wire = roundTrip(func(*http.Request) (*http.Response, error) {
				n++
				resp := answerWith(c.status, c.body)
				resp.Header.Set("Content-Type", "application/json")
				resp.Header.Set("Location", "https://elsewhere.example.test/")
				return resp, nil
			})
			s := o.source()
			token, err := s.Token(t.Context())
			if token != "" || !errors.Is(err, c.kind) {
				t.Fatalf("Token = %q, %v; want %v", token, err, c.kind)
			}
			if got := errors.Is(err, hubspot.ErrDisconnected); got != (c.means == disconnected) || got != o.keeper.kept.Disconnected {
				t.Errorf("disconnected: error %t, kept %t", got, o.keeper.kept.Disconnected)
			}
			if got := errors.Is(err, hubspot.ErrWrongClient); got != (c.means == wrongClient) {
				t.Errorf("wrong client: %t", got)
			}
			if o.keeper.kept.Grant.RefreshToken != g.RefreshToken || !o.keeper.claimed.IsZero() {
				t.Error("the grant was touched, or the claim is left behind")
			}
			for _, secret := range []string{oauthSecret, g.RefreshToken, g.AccessToken} {
				if strings.Contains(err.Error()+o.logs.String(), secret) {
					t.Errorf("a secret shows: %v\n%s", err, o.logs)
				}
			}
			again := n
			_, _ = o.source().Token(t.Context())
			if c.means == disconnected && n != again {
				t.Error("HubSpot was asked again about a grant that it has refused for good")
			}
			if c.means != disconnected && n != again+1 {
				t.Error("it was not tried again")
			}
		})
	}
}

func TestWithoutAnswer(t *testing.T) {
	o := newOffice(t, simulator.OAuthApp{})
	g := o.connect()
	o.wire = roundTrip(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })
	s := o.source()
	o.pass(26 * time.Minute)
	if got := o.must(s.Token(t.Context())); got != g.AccessToken {
		t.Error("the token that still works was not used")
	}
	if _, err := s.Renew(t.Context(), g.AccessToken); !errors.Is(err, connector.ErrUnavailable) {
		t.Errorf("a rejected token was given again: %v", err)
	}
	o.pass(4 * time.Minute)
	if _, err := s.Token(t.Context()); !errors.Is(err, connector.ErrUnavailable) {
		t.Errorf("after its end: %v", err)
	}
}

func TestDisconnectedUntilConnectedAgain(t *testing.T) {
	o := newOffice(t, simulator.OAuthApp{})
	s := o.source()
	if _, err := s.Token(t.Context()); !errors.Is(err, hubspot.ErrDisconnected) {
		t.Errorf("never connected: %v", err)
	}
	o.connect()
	o.must(s.Token(t.Context()))
	o.RevokeGrants()
	o.pass(time.Hour)
	if _, err := s.Token(t.Context()); !errors.Is(err, hubspot.ErrDisconnected) || !errors.Is(err, connector.ErrUnauthorized) {
		t.Errorf("revoked: %v", err)
	}
	anew := o.connect()
	if got := o.must(s.Token(t.Context())); got != anew.AccessToken {
		t.Error("the new grant is not used")
	}
}

// A process that died with the claim holds nobody up while the token works, and for no longer than the claim.
func TestClaimOfADeadProcess(t *testing.T) {
	o := newOffice(t, simulator.OAuthApp{})
	g := o.connect()
	o.pass(26 * time.Minute)
	if ok, err := o.keeper.Claim(t.Context(), o.keeper.kept.Version, 45*time.Second); !ok || err != nil {
		t.Fatal(ok, err)
	}
	s := o.source()
	if got := o.must(s.Token(t.Context())); got != g.AccessToken {
		t.Error("the token that still works was not used")
	}
	o.pass(46 * time.Second)
	if got := o.must(s.Token(t.Context())); got == g.AccessToken {
		t.Error("not refreshed when the claim was over")
	}
	o.refreshes(1)
}

func TestShortLivedAndUndatedTokens(t *testing.T) {
	o := newOffice(t, simulator.OAuthApp{Lifetime: time.Minute})
	o.connect()
	s := o.source()
	first := o.must(s.Token(t.Context()))
	o.pass(29 * time.Second)
	if got := o.must(s.Token(t.Context())); got != first {
		t.Error("a token of one minute is refreshed with every call")
	}
	o.pass(2 * time.Second)
	if got := o.must(s.Token(t.Context())); got == first {
		t.Error("it is not refreshed before its end")
	}
	o.wire = roundTrip(func(*http.Request) (*http.Response, error) {
		return answerWith(200, `{"access_token":"undated","refresh_token":"r"}`), nil
	})
	undated := o.source()
	o.pass(time.Hour)
	for range 3 {
		if got := o.must(undated.Token(t.Context())); got != "undated" {
			t.Errorf("token %q", got)
		}
		o.pass(24 * time.Hour) // without expires_in a 401 will tell
	}
	if len(o.keeper.saves) != 2 {
		t.Errorf("%d saves", len(o.keeper.saves))
	}
}

func TestIntrospectAndRevoke(t *testing.T) {
	o := newOffice(t, simulator.OAuthApp{})
	g := o.connect("crm.objects.contacts.read")
	s := o.source()
	for hint, token := range map[string]string{"access_token": g.AccessToken, "refresh_token": g.RefreshToken} {
		found, err := s.Introspect(t.Context(), token, hint)
		want := hubspot.Introspection{Active: true, Account: "48000001", Scopes: []string{"crm.lists.read", "crm.objects.contacts.read", "oauth"}}
		if err != nil || !cmp.Equal(want, found) {
			t.Errorf("%s: %+v, %v", hint, found, err)
		}
	}
	if found, err := s.Introspect(t.Context(), "unknown", "access_token"); err != nil || found.Active {
		t.Errorf("unknown token: %+v, %v", found, err)
	}
	if err := s.Revoke(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found, err := s.Introspect(t.Context(), g.AccessToken, "access_token"); err != nil || found.Active {
		t.Errorf("after revoking: %+v, %v", found, err)
	}
	o.pass(46 * time.Second) // the claim that kept others from refreshing is over
	if err := s.Revoke(t.Context()); err != nil {
		t.Errorf("revoked twice: %v", err)
	}
	o.pass(46 * time.Second)
	wrong := o.source(func(c *hubspot.OAuthConfig) { c.ClientSecret = func() (string, error) { return "guess", nil } })
	if err := wrong.Revoke(t.Context()); !errors.Is(err, hubspot.ErrWrongClient) {
		t.Errorf("with another secret: %v", err)
	}
	if _, err := wrong.Introspect(t.Context(), "x", "access_token"); !errors.Is(err, hubspot.ErrWrongClient) {
		t.Errorf("with another secret: %v", err)
	}
	o.keeper.kept = nil
	if err := s.Revoke(t.Context()); !errors.Is(err, hubspot.ErrNoGrant) {
		t.Errorf("without a grant: %v", err)
	}
}

// client is a Client on the office's OAuth.
func (o *office) client(s *hubspot.OAuth) *hubspot.Client {
	cfg := quick(o.wire)
	cfg.BaseURL, cfg.Token, cfg.Renew, cfg.Now = "https://api.example.test", s.Token, s.Renew, o.now
	return newClient(o.t, cfg)
}

func TestRejectedTokenIsRenewedOnceAndTheCallMadeAgain(t *testing.T) {
	o := newOffice(t, simulator.OAuthApp{})
	o.connect("crm.objects.contacts.read", "crm.objects.contacts.write", "crm.objects.deals.read")
	c := o.client(o.source())
	for name, spoil := range map[string]func(){"revoked": o.RevokeAccess, "expired early": o.ExpireAccess} {
		before := o.OAuthCounts().Refreshes
		spoil()
		if _, err := c.Account(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		o.refreshes(before + 1)
	}
	// A creation too, with its body: a 401 has surely made nothing.
	if err := o.AddProperty(simulator.Tasks, simulator.Property{Name: "leadsync_key", Label: "key", Type: "string", HasUniqueValue: true}); err != nil {
		t.Fatal(err)
	}
	id, err := o.Create(simulator.Actor{Kind: simulator.User, ID: "1"}, simulator.Contacts, map[string]string{"email": "ada@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	o.RevokeAccess()
	task := connector.Task{Key: "k1", Kind: connector.TaskCall, Subject: "Call", DueAt: o.now(), Contact: connector.ObjectID(id)}
	for _, r := range c.CreateTasks(t.Context(), []connector.Task{task}) {
		if r.Err != nil {
			t.Errorf("create: %v", r.Err)
		}
	}
	if got := o.Count(simulator.Tasks); got != 1 {
		t.Errorf("%d tasks, want 1", got)
	}
}

func TestRejectedForGood(t *testing.T) {
	const body = `{"status":"error","category":"EXPIRED_AUTHENTICATION","message":"expired"}`
	for _, c := range []struct {
		name         string
		renews       bool
		renewErr     error
		calls, renew int
		kind         error
	}{
		{"no renewal", false, nil, 1, 0, connector.ErrUnauthorized},
		{"rejected again", true, nil, 2, 1, connector.ErrUnauthorized},
		{"disconnected", true, &connector.Error{Kind: connector.ErrUnauthorized, Op: "refresh", Err: hubspot.ErrDisconnected}, 1, 1, hubspot.ErrDisconnected},
		{"refresh unavailable", true, &connector.Error{Kind: connector.ErrUnavailable, Op: "refresh"}, 1, 1, connector.ErrUnavailable},
		{"refresh throttled", true, &connector.Error{Kind: connector.ErrThrottled, Op: "refresh", RetryAfter: time.Minute}, 1, 1, connector.ErrThrottled},
	} {
		t.Run(c.name, func(t *testing.T) {
			calls, renewed := 0, 0
			var bodies []string
			cfg := quick(roundTrip(func(r *http.Request) (*http.Response, error) {
				calls++
				b, _ := io.ReadAll(r.Body)
				bodies = append(bodies, string(b))
				return answerWith(401, body), nil
			}))
			cfg.Attempts = 3
			if c.renews {
				cfg.Renew = func(_ context.Context, rejected string) (string, error) {
					renewed++
					if rejected != token {
						t.Errorf("rejected %q", rejected)
					}
					return "new", c.renewErr
				}
			}
			_, err := newClient(t, cfg).Read(t.Context(), connector.TypeContact, []connector.ObjectID{"1"}, []string{"email"})
			if !errors.Is(err, c.kind) || calls != c.calls || renewed != c.renew {
				t.Errorf("%d calls, %d renewals, %v", calls, renewed, err)
			}
			for _, b := range bodies {
				if b != bodies[0] || b == "" {
					t.Errorf("the second call was sent with another body: %q", b)
				}
			}
			if e := detail(t, err); c.renewErr != nil && errors.Is(err, connector.ErrThrottled) && e.RetryAfter != time.Minute {
				t.Errorf("the wait is lost: %s", e.RetryAfter)
			}
		})
	}
}

// Between the two rejections the call was retried for another reason.
func TestTokenIsNotRenewedTwiceInOneCall(t *testing.T) {
	statuses, renewed := []int{401, 503, 401, 401}, 0
	cfg := quick(roundTrip(func(*http.Request) (*http.Response, error) {
		status := statuses[0]
		statuses = statuses[1:]
		return answerWith(status, `{}`), nil
	}))
	cfg.Attempts, cfg.RetryWait = 3, time.Millisecond
	cfg.Renew = func(context.Context, string) (string, error) {
		renewed++
		return "new", nil
	}
	_, err := newClient(t, cfg).Account(t.Context())
	if !errors.Is(err, connector.ErrUnauthorized) || renewed != 1 || len(statuses) != 1 {
		t.Errorf("%d renewals, %d answers left, %v", renewed, len(statuses), err)
	}
}

func TestGrantNeverShows(t *testing.T) {
	g := hubspot.Grant{AccessToken: "hunter1", RefreshToken: "hunter2", Account: "1"}
	kept := hubspot.Kept{Grant: g}
	asJSON, err := json.Marshal(map[string]any{"a": g, "b": kept})
	if err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "grant", g, "kept", kept)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "grant", g, "kept", kept)
	shown := fmt.Sprintf("%v %+v %#v %s %x %+v", g, g, g, g, g, kept) + string(asJSON) + logged.String()
	if strings.Contains(shown, "hunter") || strings.Contains(shown, fmt.Sprintf("%x", "hunter")) {
		t.Errorf("it shows: %s", shown)
	}
	plain, err := g.Plain()
	if err != nil {
		t.Fatal(err)
	}
	back, err := hubspot.ParseGrant(plain)
	if err != nil || back.AccessToken != "hunter1" || back.RefreshToken != "hunter2" || back.Account != "1" {
		t.Errorf("ParseGrant: %v", err)
	}
	if _, err := hubspot.ParseGrant([]byte(`{"access_token":"hunter3"}`)); err == nil || strings.Contains(err.Error(), "hunter") {
		t.Errorf("half a grant: %v", err)
	}
}

func TestNewOAuthRefuses(t *testing.T) {
	good := hubspot.OAuthConfig{
		ClientID: "x", ClientSecret: func() (string, error) { return "", nil }, Now: time.Now, Jitter: func() float64 { return 0 },
	}
	for name, change := range map[string]func(*hubspot.OAuthConfig){
		"no client id": func(c *hubspot.OAuthConfig) { c.ClientID = "" },
		"no secret":    func(c *hubspot.OAuthConfig) { c.ClientSecret = nil },
		"no clock":     func(c *hubspot.OAuthConfig) { c.Now = nil },
		"no jitter":    func(c *hubspot.OAuthConfig) { c.Jitter = nil },
		"base":         func(c *hubspot.OAuthConfig) { c.BaseURL = "nowhere" },
		"authorize":    func(c *hubspot.OAuthConfig) { c.AuthorizeURL = "nowhere" },
		"attempts":     func(c *hubspot.OAuthConfig) { c.Attempts = -1 },
	} {
		cfg := good
		change(&cfg)
		if _, err := hubspot.NewOAuth(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	s, err := hubspot.NewOAuth(good)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(s.AuthorizeURL("s", nil, nil), hubspot.DefaultAuthorizeURL+"?") {
		t.Errorf("link %s", s.AuthorizeURL("s", nil, nil))
	}
	if _, err := s.Token(t.Context()); !errors.Is(err, connector.ErrUnauthorized) {
		t.Errorf("without a keeper: %v", err)
	}
	if _, err := s.Exchange(t.Context(), "c"); !errors.Is(err, hubspot.ErrWrongClient) {
		t.Errorf("without a secret: %v", err)
	}
}

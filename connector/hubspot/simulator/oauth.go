package simulator

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// OAuthApp is the app that an account's administrators can install by OAuth
// (hubspot-api 2.2). The zero value works: any redirect address, half an hour
// of life for access tokens, refresh tokens that stay.
type OAuthApp struct {
	// ClientID and ClientSecret are the app's; empty means "sim-client-0000" and "sim-client-secret-0000".
	ClientID, ClientSecret string
	// RedirectURLs are those of the app's settings; nil accepts every one.
	RedirectURLs []string
	// Lifetime is that of access tokens, in whole seconds of the operating clock; 0 means 1800 s.
	Lifetime time.Duration
	// Rotate replaces the refresh token with every refresh; the old one ends at once.
	Rotate bool
	// Scopes are those that the account can grant; nil grants what is asked for.
	Scopes []string
	// Refuse makes the administrator say no.
	Refuse bool
}

func (o OAuthApp) withDefaults() OAuthApp {
	o.ClientID = orString(o.ClientID, "sim-client-0000")
	o.ClientSecret = orString(o.ClientSecret, "sim-client-secret-0000")
	if o.Lifetime == 0 {
		o.Lifetime = 1800 * time.Second
	}
	return o
}

// OAuthCounts say what was asked of the OAuth endpoints and granted.
type OAuthCounts struct {
	Codes     int `json:"codes"`
	Exchanges int `json:"exchanges"`
	Refreshes int `json:"refreshes"`
	Revoked   int `json:"revoked"`
	Refused   int `json:"refused"`
}

const (
	codeLife    = 10 * time.Minute
	oauthUserID = 7001
)

// oauthState is everything that the app's OAuth knows. The account's lock guards it.
type oauthState struct {
	app    OAuthApp
	rng    *rand.Rand
	codes  map[string]*authCode
	grants map[string]*oauthGrant // by the refresh token that works now
	access map[string]*accessToken
	counts OAuthCounts
}

type authCode struct {
	redirect string
	scopes   []string
	expires  time.Time
	used     bool
}

type oauthGrant struct {
	refresh string
	scopes  []string
}

type accessToken struct {
	grant   *oauthGrant // nil for tokens of the app itself
	scopes  []string
	expires time.Time
	revoked bool
}

func newOAuth(opts Options) *oauthState {
	return &oauthState{
		app:    opts.OAuth.withDefaults(),
		rng:    rand.New(rand.NewPCG(opts.Seed, 0x6f61757468)), //nolint:gosec // repeatable on purpose
		codes:  map[string]*authCode{},
		grants: map[string]*oauthGrant{},
		access: map[string]*accessToken{},
	}
}

// secret makes a token of n characters or a little more.
func (s *oauthState) secret(prefix string, n int) string {
	var b strings.Builder
	b.WriteString(prefix)
	for b.Len() < n {
		b.WriteString(strconv.FormatUint(s.rng.Uint64(), 36))
	}
	return b.String()
}

// issue makes an access token; real ones can be longer than 512 characters.
func (s *oauthState) issue(g *oauthGrant, scopes []string, now time.Time) (string, *accessToken) {
	t := &accessToken{grant: g, scopes: scopes, expires: now.Add(s.app.Lifetime)}
	name := s.secret("CSim", 520)
	s.access[name] = t
	return name, t
}

// end revokes a grant with all its access tokens.
func (s *oauthState) end(g *oauthGrant) {
	delete(s.grants, g.refresh)
	for _, t := range s.access {
		if t.grant == g {
			t.revoked = true
		}
	}
	s.counts.Revoked++
}

// endAll ends every grant.
func (s *oauthState) endAll() {
	for _, name := range slices.Sorted(maps.Keys(s.grants)) {
		s.end(s.grants[name])
	}
}

// SetOAuth changes the app's settings; what has been granted stays.
func (a *Account) SetOAuth(app OAuthApp) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.oauth.app = app.withDefaults()
}

// OAuth gives the app's settings.
func (a *Account) OAuth() OAuthApp {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.oauth.app
}

// OAuthCounts says what was asked of the OAuth endpoints so far.
func (a *Account) OAuthCounts() OAuthCounts {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.oauth.counts
}

// RevokeGrants ends every grant with its tokens, as uninstalling the app does.
func (a *Account) RevokeGrants() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.oauth.endAll()
}

// RevokeAccess ends the access tokens; their refresh tokens still work.
func (a *Account) RevokeAccess() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, t := range a.oauth.access {
		t.revoked = true
	}
}

// ExpireAccess makes the access tokens as old as they can get.
func (a *Account) ExpireAccess() {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.opts.Wall()
	for _, t := range a.oauth.access {
		if t.expires.After(now) {
			t.expires = now
		}
	}
}

// authenticate checks the bearer token: the static one, or one that the app was granted.
func (a *Account) authenticate(c *call) (answer, bool) {
	token, bearer := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	if bearer && token == a.opts.Token && !a.revoked {
		return answer{}, false
	}
	e := apiError{
		Message: "The access token is missing, expired or revoked. Send a valid one as a bearer token.", Category: "INVALID_AUTHENTICATION",
	}
	if t := a.oauth.access[token]; bearer && t != nil && !t.revoked {
		late := c.m.wall.Sub(t.expires)
		if late < 0 {
			return answer{}, false
		}
		e.Message = fmt.Sprintf("The OAuth token used to make this call expired %d second(s) ago.", int(late.Seconds()))
		e.Category = "EXPIRED_AUTHENTICATION"
		e.Context = map[string][]string{"expire time": {t.expires.UTC().Format(time.RFC3339)}}
	}
	ans := c.fail(http.StatusUnauthorized, e)
	ans.bare = true
	return ans, true
}

// byOAuth reports whether a call has a token of the OAuth app, not the static one.
func (a *Account) byOAuth(c *call) bool {
	token, _ := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	return a.oauth.access[token] != nil
}

// lacks reports whether a call may not do what needs the scope: nobody may, or
// its token was not granted it. The static token has all scopes.
func (a *Account) lacks(c *call, scope string) bool {
	if a.missing[scope] != nil {
		return true
	}
	token, _ := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	t := a.oauth.access[token]
	return t != nil && scope != "" && !slices.Contains(t.scopes, scope)
}

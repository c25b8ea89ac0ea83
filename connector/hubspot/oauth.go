package hubspot

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
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/oauth2"

	"leadsync/connector"
)

// DefaultAuthorizeURL is where an administrator of any account says yes or no (hubspot-api 2.2).
const DefaultAuthorizeURL = "https://app.hubspot.com/oauth/authorize"

var (
	// ErrDisconnected means that HubSpot no longer honours the grant (uninstalled, revoked), or there is none. A person
	// must connect the account again; until then no call is worth making. It is always the cause of a
	// connector.Error of kind ErrUnauthorized.
	ErrDisconnected = errors.New("the account is disconnected")
	// ErrWrongClient means that HubSpot does not know the app's client id, or the secret is not the app's. The grant is
	// untouched: only the configuration is wrong (hubspot-api 2.2).
	ErrWrongClient = errors.New("the app's client id or client secret is wrong")
	// ErrNoGrant is what a keeper answers when nothing is stored.
	ErrNoGrant = errors.New("no grant is stored")
	// ErrGrantChanged is what a keeper answers when the stored grant has another version than the named one.
	ErrGrantChanged = errors.New("another grant is stored by now")
)

// keeper stores the one grant of one account, durably and encrypted, for all processes that work it.
type keeper interface {
	// Load gives what is stored, or ErrNoGrant.
	Load(ctx context.Context) (Kept, error)
	// Claim takes the sole right to refresh the grant of a version for a while. False: another process has it,
	// or the version is not the stored one any more.
	Claim(ctx context.Context, version int64, d time.Duration) (bool, error)
	// Save puts a grant in the place of the named version and ends the claim, or changes nothing and answers
	// ErrGrantChanged.
	Save(ctx context.Context, version int64, g Grant) error
	// Release ends a claim without a new grant. Refused: HubSpot will never honour this version again.
	Release(ctx context.Context, version int64, refused bool) error
}

// Kept is a grant as its keeper has it.
type Kept struct {
	Grant   Grant
	Version int64
	// Disconnected: HubSpot has refused this grant for good.
	Disconnected bool
}

// Grant is what an account's administrator has granted. It prints, logs and marshals as ***; only Plain gives
// its tokens away.
type Grant struct {
	AccessToken, RefreshToken string
	// RenewAt is when to refresh, ExpiresAt when the access token ends (operating time); zero: HubSpot did not say.
	RenewAt, ExpiresAt time.Time
	// Account is the account that granted, empty if HubSpot did not say.
	Account connector.PortalID
	// Scopes are those granted, which may be fewer than asked for.
	Scopes []string
}

// grantText is the stored form of a grant.
type grantText struct {
	AccessToken  string             `json:"access_token"`
	RefreshToken string             `json:"refresh_token"`
	RenewAt      time.Time          `json:"renew_at"`
	ExpiresAt    time.Time          `json:"expires_at"`
	Account      connector.PortalID `json:"account"`
	Scopes       []string           `json:"scopes"`
}

// Plain gives the grant with its tokens in clear, for a keeper to encrypt.
func (g Grant) Plain() ([]byte, error) { return json.Marshal(grantText(g)) } //nolint:gosec // to be encrypted

// ParseGrant is the inverse of Plain. Its error does not quote the text.
func ParseGrant(plain []byte) (Grant, error) {
	var t grantText
	if json.Unmarshal(plain, &t) != nil || t.RefreshToken == "" {
		return Grant{}, errors.New("parse grant: it is not one that this release has written")
	}
	return Grant(t), nil
}

// Format writes *** for every verb.
func (g Grant) Format(state fmt.State, _ rune) {
	_, _ = io.WriteString(state, "***") // the error of a fmt.State is the printer's to report
}

// LogValue gives ***.
func (g Grant) LogValue() slog.Value { return slog.StringValue("***") }

// MarshalText gives ***; JSON uses it too. It never fails.
func (g Grant) MarshalText() ([]byte, error) { return []byte("***"), nil }

// OAuthConfig says how one account's tokens are got. ClientID, ClientSecret, Now and Jitter are required.
type OAuthConfig struct {
	// BaseURL is where tokens come from: https://api.hubapi.com if empty.
	BaseURL string
	// AuthorizeURL is DefaultAuthorizeURL if empty.
	AuthorizeURL string
	// RedirectURL is the address that HubSpot sends the administrator back to, as it stands in the app's settings.
	RedirectURL string
	ClientID    string
	// ClientSecret is asked before every call, so that a replaced secret works at once.
	ClientSecret func() (string, error)
	// Keeper stores the grant. AuthorizeURL, Exchange, Introspect and Forget work without it.
	Keeper keeper
	// Transport is the wire; nil takes that of NewTransport, as in Config.
	Transport http.RoundTripper
	// Now is operating time, by which tokens expire.
	Now    func() time.Time
	Logger *slog.Logger // nil: silent
	// Jitter gives a number in [0,1) that spreads waits.
	Jitter func() float64
	// Versions may override the version of the family oauth; Attempts, Timeout and RetryWait are as in Config.
	Versions  map[string]string
	Attempts  int
	Timeout   time.Duration
	RetryWait time.Duration
}

// OAuth gets, refreshes and revokes the tokens of one account (hubspot-api 2.2). It is safe for concurrent use.
type OAuth struct {
	cfg      OAuthConfig
	base     string
	http     *http.Client
	turn     chan struct{} // holds one: whoever has it may look at and change what follows
	kept     Kept          // as last seen; may be behind the keeper
	unstored *Kept         // came back from HubSpot and could not be stored yet; its Version is the one it replaces
}

// NewOAuth makes a token source; it calls nobody. It fails when a required field is missing or an address is none.
func NewOAuth(cfg OAuthConfig) (*OAuth, error) {
	if cfg.ClientID == "" || cfg.ClientSecret == nil || cfg.Now == nil || cfg.Jitter == nil {
		return nil, errors.New("make HubSpot OAuth: the fields ClientID, ClientSecret, Now and Jitter are required")
	}
	wire := Config{
		BaseURL: cfg.BaseURL, Token: func(context.Context) (string, error) { return "", nil }, Now: cfg.Now, Jitter: cfg.Jitter,
		Attempts: cfg.Attempts, Timeout: cfg.Timeout, RetryWait: cfg.RetryWait, Versions: cfg.Versions,
	}
	base, err := wire.check()
	if err == nil {
		err = wire.checkSettings()
	}
	if err != nil {
		return nil, fmt.Errorf("make HubSpot OAuth: %w", err)
	}
	cfg.AuthorizeURL = orString(cfg.AuthorizeURL, DefaultAuthorizeURL)
	if u, err := url.Parse(cfg.AuthorizeURL); err != nil || u.Host == "" || u.RawQuery != "" {
		return nil, fmt.Errorf("make HubSpot OAuth: authorize URL %q is not an http address without query", cfg.AuthorizeURL)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &OAuth{cfg: cfg, base: base.String(), http: tokenClient(cfg), turn: make(chan struct{}, 1)}, nil
}

// AuthorizeURL is the link that an administrator of the account opens. The state comes back with the answer
// and must be compared; the optional scopes are those that the account may refuse.
func (o *OAuth) AuthorizeURL(state string, scopes, optional []string) string {
	var options []oauth2.AuthCodeOption
	if len(optional) > 0 {
		options = append(options, oauth2.SetAuthURLParam("optional_scope", strings.Join(optional, " ")))
	}
	c := o.settings("")
	c.Scopes = scopes
	return c.AuthCodeURL(state, options...)
}

// Exchange turns the code of the answer into a grant. It stores nothing: compare the account first. A code
// works once, so after a failure the administrator opens the link again.
func (o *OAuth) Exchange(ctx context.Context, code string) (Grant, error) {
	const op = "exchange authorization code"
	secret, err := o.secret(op)
	if err != nil {
		return Grant{}, err
	}
	begin := o.cfg.Now()
	token, err := o.settings(secret).Exchange(o.calling(ctx, op, creates), code)
	if err != nil {
		return Grant{}, failure(op, err)
	}
	g, err := grantOf(op, token, begin)
	if err == nil && g.RefreshToken == "" {
		return Grant{}, &connector.Error{Kind: connector.ErrUnauthorized, Op: op, Message: "HubSpot sent no refresh token"}
	}
	return g, err
}

func (o *OAuth) settings(secret string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: o.cfg.ClientID, ClientSecret: secret, RedirectURL: o.cfg.RedirectURL,
		// HubSpot takes the credentials as form fields (hubspot-api 2.2); without this the library tries another way first.
		Endpoint: oauth2.Endpoint{
			AuthURL: o.cfg.AuthorizeURL, TokenURL: o.base + epToken.path(o.cfg.Versions), AuthStyle: oauth2.AuthStyleInParams,
		},
	}
}

func (o *OAuth) secret(op string) (string, error) {
	secret, err := o.cfg.ClientSecret()
	if err != nil || secret == "" {
		// The cause may quote the secret.
		return "", &connector.Error{Kind: connector.ErrUnauthorized, Op: op, Message: "the client secret is not available", Err: ErrWrongClient}
	}
	return secret, nil
}

// calling gives a context in which the OAuth library uses our client, and which tells our client what
// repeating the call does.
func (o *OAuth) calling(ctx context.Context, op string, e effect) context.Context {
	x := &exchange{request: request{op: op, endpoint: epToken, effect: e}}
	return context.WithValue(context.WithValue(ctx, exchangeKey{}, x), oauth2.HTTPClient, o.http)
}

// tokenClient retries like every other call, but signs nothing and is not charged to the account's budgets.
func tokenClient(cfg OAuthConfig) *http.Client {
	r := retrying(retries{wait: cfg.RetryWait, attempts: cfg.Attempts, jitter: cfg.Jitter}, &tokenAttempts{
		next: wire(cfg.Transport, cfg.BaseURL), now: cfg.Now, logger: cfg.Logger, timeout: orDuration(cfg.Timeout, defaultTimeout),
	})
	return &http.Client{Transport: &retryablehttp.RoundTripper{Client: r}, CheckRedirect: stay}
}

package hubspot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"leadsync/connector"
)

// Defaults of Config.
const (
	DefaultBaseURL     = "https://api.hubapi.com"
	DefaultKeyProperty = "leadsync_key"

	defaultAttempts  = 3
	defaultTimeout   = 10 * time.Second
	defaultRetryWait = time.Second
)

// Config says how to reach one HubSpot account. Token, Now and Jitter are required.
type Config struct {
	// BaseURL is https://api.hubapi.com if empty; a path in it is kept as prefix.
	BaseURL string
	// Token gives the bearer token; it is asked once per attempt, so a replaced secret works at once.
	Token func(ctx context.Context) (string, error)
	// Renew gives another token than the one that HubSpot has rejected with a 401; the call is then made once
	// more (hubspot-api 2.2). Nil: a 401 is final, as for tokens that never expire.
	Renew func(ctx context.Context, rejected string) (string, error)
	// Transport is the wire; nil takes that of NewTransport, which connects to the base URL's host only and to no
	// private address, but to this machine if the base URL names it literally.
	Transport http.RoundTripper
	// Now is operating time: it dates the daily reset and spaces the slow-downs.
	Now    func() time.Time
	Logger *slog.Logger // nil: silent
	// Jitter gives a number in [0,1) that spreads the waits between attempts.
	Jitter func() float64
	// GeneralPerSecond is the first rate of the general bucket; 0 starts at 9 and follows HubSpot's headers up
	// and down. A value above 0 is also a ceiling. The associations bucket has 1.5 times as much.
	GeneralPerSecond float64
	// SearchPerSecond is 4 if zero; HubSpot allows 5 a second for all tokens of an account together.
	SearchPerSecond float64
	// Circuit may stop attempts while the account does not answer; nil: none is stopped.
	Circuit Circuit
	// Observe is called after every attempt, from the goroutine that made it; nil: nobody listens.
	Observe func(Call)
	// KeyProperty is the unique property that holds idempotency keys; leadsync_key if empty.
	KeyProperty string
	// Unkeyed are the kinds of record (task, deal) whose account refuses unique properties: their key is a
	// marker in the body, and KeyProperty is only filled where PlainKey says that it exists as a plain one.
	Unkeyed, PlainKey map[connector.ObjectType]bool
	// AppID is the number of our app in HubSpot, by which property history and webhooks name it; may be empty.
	AppID string
	// Reserve is the share of each limit that is left to the account's other integrations, 0 to 0.9; nil:
	// DefaultReserve.
	Reserve *float64
	// Versions overrides the version segment per family of paths, e.g. {"lists": "2026-03"}; see Families.
	Versions map[string]string
	// Attempts is how often a call is tried at most (default 3), Timeout bounds one attempt (default 10 s),
	// RetryWait is the first wait between attempts (default 1 s; it doubles, up to 5 s).
	Attempts  int
	Timeout   time.Duration
	RetryWait time.Duration
	// Weak switches defences off, in the simulation only.
	Weak Weak
}

// Call is one attempt of one call, as told to Config.Observe. It holds no ids.
type Call struct {
	Endpoint string // one of Endpoints()
	Bucket   string // BucketGeneral, BucketSearch or BucketAssociations
	Purpose  connector.Purpose
	Status   int // HTTP status; 0 if there was no answer
	Wait     time.Duration
	Took     time.Duration // without Wait
}

// Client is the connection to one HubSpot account. It is safe for concurrent use and keeps no state but its
// rates and the account's time zone.
type Client struct {
	base        *url.URL
	keyProperty string
	now         func() time.Time
	logger      *slog.Logger
	http        *retryablehttp.Client
	zone        atomic.Pointer[time.Location]
	appID       string
	unkeyed     map[connector.ObjectType]bool
	plainKey    map[connector.ObjectType]bool
	versions    map[string]string
	limits      *limits
	flows       atomic.Pointer[string] // address of the account's automations, once known
	weak        Weak
}

// New makes a client; it does not call HubSpot. It fails when a required field of the configuration is
// missing or the base URL is none.
func New(cfg Config) (*Client, error) {
	base, err := cfg.check()
	if err == nil {
		err = cfg.checkSettings()
	}
	if err != nil {
		return nil, fmt.Errorf("make HubSpot client: %w", err)
	}
	c := &Client{
		base: base, keyProperty: orString(cfg.KeyProperty, DefaultKeyProperty),
		now: cfg.Now, logger: cfg.Logger, appID: cfg.AppID, versions: maps.Clone(cfg.Versions),
		unkeyed: maps.Clone(cfg.Unkeyed), plainKey: maps.Clone(cfg.PlainKey), limits: newLimits(cfg),
		weak: cfg.Weak,
	}
	if c.logger == nil {
		c.logger = slog.New(slog.DiscardHandler)
	}
	c.http = newRetrying(cfg, c.logger, c.limits)
	return c, nil
}

// check refuses what cannot work and returns the base URL.
func (cfg Config) check() (*url.URL, error) {
	if cfg.Token == nil || cfg.Now == nil || cfg.Jitter == nil {
		return nil, errors.New("the fields Token, Now and Jitter are required")
	}
	if cfg.Attempts < 0 || min(cfg.Timeout, cfg.RetryWait) < 0 || min(cfg.GeneralPerSecond, cfg.SearchPerSecond) < 0 {
		return nil, errors.New("attempts, waits and rates cannot be negative")
	}
	base, err := baseURL(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	base.Path, base.RawPath = strings.TrimRight(base.Path, "/"), ""
	return base, nil
}

func orString(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// effect says what repeating a call does.
type effect int

const (
	reads   effect = iota // changes nothing
	settles               // a write that may be repeated: update by id, archive, default association
	creates               // a write that must not be repeated blindly
)

// request is one call before it is sent.
type request struct {
	op       string // for errors: "read contacts"
	endpoint endpoint
	args     []string // for the placeholders of the endpoint's path
	query    url.Values
	body     any // sent as JSON; nil for none
	effect   effect
	markers  bool // reads our own markers, which stand in the bodies of our own tasks
}

// answer is what is known after a call, also after a refused one.
type answer struct {
	status int
	fault  fault // the decoded error body; zero after success
}

// do sends one request and decodes a successful answer into out, which may be nil. Its error is always a
// *connector.Error. After HubSpot has rejected the token, nothing more is sent in the same stretch of work
// (connector.UntilRejected).
func (c *Client) do(ctx context.Context, r request, out any) (answer, error) {
	if why := connector.Rejected(ctx); why != nil {
		return answer{}, &connector.Error{Kind: connector.ErrUnauthorized, Op: r.op, Message: "not sent: the token has been rejected", Err: why}
	}
	a, err := c.call(ctx, r, out)
	if why, ok := errors.AsType[*connector.Error](err); ok && errors.Is(why, connector.ErrUnauthorized) {
		connector.Reject(ctx, why)
	}
	return a, err
}

func (c *Client) call(ctx context.Context, r request, out any) (answer, error) {
	if err := c.overDaily(r); err != nil {
		return answer{}, err
	}
	state := &exchange{request: c.weak.repeating(r)}
	req, err := c.wireRequest(context.WithValue(ctx, exchangeKey{}, state), r)
	if err != nil {
		return answer{}, &connector.Error{Kind: connector.ErrInvalid, Op: r.op, Message: "cannot be sent", Err: err}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, lostError(r, err)
	}
	defer resp.Body.Close() //nolint:errcheck // the body is in memory already
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return answer{status: resp.StatusCode, fault: state.fault}, c.refusal(r, resp, state.fault)
	}
	if resp.StatusCode == http.StatusMultiStatus && !r.endpoint.batch() {
		return answer{status: resp.StatusCode}, unreadableError(r, resp) // an empty page would look like the end of a listing
	}
	if out == nil || len(state.body) == 0 && resp.StatusCode == http.StatusNoContent {
		return answer{status: resp.StatusCode}, nil
	}
	if !understood(state.body, out) {
		return answer{status: resp.StatusCode}, unreadableError(r, resp)
	}
	return answer{status: resp.StatusCode}, nil
}

func (c *Client) wireRequest(ctx context.Context, r request) (*retryablehttp.Request, error) {
	target := *c.base
	target.RawQuery = r.query.Encode()
	raw := c.base.EscapedPath() + r.endpoint.path(c.versions, r.args...)
	unescaped, err := url.PathUnescape(raw)
	if err != nil {
		return nil, fmt.Errorf("build path of %s: %w", r.endpoint, err)
	}
	target.Path, target.RawPath = unescaped, raw
	var body any
	var encoded []byte
	if r.body != nil {
		if encoded, err = encode(r.body); err != nil {
			return nil, err
		}
		body = encoded
	}
	if err := r.refuseBodies(encoded); err != nil {
		return nil, err
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, r.endpoint.method(), target.String(), body)
	if err != nil {
		return nil, fmt.Errorf("build request for %s: %w", r.endpoint, err)
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// encode writes JSON without escaping <, > and &: the search limit counts characters.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

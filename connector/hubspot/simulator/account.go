package simulator

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"
)

// Errors of the world's methods. Wrapped ones name the record.
var (
	// ErrNotFound means that no live record has this type and id.
	ErrNotFound = errors.New("record not found")
	// ErrInvalid means that a value, property or type is not possible in this account.
	ErrInvalid = errors.New("not valid")
	// ErrConflict means that a unique value is taken.
	ErrConflict = errors.New("unique value is taken")
)

// Account is one simulated HubSpot account. All methods are safe for
// concurrent use; each call is atomic.
type Account struct {
	opts   Options
	faults *Faults

	mu         sync.Mutex
	rng        *rand.Rand
	tables     map[string]*table
	kinds      linkKinds
	owners     []Owner
	pipes      map[string][]Pipeline
	interned   map[string]string
	journal    []Entry
	lagging    []lagged
	uneven     bool // the lag has changed: what happened later may be found earlier
	lastMod    int64
	revoked    bool
	missing    map[string][]string // scope -> scopes named in the 403
	required   map[string][]string // type -> properties that admins require
	automation Automation
	rules      []ConditionalRule
	lists      listBook
	forms      formBook
	seen       []Occurrence // events of the contacts, oldest first
	flows      []*Workflow
	rivals     []Rival
	debts      []debt
	noUnique   map[string]bool // types that take no unique properties of ours
	requests   int64
	calls      map[string]int
	buckets    map[string]int
	limits     limiter
	oauth      *oauthState
	hooks      *deliverer
	runtime    sync.WaitGroup
	cancel     context.CancelFunc
}

// New returns an empty account: definitions, pipelines and no records.
func New(opts Options) *Account {
	opts = opts.withDefaults()
	a := &Account{
		opts:     opts,
		rng:      rand.New(rand.NewPCG(opts.Seed, 0x9e3779b97f4a7c15)), //nolint:gosec // repeatable on purpose
		interned: map[string]string{},
		missing:  map[string][]string{},
		required: map[string][]string{},
		calls:    map[string]int{},
		buckets:  map[string]int{},
		limits:   newLimiter(opts),
		oauth:    newOAuth(opts),
	}
	a.faults = newFaults(opts.Seed)
	a.automation = automationOf(opts)
	a.kinds = newLinkKinds()
	a.tables = newTables(opts.Lean)
	a.showPages()
	a.pipes = defaultPipelines()
	a.syncStageOptions()
	a.noUnique = map[string]bool{}
	for _, typ := range opts.RefuseUnique {
		a.noUnique[canonicalType(typ)] = true
	}
	a.hooks = newDeliverer(a, opts.Webhook)
	return a
}

// PortalID is the number of this account.
func (a *Account) PortalID() int64 { return a.opts.PortalID }

// Token is the bearer token that the API accepts.
func (a *Account) Token() string { return a.opts.Token }

// Now is the world time.
func (a *Account) Now() time.Time { return a.opts.Now() }

// Faults holds the scripted faults of this account.
func (a *Account) Faults() *Faults { return a.faults }

// RevokeToken makes every API call with the static token answer 401 until RestoreToken.
func (a *Account) RevokeToken() { a.setRevoked(true) }

// RestoreToken makes the token valid again.
func (a *Account) RestoreToken() { a.setRevoked(false) }

func (a *Account) setRevoked(v bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.revoked = v
}

// DenyScope makes every endpoint that needs the scope answer 403
// MISSING_SCOPES, naming it (hubspot-api 11.1); AllowScope undoes it.
func (a *Account) DenyScope(scope string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.missing[scope] = []string{scope}
}

// AllowScope grants a scope again.
func (a *Account) AllowScope(scope string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.missing, scope)
}

// RequireProperties makes admins' rules of the 2026-09 API: creating a record
// of this type by API without all names answers 400 MISSING_REQUIRED_PROPERTY
// (hubspot-api 1.2). No names removes the rule.
func (a *Account) RequireProperties(typ string, names ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.required[typ] = names
}

// SetLimits replaces the rate limits; running windows are forgotten.
func (a *Account) SetLimits(l Limits) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.opts.RateLimits = l
	a.limits = newLimiter(a.opts)
}

// SetSearchLag changes how long later changes stay invisible to search. If it becomes shorter, a later change of another
// record is found earlier.
func (a *Account) SetSearchLag(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.uneven = a.uneven || d != a.opts.SearchLag
	a.opts.SearchLag = d
}

// SetWebhook replaces the webhook target; what is queued goes to the new one.
func (a *Account) SetWebhook(w WebhookTarget) {
	a.hooks.retarget(w.withDefaults())
}

func (a *Account) table(typ string) (*table, error) {
	if t, ok := a.tables[canonicalType(typ)]; ok {
		return t, nil
	}
	return nil, fmt.Errorf("find type %q: %w", typ, ErrInvalid)
}

// find returns a live record; old ids of merged records lead to the survivor.
func (a *Account) find(typ, id string) (*record, error) {
	t, err := a.table(typ)
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("find %s %q: %w", typ, id, ErrNotFound)
	}
	r := t.byID[n].latest()
	if r == nil || !r.live() {
		return nil, fmt.Errorf("find %s %q: %w", typ, id, ErrNotFound)
	}
	return r, nil
}

// intern shares short and repeated values: enumerations, flags, small numbers.
func (a *Account) intern(p *Property, v string) string {
	if len(v) > 8 && p.Type != "enumeration" && p.Type != "bool" {
		return v
	}
	if s, ok := a.interned[v]; ok {
		return s
	}
	a.interned[v] = v
	return v
}

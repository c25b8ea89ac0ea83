package simulator

import (
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// FaultKind is what goes wrong.
type FaultKind string

// The kinds of faults of requests. Except where they say that the request is
// applied, it is not.
const (
	// FaultRateTen, FaultRateSecond and FaultRateDaily answer 429 under that policy (hubspot-api 4).
	FaultRateTen    FaultKind = "429-ten-secondly"
	FaultRateSecond FaultKind = "429-secondly"
	FaultRateDaily  FaultKind = "429-daily"
	// FaultLocked answers 423, FaultMoving 477 with Retry-After.
	FaultLocked FaultKind = "423"
	FaultMoving FaultKind = "477"
	// Fault500, Fault502, Fault503 and Fault504 answer with an error body.
	Fault500 FaultKind = "500"
	Fault502 FaultKind = "502"
	Fault503 FaultKind = "503"
	Fault504 FaultKind = "504"
	// Fault521 to Fault526 are of the network in front of HubSpot: pages, not JSON (hubspot-api 4).
	Fault521 FaultKind = "521"
	Fault522 FaultKind = "522"
	Fault523 FaultKind = "523"
	Fault524 FaultKind = "524"
	Fault525 FaultKind = "525"
	Fault526 FaultKind = "526"
	// FaultHTML answers 502 with a page instead of JSON, FaultHTMLOK 200 with one.
	FaultHTML   FaultKind = "html"
	FaultHTMLOK FaultKind = "html-200"
	// FaultSlow applies the request at once and answers after Delay; FaultLate
	// keeps the caller waiting first and then applies it, even when the caller has gone.
	FaultSlow FaultKind = "slow"
	FaultLate FaultKind = "late"
	// FaultReset breaks the connection before anything is applied.
	FaultReset FaultKind = "reset"
	// FaultAppliedReset applies the request and breaks the connection: the answer is lost.
	FaultAppliedReset FaultKind = "applied-reset"
	// FaultAppliedHalf applies the request and breaks the connection in the middle of the answer.
	FaultAppliedHalf FaultKind = "applied-half"
	// FaultApplied500 applies the request and answers 500; FaultAppliedHTML answers 502 with a page.
	FaultApplied500  FaultKind = "applied-500"
	FaultAppliedHTML FaultKind = "applied-html"
	// FaultOmit leaves one id of a batch update undone and out of the answer, without an error.
	FaultOmit FaultKind = "omit"
	// FaultEmpty answers 207 with neither results nor errors; FaultAppliedEmpty
	// applies the request first (hubspot-api 11.2).
	FaultEmpty        FaultKind = "empty-207"
	FaultAppliedEmpty FaultKind = "applied-empty-207"
	// FaultNumbers applies the request and answers ids and numbers as JSON
	// numbers where the description says strings.
	FaultNumbers FaultKind = "numbers"
	// FaultExpired answers 401 EXPIRED_AUTHENTICATION once; FaultRevoked revokes
	// the token for good, until RestoreToken.
	FaultExpired FaultKind = "401-expired"
	FaultRevoked FaultKind = "401-revoked"
)

// The kinds of faults of single webhook events: they never arrive, arrive
// twice, out of order, or late by Delay.
const (
	FaultWebhookLost    FaultKind = "webhook-lost"
	FaultWebhookDouble  FaultKind = "webhook-double"
	FaultWebhookReorder FaultKind = "webhook-reorder"
	FaultWebhookDelay   FaultKind = "webhook-delay"
)

// FaultKinds lists every kind, those of requests first.
func FaultKinds() []FaultKind {
	return []FaultKind{
		FaultRateTen, FaultRateSecond, FaultRateDaily, FaultLocked, FaultMoving, Fault500, Fault502, Fault503, Fault504,
		Fault521, Fault522, Fault523, Fault524, Fault525, Fault526, FaultHTML, FaultHTMLOK, FaultSlow, FaultLate, FaultReset,
		FaultAppliedReset, FaultAppliedHalf, FaultApplied500, FaultAppliedHTML, FaultOmit, FaultEmpty, FaultAppliedEmpty, FaultNumbers,
		FaultExpired, FaultRevoked, FaultWebhookLost, FaultWebhookDouble, FaultWebhookReorder, FaultWebhookDelay,
	}
}

// delayed says whether the kind waits for Delay.
func (k FaultKind) delayed() bool { return k == FaultSlow || k == FaultLate || k == FaultWebhookDelay }

// Fault is one scripted fault. It fires on requests (or events) that match, in
// the order of the script; the first that fires wins.
type Fault struct {
	ID   int       `json:"id"`
	Kind FaultKind `json:"kind"`
	// Endpoint matches "METHOD template" as in Calls, with * for any part of a
	// segment; empty is every endpoint. For webhook faults it matches the
	// subscription type, such as "object.creation" or "contact.*"; generic events
	// also by the type of their record, as "call.deletion".
	Endpoint string `json:"endpoint,omitempty"`
	// Probability is the chance of each match, drawn from the seed; 0 means 1.
	Probability float64 `json:"probability,omitempty"`
	// Count is how often it fires at most; 0 is without end.
	Count int `json:"count,omitempty"`
	// Nth makes only the n-th match fire, from 1; 0 is every match.
	Nth int `json:"nth,omitempty"`
	// Delay is the wait of slow and late answers and late events, in nanoseconds in JSON.
	Delay time.Duration `json:"delay,omitempty"`
	// RetryAfter is sent in seconds with 429, 477 and 503 when above zero.
	RetryAfter time.Duration `json:"retryAfter,omitempty"`
	// Matched and Fired count.
	Matched int `json:"matched"`
	Fired   int `json:"fired"`
}

// Faults is the script of faults. Safe for concurrent use.
type Faults struct {
	mu   sync.Mutex
	rng  *rand.Rand
	next int
	list []*Fault
}

func newFaults(seed uint64) *Faults {
	return &Faults{rng: rand.New(rand.NewPCG(seed, 0x2545f4914f6cdd1d))} //nolint:gosec // repeatable on purpose
}

// Add puts a fault at the end of the script and returns its id.
func (f *Faults) Add(x Fault) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next++
	x.ID, x.Matched, x.Fired = f.next, 0, 0
	f.list = append(f.list, &x)
	return x.ID
}

// Clear removes all faults.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = nil
}

// List returns the script with its counts.
func (f *Faults) List() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]Fault, len(f.list))
	for i, x := range f.list {
		out[i] = *x
	}
	return out
}

// request returns the fault that hits this request, if any.
func (f *Faults) request(endpoint string) (Fault, bool) {
	return f.fire(func(x *Fault) bool {
		return !strings.HasPrefix(string(x.Kind), "webhook-") && matches(x.Endpoint, endpoint)
	})
}

type fate struct {
	lost    bool
	copies  int
	delay   time.Duration
	reorder bool
}

// webhook says what becomes of an event of a record whose type has this
// singular: a generic event is also known by that, as contact.propertyChange.
func (f *Faults) webhook(h hook, singular string) fate {
	_, what, _ := strings.Cut(h.SubscriptionType, ".")
	out := fate{copies: 1}
	x, ok := f.fire(func(x *Fault) bool {
		return strings.HasPrefix(string(x.Kind), "webhook-") && (matches(x.Endpoint, h.SubscriptionType) || matches(x.Endpoint, singular+"."+what))
	})
	if !ok {
		return out
	}
	out.lost = x.Kind == FaultWebhookLost
	out.reorder = x.Kind == FaultWebhookReorder
	if x.Kind == FaultWebhookDouble {
		out.copies = 2
	}
	if x.Kind == FaultWebhookDelay {
		out.delay = x.Delay
	}
	return out
}

func (f *Faults) fire(match func(*Fault) bool) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, x := range f.list {
		if !match(x) || (x.Count > 0 && x.Fired >= x.Count) {
			continue
		}
		x.Matched++
		if x.Nth > 0 && x.Matched != x.Nth {
			continue
		}
		if x.Probability > 0 && f.rng.Float64() >= x.Probability {
			continue
		}
		x.Fired++
		return *x, true
	}
	return Fault{}, false
}

func matches(pattern, s string) bool {
	if pattern == "" {
		return true
	}
	ok, err := path.Match(pattern, s)
	return err == nil && ok
}

// Validate says whether the fault can ever fire.
func (x Fault) Validate() error {
	if !slices.Contains(FaultKinds(), x.Kind) {
		return fmt.Errorf("fault kind %q: use one of the kinds %v: %w", x.Kind, FaultKinds(), ErrInvalid)
	}
	if x.Kind.delayed() && x.Delay <= 0 {
		return fmt.Errorf("fault %q: give a delay such as 3s: %w", x.Kind, ErrInvalid)
	}
	if _, err := path.Match(x.Endpoint, ""); err != nil {
		return fmt.Errorf("fault endpoint %q: %w: %w", x.Endpoint, err, ErrInvalid)
	}
	if x.Probability < 0 || x.Probability > 1 {
		return fmt.Errorf("fault probability %v: give a number from 0 to 1: %w", x.Probability, ErrInvalid)
	}
	if x.Count < 0 || x.Nth < 0 || x.Delay < 0 || x.RetryAfter < 0 {
		return fmt.Errorf("fault %q: count, nth, delay and retryAfter cannot be negative: %w", x.Kind, ErrInvalid)
	}
	return nil
}

package simulator

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// parcel is a group of events that travels, fails and is retried together.
type parcel struct {
	hooks   []passenger
	attempt int
	due     time.Time
	until   time.Time // no attempt after this
}

// deliverer sends webhook events: batches, several in flight, retries with
// growing delays, no order (hubspot-api 3.1).
type deliverer struct {
	account *Account
	wake    chan struct{}

	mu       sync.Mutex
	rng      *rand.Rand
	target   WebhookTarget
	fresh    []queued
	retries  []parcel
	inFlight int // events
	sending  int // requests
	report   WebhookReport
	lost     []LostEvent
}

// LostEvent is one event that never reached the receiver.
type LostEvent struct {
	// Kind is the subscription type in generic form; ObjectType the plural.
	Kind       string `json:"kind"`
	ObjectType string `json:"objectType"`
	// ObjectID is the record; of a link its from end, of a merge the survivor.
	ObjectID string `json:"objectId"`
	// ToObjectID is the other end of a link.
	ToObjectID string    `json:"toObjectId,omitempty"`
	Property   string    `json:"property,omitempty"`
	OccurredAt time.Time `json:"occurredAt"` // world time
	// Attempts is how often it was tried: 0 when a fault took it.
	Attempts int `json:"attempts"`
}

// WebhookReport counts events by what became of them. Doubled, Reordered and
// Delayed ones were delivered, or lost, besides.
type WebhookReport struct {
	Delivered int `json:"delivered"` // copies count
	Lost      int `json:"lost"`
	Doubled   int `json:"doubled"`
	Reordered int `json:"reordered"`
	Delayed   int `json:"delayed"`
	Retried   int `json:"retried"` // attempts after the first, by event
}

// queued is an event that has not been tried; due is later only by a fault.
type queued struct {
	hook passenger
	due  time.Time
}

// passenger is an event with the type of its record, which the classic form does not tell.
type passenger struct {
	hook
	typ string
}

func newDeliverer(a *Account, t WebhookTarget) *deliverer {
	return &deliverer{
		account: a, wake: make(chan struct{}, 1), target: t,
		rng: rand.New(rand.NewPCG(a.opts.Seed, 0x5bd1e995)), //nolint:gosec // repeatable on purpose
	}
}

func (d *deliverer) targetNow() WebhookTarget {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.target
}

func (d *deliverer) retarget(t WebhookTarget) {
	d.mu.Lock()
	d.target = t
	d.mu.Unlock()
	d.poke()
}

func (d *deliverer) poke() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// enqueue takes an event; webhook faults decide here what becomes of it.
func (d *deliverer) enqueue(h hook, t *table, wall time.Time) {
	fate := d.account.faults.webhook(h, t.singular)
	p := passenger{hook: h, typ: t.name}
	d.mu.Lock()
	if fate.lost {
		d.lose(p, 0)
	} else {
		d.queue(p, fate, wall)
	}
	d.mu.Unlock()
	d.poke()
}

func (d *deliverer) queue(p passenger, fate fate, wall time.Time) {
	for range fate.copies {
		d.fresh = append(d.fresh, queued{hook: p, due: wall.Add(fate.delay)})
	}
	if fate.copies > 1 {
		d.report.Doubled++
	}
	if fate.delay > 0 {
		d.report.Delayed++
	}
	if n := len(d.fresh); fate.reorder && n > 1 {
		i := d.rng.IntN(n - 1)
		d.fresh[i], d.fresh[n-1] = d.fresh[n-1], d.fresh[i]
		d.report.Reordered++
	}
}

func (d *deliverer) lose(p passenger, attempts int) {
	d.report.Lost++
	l := LostEvent{Kind: p.SubscriptionType, ObjectType: p.typ, Property: p.PropertyName, OccurredAt: time.UnixMilli(p.OccurredAt).UTC(), Attempts: attempts}
	if _, what, ok := strings.Cut(p.SubscriptionType, "."); ok && p.SubscriptionType != eventPrivacy {
		l.Kind = "object." + what
	}
	l.ObjectID = strconv.FormatInt(p.ObjectID, 10)
	if p.FromObjectID != 0 {
		l.ObjectID, l.ToObjectID = strconv.FormatInt(p.FromObjectID, 10), strconv.FormatInt(p.ToObjectID, 10)
	}
	d.lost = append(d.lost, l)
}

func (d *deliverer) pending() Waiting {
	d.mu.Lock()
	defer d.mu.Unlock()
	w := Waiting{Queued: len(d.fresh), InFlight: d.inFlight}
	for _, p := range d.retries {
		w.Retrying += len(p.hooks)
	}
	return w
}

// next takes what is due, or says how long to wait; a negative wait is until woken.
func (d *deliverer) next(wall time.Time) (*parcel, time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	wait := time.Duration(-1)
	soonest := func(due time.Time) {
		if w := due.Sub(wall); wait < 0 || w < wait {
			wait = w
		}
	}
	if d.sending >= d.target.Concurrency {
		return nil, wait
	}
	for i, p := range d.retries {
		if !p.due.After(wall) {
			d.retries = append(d.retries[:i], d.retries[i+1:]...)
			d.take(len(p.hooks))
			return &p, 0
		}
		soonest(p.due)
	}
	var p parcel
	rest := d.fresh[:0]
	for _, q := range d.fresh {
		switch {
		case q.due.After(wall):
			soonest(q.due)
			rest = append(rest, q)
		case len(p.hooks) < d.target.BatchSize:
			p.hooks = append(p.hooks, q.hook)
		default:
			rest = append(rest, q)
		}
	}
	d.fresh = rest
	if len(p.hooks) == 0 {
		return nil, wait
	}
	p.until = wall.Add(d.target.RetryWindow)
	d.rng.Shuffle(len(p.hooks), func(i, j int) { p.hooks[i], p.hooks[j] = p.hooks[j], p.hooks[i] })
	d.take(len(p.hooks))
	return &p, 0
}

func (d *deliverer) take(n int) {
	d.inFlight += n
	d.sending++
}

func (d *deliverer) run(ctx context.Context) {
	for ctx.Err() == nil {
		p, wait := d.next(d.account.opts.Wall())
		if p != nil {
			d.account.runtime.Go(func() { d.deliver(ctx, *p) })
			continue
		}
		if !d.sleep(ctx, wait) {
			return
		}
	}
}

// sleep waits for work; it reports false when the account closes.
func (d *deliverer) sleep(ctx context.Context, wait time.Duration) bool {
	var expired <-chan time.Time
	if wait >= 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		expired = t.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-d.wake:
	case <-expired:
	}
	return true
}

// deliver makes one attempt and puts the parcel back when it fails.
func (d *deliverer) deliver(ctx context.Context, p parcel) {
	t := d.targetNow()
	for i := range p.hooks {
		p.hooks[i].AttemptNumber = p.attempt
	}
	err := d.post(ctx, t, p)
	d.mu.Lock()
	d.inFlight -= len(p.hooks)
	d.sending--
	if err == nil {
		d.report.Delivered += len(p.hooks)
	} else {
		d.again(p, t)
	}
	d.mu.Unlock()
	d.poke()
}

// again puts a parcel back for another attempt, or gives it up: after the last
// one, or when the next would come after the window.
func (d *deliverer) again(p parcel, t WebhookTarget) {
	base := t.RetryDelay << min(p.attempt, 12)
	p.due = d.account.opts.Wall().Add(base/2 + time.Duration(d.rng.Int64N(int64(base))))
	if p.attempt >= t.MaxAttempts || p.due.After(p.until) {
		for _, h := range p.hooks {
			d.lose(h, p.attempt+1)
		}
		return
	}
	p.attempt++
	d.report.Retried += len(p.hooks)
	d.retries = append(d.retries, p)
}

func (d *deliverer) post(ctx context.Context, t WebhookTarget, p parcel) error {
	hooks := make([]hook, len(p.hooks))
	for i, h := range p.hooks {
		hooks[i] = h.hook
	}
	body, err := json.Marshal(hooks)
	if err != nil {
		return fmt.Errorf("encode events: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("address events: %w", err)
	}
	d.account.sign(req, t, body)
	resp, err := t.Client.Do(req)
	if err != nil {
		return fmt.Errorf("send events: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // the answer's status is all that counts
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("send events: status %d", resp.StatusCode)
	}
	return nil
}

func (a *Account) sign(req *http.Request, t WebhookTarget, body []byte) {
	stamp := fmt.Sprintf("%013d", a.opts.Wall().UnixMilli()) // 13 digits, also before September 2001
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "HubSpot Connect 2.0 (http://dev.hubspot.com/) (namespace: webhooks-nio-http-client)")
	req.Header.Set("X-HubSpot-Request-Timestamp", stamp)
	req.Header.Set("X-HubSpot-Signature-v3", SignatureV3(t.Secret, req.Method, t.URL, body, stamp))
	req.Header.Set("X-HubSpot-Signature-Version", "v1")
	req.Header.Set("X-HubSpot-Signature", SignatureV1(t.Secret, body))
}

// SignatureV3 is the value of X-HubSpot-Signature-v3; timestamp is ms since
// the epoch in decimal (hubspot-api 3.5).
func SignatureV3(secret, method, uri string, body []byte, timestamp string) string {
	if strings.Contains(uri, "%") {
		uri = strings.NewReplacer("%3A", ":", "%2F", "/", "%3F", "?", "%40", "@", "%21", "!", "%24", "$",
			"%27", "'", "%28", "(", "%29", ")", "%2A", "*", "%2C", ",", "%3B", ";").Replace(uri)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(strings.ToUpper(method) + uri))
	mac.Write(body)
	mac.Write([]byte(timestamp))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// SignatureV1 is the value of X-HubSpot-Signature in its first version (hubspot-api 3.5).
func SignatureV1(secret string, body []byte) string {
	sum := sha256.Sum256(append([]byte(secret), body...))
	return hex.EncodeToString(sum[:])
}

// Start begins to deliver webhooks until ctx ends or Close is called.
func (a *Account) Start(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	a.mu.Lock()
	a.cancel = cancel
	a.mu.Unlock()
	a.runtime.Go(func() { a.hooks.run(ctx) })
}

// Close stops the deliveries and waits for those in flight; what is queued stays queued.
func (a *Account) Close() {
	a.mu.Lock()
	cancel := a.cancel
	a.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	a.runtime.Wait()
}

// Wake makes the deliverer look at its clock again; call it after moving a
// Wall clock by hand.
func (a *Account) Wake() { a.hooks.poke() }

// WebhookCounts says how many events were delivered and how many were lost, by
// fault or after the last attempt.
func (a *Account) WebhookCounts() (delivered, lost int) {
	r := a.WebhookReport()
	return r.Delivered, r.Lost
}

// WebhookReport says what became of the events so far.
func (a *Account) WebhookReport() WebhookReport {
	a.hooks.mu.Lock()
	defer a.hooks.mu.Unlock()
	return a.hooks.report
}

// LostEvents lists the events that never reached the receiver, in the order in
// which they were given up: what gap detection must find by other ways.
func (a *Account) LostEvents() []LostEvent {
	a.hooks.mu.Lock()
	defer a.hooks.mu.Unlock()
	return slices.Clone(a.hooks.lost)
}

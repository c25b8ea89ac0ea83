package simulator

import (
	"fmt"
	"net/http"
	"time"
)

// Options configure an Account. The zero value works: no limits, no lag, no
// webhooks, both clocks at the machine's time.
type Options struct {
	// PortalID is the account's number; 0 means 48000001.
	PortalID int64
	// AppID is the number of the app that calls the API and receives webhooks; 0 means 4100001.
	AppID int64
	// Token is the bearer token that the API accepts; empty means "pat-sim-0000".
	Token string
	// Now is the world clock; it may run fast or stand still.
	Now func() time.Time
	// Wall is the operating clock: rate windows, index lag, webhook retries, Date header.
	Wall func() time.Time
	// SearchLag is how long a change stays invisible to search, on the operating clock (hubspot-api 5.4).
	SearchLag time.Duration
	// RateLimits are off where zero (hubspot-api 4).
	RateLimits Limits
	// Webhook is where events go; an empty URL means that none are made.
	Webhook WebhookTarget
	// Seed makes ids, orders and faults repeatable.
	Seed uint64
	// ArchivedKeepUnique keeps the unique values of an archived record reserved;
	// both answers are uncertain (hubspot-api 7.3), so both can be had.
	ArchivedKeepUnique bool
	// DistinctModified keeps modified times of one account at least 1 ms apart.
	// Without it records changed in the same millisecond share their time, as
	// HubSpot's batches do.
	DistinctModified bool
	// DefaultStage is the stage of a new contact made by an integration; empty
	// means "lead", "none" leaves it empty (hubspot-api 6.1).
	DefaultStage string
	// NoDealStageSync switches off HubSpot's own moves to opportunity and customer.
	NoDealStageSync bool
	// Enterprise makes the endpoints of event occurrences answer; without it they
	// are 403, as in accounts without an Enterprise hub (hubspot-api 9.4).
	Enterprise bool
	// RefuseUnique names types that take no unique properties of ours; whether
	// tasks do is uncertain (hubspot-api 7.3), so both answers can be had.
	RefuseUnique []string
	// NoCompanyStageSync keeps a company's stage from its contacts.
	NoCompanyStageSync bool
	// ClearingResetsDates makes clearing a lifecycle stage reset that stage's
	// dates; uncertain, so both can be had (hubspot-api 6.1).
	ClearingResetsDates bool
	// UpdateIgnoresTraces makes a batch update with one invalid value fail whole
	// even when every input has its trace id; by default the others are applied,
	// as for creates. Uncertain, so both can be had (hubspot-api 11.2).
	UpdateIgnoresTraces bool
	// AsDescribed answers as the published description says where the live API
	// differs: toObjectId as a string, subCategory as an object (hubspot-api 9.2).
	AsDescribed bool
	// RecordURLs adds to every record the address of its page, as newer answers have it (hubspot-api 5.1).
	RecordURLs bool
	// TimeZone is the account's zone as account details show it; empty means "Europe/Berlin".
	TimeZone string
	// Advance moves the world clock for POST /control/advance; nil answers 400 there.
	Advance func(to time.Time) error
	// Lean leaves out most of HubSpot's own properties of contacts: all that this package never fills, and the older
	// names of the stages' dates. Who describes the account a hundred thousand times has less to read.
	Lean bool
	// OAuth is the app that can be installed beside the static token.
	OAuth OAuthApp
}

// Limit is a number of requests per sliding window; a zero Max is no limit.
type Limit struct {
	Max    int           `json:"max"`
	Window time.Duration `json:"window"`
}

// Limits are the budgets of hubspot-api 4.1: each kind of endpoint has its own.
type Limits struct {
	General      Limit `json:"general"`
	Search       Limit `json:"search"`
	Associations Limit `json:"associations"`
	// Daily is requests per day of the account's time zone, all buckets together; 0 is no limit.
	Daily int `json:"daily"`
}

// ProfessionalLimits returns the limits of a Professional account (hubspot-api 4).
func ProfessionalLimits() Limits {
	return Limits{
		General:      Limit{Max: 190, Window: 10 * time.Second},
		Search:       Limit{Max: 5, Window: time.Second},
		Associations: Limit{Max: 150, Window: 10 * time.Second},
		Daily:        625_000,
	}
}

// WebhookTarget says where events are delivered and how (hubspot-api 3.1).
type WebhookTarget struct {
	// URL is the target as configured; it is also what the signature covers.
	URL string
	// Secret is the app's client secret.
	Secret string
	// Client sends the deliveries; nil means one of our own without redirects.
	Client *http.Client
	// Classic sends contact.*, company.* and deal.* events in the classic form
	// without objectTypeId; activities are always generic.
	Classic bool
	// Subscriptions narrow what is sent; nil means DefaultSubscriptions.
	Subscriptions []Subscription
	// BatchSize is events per request; 0 means 100.
	BatchSize int
	// Concurrency is requests in flight; 0 means 10.
	Concurrency int
	// Timeout is the time the receiver has to answer; 0 means 5 s.
	Timeout time.Duration
	// MaxAttempts counts retries after the first attempt; 0 means 10.
	MaxAttempts int
	// RetryDelay is the first wait; it doubles with each attempt, with jitter; 0
	// means one minute, which spreads ten retries over most of a day.
	RetryDelay time.Duration
	// RetryWindow ends the retries of an event, from its first attempt; 0 means 24 hours.
	RetryWindow time.Duration
	// Calculated is the chance from 0 to 1 that a changed read-only property
	// fires an event: HubSpot's calculated ones are not reliable (hubspot-api 3.3).
	Calculated float64
}

// Subscription is one line of the app's webhook settings (hubspot-api 3.4).
type Subscription struct {
	// Type is in generic form ("object.propertyChange") or "contact.privacyDeletion".
	Type string
	// ObjectType is a plural such as "contacts"; empty is every type.
	ObjectType string
	// Property narrows object.propertyChange; empty is every property.
	Property string
}

// DefaultSubscriptions are what a project app for leadsync subscribes to:
// everything that happens to contacts, companies, deals, calls and meetings.
func DefaultSubscriptions() []Subscription {
	var out []Subscription
	for _, t := range []string{Contacts, Companies, Deals, Calls, Meetings} {
		for _, e := range []string{eventCreation, eventDeletion, eventProperty, eventMerge, eventRestore, eventAssociation} {
			out = append(out, Subscription{Type: e, ObjectType: t})
		}
	}
	return append(out, Subscription{Type: eventPrivacy, ObjectType: Contacts})
}

// AllSubscriptions are every event of every type, activities included: what a
// project app subscribes to in generic form at most.
func AllSubscriptions() []Subscription {
	var out []Subscription
	for _, e := range []string{eventCreation, eventDeletion, eventProperty, eventMerge, eventRestore, eventAssociation} {
		out = append(out, Subscription{Type: e})
	}
	return append(out, Subscription{Type: eventPrivacy, ObjectType: Contacts})
}

func (o Options) withDefaults() Options {
	if o.PortalID == 0 {
		o.PortalID = 48_000_001
	}
	if o.AppID == 0 {
		o.AppID = 4_100_001
	}
	o.Token = orString(o.Token, "pat-sim-0000")
	o.DefaultStage = orString(o.DefaultStage, "lead")
	o.TimeZone = orString(o.TimeZone, "Europe/Berlin")
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the default clock of a program that gives none
	}
	if o.Wall == nil {
		o.Wall = time.Now //nolint:forbidigo // the default clock of a program that gives none
	}
	o.Webhook = o.Webhook.withDefaults()
	return o
}

func (w WebhookTarget) withDefaults() WebhookTarget {
	if w.Client == nil {
		w.Client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if w.Subscriptions == nil {
		w.Subscriptions = DefaultSubscriptions()
	}
	w.BatchSize = orInt(w.BatchSize, 100)
	w.Concurrency = orInt(w.Concurrency, 10)
	w.MaxAttempts = orInt(w.MaxAttempts, 10)
	if w.Timeout == 0 {
		w.Timeout = 5 * time.Second
	}
	if w.RetryDelay == 0 {
		w.RetryDelay = time.Minute
	}
	if w.RetryWindow == 0 {
		w.RetryWindow = 24 * time.Hour
	}
	return w
}

func orString(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

func orInt(n, fallback int) int {
	if n == 0 {
		return fallback
	}
	return n
}

// showPages makes records tell the address of their page.
func (a *Account) showPages() {
	if !a.opts.RecordURLs {
		return
	}
	for _, t := range a.tables {
		t.pages = fmt.Sprintf("https://app.hubspot.com/contacts/%d/record/%s/", a.opts.PortalID, t.typeID)
	}
}

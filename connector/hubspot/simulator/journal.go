package simulator

import (
	"maps"
	"time"
)

// ActorKind says who changed something.
type ActorKind string

// The kinds of actors.
const (
	// User is a person in HubSpot; ID is the user's number.
	User ActorKind = "user"
	// System is HubSpot itself: calculated values, automation.
	System ActorKind = "system"
	// Integration is another app; ID is its app id.
	Integration ActorKind = "integration"
	// Import is a file that somebody imports; ID is the import's number.
	Import ActorKind = "import"
	// API is a call through Handler; ID is this account's app id.
	API ActorKind = "api"
)

// Actor is who did something.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id,omitempty"`
}

// Op is what an entry records.
type Op string

// The operations of the journal.
const (
	OpCreate       Op = "create"
	OpSet          Op = "set"
	OpArchive      Op = "archive"
	OpRestore      Op = "restore"
	OpPurge        Op = "purge"
	OpMerge        Op = "merge"
	OpAssociate    Op = "associate"
	OpDisassociate Op = "disassociate"
	OpLoad         Op = "load"
	OpProperty     Op = "property"
	OpList         Op = "list"  // a list is made (New is its kind) or deleted (Old)
	OpJoin         Op = "join"  // a record comes onto the list New
	OpLeave        Op = "leave" // a record goes off the list Old
	OpFlow         Op = "flow"  // a workflow is made or switched
	OpUninstall    Op = "uninstall"
)

// OwnerActive is the Property of the entries about owners: whether they are
// active users. An owner has no entry before the first change.
const OwnerActive = "active"

// Entry is one line of the journal: one fact that changed.
type Entry struct {
	Seq   int       `json:"seq"`
	At    time.Time `json:"at"`   // world time
	Wall  time.Time `json:"wall"` // operating time
	Actor Actor     `json:"actor"`
	// Call is method and endpoint template of the API call, empty for the world's own doings.
	Call string `json:"call,omitempty"`
	// Request is the number of that call, from 1.
	Request  int64  `json:"request,omitempty"`
	Op       Op     `json:"op"`
	Type     string `json:"type,omitempty"`
	ID       string `json:"id,omitempty"`
	Property string `json:"property,omitempty"`
	// Old and New are property values; for associate New is "type/id", for
	// merge New is the surviving id, for load New counts the records. Of owners
	// only OwnerActive is recorded, as "true" and "false".
	Old string `json:"old,omitempty"`
	New string `json:"new,omitempty"`
}

// mutation is the context of one atomic change.
type mutation struct {
	actor   Actor
	call    string
	request int64
	at      time.Time
	wall    time.Time
}

func (a *Account) begin(actor Actor) mutation {
	return mutation{actor: actor, at: a.opts.Now().UTC(), wall: a.opts.Wall().UTC()}
}

func (a *Account) note(m mutation, e Entry) {
	e.Seq = len(a.journal) + 1
	e.At, e.Wall, e.Call, e.Request = m.at, m.wall, m.call, m.request
	if e.Actor == (Actor{}) {
		e.Actor = m.actor
	}
	a.journal = append(a.journal, e)
}

// Journal returns everything that happened, oldest first.
func (a *Account) Journal() []Entry { return a.JournalSince(0) }

// JournalSince returns the entries with Seq > n.
func (a *Account) JournalSince(n int) []Entry {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n < 0 {
		n = 0
	}
	if n >= len(a.journal) {
		return nil
	}
	return a.journal[n:len(a.journal):len(a.journal)] // append-only: never written again
}

// Calls counts API requests by "METHOD endpoint template", refused ones included.
func (a *Account) Calls() map[string]int { return a.copyCounts(a.calls) }

// CallsByBucket counts API requests by rate limit bucket: general, search, associations.
func (a *Account) CallsByBucket() map[string]int { return a.copyCounts(a.buckets) }

func (a *Account) copyCounts(m map[string]int) map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(m)
}

// Waiting counts what is under way between the account and the outside.
type Waiting struct {
	// Queued webhook events have not been sent; Retrying ones wait for another attempt.
	Queued   int `json:"queued"`
	InFlight int `json:"inFlight"`
	Retrying int `json:"retrying"`
	// Unindexed counts changes that search does not show yet.
	Unindexed int `json:"unindexed"`
}

// Total is 0 when nothing is under way.
func (w Waiting) Total() int { return w.Queued + w.InFlight + w.Retrying + w.Unindexed }

// Pending says what is still under way.
func (a *Account) Pending() Waiting {
	a.mu.Lock()
	a.catchUp(a.opts.Wall())
	n := len(a.lagging)
	a.mu.Unlock()
	w := a.hooks.pending()
	w.Unindexed = n
	return w
}

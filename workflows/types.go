package workflows

import (
	"errors"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// ErrFenced says that the lease of the portal belongs to somebody else by now: stop, change nothing.
var ErrFenced = errors.New("the portal's lease is held by another worker")

// ErrNoRecord says that the store has nothing under this name.
var ErrNoRecord = errors.New("no such record")

// Fence is the right to write for one portal: it holds while the lease row has this epoch.
type Fence struct {
	Portal connector.PortalID
	Worker string
	Epoch  int64
}

// Class is a class of effect; each is off, shadow or on for a portal (design, "Effects have classes").
type Class string

// The classes of effect of this release.
const (
	ClassScore  Class = "score"
	ClassStage  Class = "stage"
	ClassStatus Class = "status"
	ClassTask   Class = "task"
	ClassDeal   Class = "deal"
	ClassList   Class = "list" // membership of static lists (S22)

	ClassCompany Class = "company" // lifecycle stages of companies (S9)
	ClassOwner   Class = "owner"   // owners of contacts that have none, or one who has left (C21)
	ClassDelete  Class = "delete"  // deletion of contacts that were misjudged, confirmed batch by batch (S94)
)

// Classes are all classes of effect, in the order in which people are shown them.
func Classes() []Class {
	return []Class{ClassScore, ClassStage, ClassStatus, ClassTask, ClassDeal, ClassList, ClassCompany, ClassOwner, ClassDelete}
}

// Mode says what happens to the effects of a class.
type Mode string

// The modes. Shadow records what would have been written; what was recorded in shadow is never written later.
const (
	ModeOff    Mode = "off"
	ModeShadow Mode = "shadow"
	ModeOn     Mode = "on"
)

// Delivery is one verified webhook request, one portal's part of it.
type Delivery struct {
	Portal connector.PortalID
	Key    string // hash of the raw body; an identical delivery stores nothing twice
	Body   []byte // this portal's events as received, a JSON array
	Events []connector.Event
	// At is the business time of the arrival; the zero time counts nothing.
	At time.Time
	// Watched are properties of which every value matters (stage and lead status).
	Watched []string
}

// Received counts what a delivery did.
type Received struct {
	Fresh     int // events that made a record due
	Duplicate int // events received before
	Echo      int // events that equal our last push in id, property and value
	Ignored   int // events about things leadsync does not read
}

// DueRow is one record that wants to be looked at.
type DueRow struct {
	Type     connector.ObjectType
	ID       connector.ObjectID
	Revision int64
	// Hinted is true if a hint is newer than the last settled revision: the record must be read from the
	// CRM. False: only time has come (changes_at), the mirror is enough.
	Hinted bool
	// Watched is true if an event since then named a property whose every value matters: its history is read.
	Watched  bool
	Attempts int
	HintedAt time.Time // operating time of the oldest unsettled hint
}

// LeadState is what leadsync remembers about a contact between two plans. It is stored as JSON.
type LeadState struct {
	// Held is true for a contact that was there before go-live and has not changed since: its stage, status
	// and deals count as handled (design, "Quiet from day one").
	Held bool `json:"held,omitempty"`
	// Prints are what the last look at the contact showed. FactsHash is what earlier releases compared instead; it
	// is empty as soon as this one has looked.
	Prints    Prints `json:"prints,omitempty"`
	FactsHash string `json:"facts_hash"`
	// Stage and Status are the last ones whose entering was handled; Since is business time. Furthest is the
	// high-water mark: of all stages the contact has entered, the one ahead of the others.
	Stage       string    `json:"stage,omitempty"`
	Furthest    string    `json:"furthest,omitempty"`
	StageSince  time.Time `json:"stage_since,omitzero"`
	Status      string    `json:"status,omitempty"`
	StatusSince time.Time `json:"status_since,omitzero"`
	// StatusSeen is the CRM's time of the newest version of the lead status that was considered, LookedAt the
	// business time of the last look at the contact in the CRM; zero if there was none.
	StatusSeen time.Time `json:"status_seen,omitzero"`
	// StatusSaid is the CRM's time of the newest of these versions that is a person's, whether or not it changed anything.
	StatusSaid time.Time `json:"status_said,omitzero"`
	LookedAt   time.Time `json:"looked_at,omitzero"`
	// StatusActivity is the last activity that was considered for the lead status.
	StatusActivity string `json:"status_activity,omitempty"`
	// ShadowStage and ShadowStatus are the last values recorded in shadow, so that they are recorded once.
	ShadowStage  string `json:"shadow_stage,omitempty"`
	ShadowStatus string `json:"shadow_status,omitempty"`
	// Recycled is the last way back that nothing has undone yet (rule 10); nil if there is none.
	Recycled *Recycled `json:"recycled,omitempty"`
	// Episodes counts the episodes of each follow-up rule. OpenTasks maps a rule to the key of its open task, as earlier
	// releases remembered them: what cannot be one of Tasks, because there is one of the kind already or the model lost
	// the rule, stays here until something closes it.
	Episodes  map[string]int    `json:"episodes,omitempty"`
	OpenTasks map[string]string `json:"open_tasks,omitempty"`
	// Pushed and PushedReached are what scoring.Lead wants to know about the last written scores.
	Pushed        map[string]int64 `json:"pushed,omitempty"`
	PushedReached []string         `json:"pushed_reached,omitempty"`
	PushedGrade   string           `json:"pushed_grade,omitempty"`
	PushedTier    string           `json:"pushed_tier,omitempty"`
	// GradeProperty and TierProperty are where they were written to; empty if they were not.
	GradeProperty string `json:"grade_property,omitempty"`
	TierProperty  string `json:"tier_property,omitempty"`
	// PushedShadow says that Pushed was only recorded, not written.
	PushedShadow bool `json:"pushed_shadow,omitempty"`
	// Root is the oldest id of the contact through merges; idempotency keys are made from it.
	Root connector.ObjectID `json:"root"`
	// Decisions counts the decision records of the contact.
	Decisions int `json:"decisions"`
	// Choices are what others chose for the contact (rules 20 and 21).
	Choices Choices `json:"choices,omitzero"`
	Profile
	Following
	Owning
	DealState
	Outcomes
	Outreach
	Quieting
	// Model and EvaluatedAt say which model looked last and when (business time).
	Model       string    `json:"model,omitempty"`
	EvaluatedAt time.Time `json:"evaluated_at,omitzero"`
}

// LeadRecord is everything the store knows about one contact.
type LeadRecord struct {
	ID         connector.ObjectID
	Contact    connector.Object // zero ID if the mirror does not have it yet, or has it as removed
	Companies  []connector.Object
	Activities []connector.Object // calls, meetings and the like: linked and not removed
	Deals      []connector.Object // linked and not removed
	// CompanyDeals are the deals linked to its companies, by company, if those links are read (rule 23).
	CompanyDeals        map[connector.ObjectID][]connector.Object
	Observations        []Observation // by property and time
	Submissions, Visits []SourceEvent // what optional sources told, by time
	State               *LeadState    // nil if never planned
	ChangesAt           time.Time     // business time of the next change, zero if none
	// Pending are the property values of updates and moves back that are ready or being sent: what the contact
	// will have in a moment. Without them a read between planning and pushing would look like a human's change.
	Pending map[string]string
	// Closings are the keys of tasks of ours whose closing is ready or being sent: until that is over nobody knows whether
	// they are open, whatever the mirror has.
	Closings map[string]bool
	// CompaniesMoving are the stages that updates of the companies which are ready or being sent will set.
	CompaniesMoving map[connector.ObjectID]string
	// ReadAt is the business time at which the contact was read from the CRM for this look; zero if the look is
	// at the mirror. Told says that the history of stage and status was read with it.
	ReadAt time.Time
	Told   bool
	// Unread are properties that the model reads, by kind of record, and that what the mirror has of this contact was
	// not asked for yet: that they are absent says nothing.
	Unread map[connector.ObjectType][]string
	// Gathered is what of that waits until a run is over, Orders are the follow-ups that an operator has ordered.
	Gathered Gathered
	Orders   []string
	// Returning is the move back that is ready or being sent, nil if there is none. Until it is over the stage
	// is not moved forward, and its end makes the contact due.
	Returning *BackPayload
	// Refused is the last move back if it was parked, since the CRM would not have it, or if an operator dropped it.
	Refused *BackPayload
	// Removed says that the mirror has the contact as removed; MergedInto is the contact that it was merged into.
	Removed    bool
	MergedInto connector.ObjectID
}

// Decision is the record of why, append-only.
type Decision struct {
	Contact connector.ObjectID `json:"contact,omitempty"`
	No      int                `json:"no"`          // counts up per contact, from LeadState.Decisions
	At      time.Time          `json:"at,omitzero"` // business time
	Model   string             `json:"model,omitempty"`
	Reason  scoring.Reason     `json:"reason"`
	Actions []Action           `json:"actions,omitempty"`
	// Worker is who made it; empty for an operator, and for what an earlier release recorded.
	Worker string `json:"worker,omitempty"`
}

// Decided is what one reconciled contact saves, in one transaction with its neighbours.
type Decided struct {
	ID connector.ObjectID
	// Objects are freshly read records (the contact, its companies) to store in the mirror; Links the freshly
	// read associations from the contact; LinkTypes the kinds of link that Links is complete for.
	Objects   []connector.Object
	Links     []connector.Link
	LinkTypes []connector.ObjectType
	// Gone says that the CRM does not have the contact any more; Survivor is set if it was merged away.
	Gone     bool
	Survivor connector.ObjectID

	Observations []Observation // new ones only
	VisitsSince  time.Time     // from here on the contact's visits are to be read; zero: they are not
	State        LeadState
	Aside
	Decision   *Decision // nil if there was nothing to do
	Entries    []OutboxEntry
	CancelKeys []string  // entries that became obsolete: what is ready, and updates whose outcome is unknown
	ArrivedAt  time.Time // business time; of a new contact that another program made, otherwise zero
	Ordered    []string  // follow-ups whose orders are carried out or dropped by this
	ChangesAt  time.Time
	// Revision is the one that was read; the due mark is cleared only if it has not been raised since.
	Revision int64
}

// FeedState is the position of a feed. Cursor is the place inside a walk that is under way, empty between
// walks; Since is where the current or next walk begins; Seen is the newest modification time met.
type FeedState struct {
	Cursor connector.Cursor
	Since  time.Time
	Seen   time.Time
	// Done counts records met by the first load, Total its estimate; Complete is true when it has ended.
	Done, Total int
	Complete    bool
}

// PulledPage is one page of a feed, or a batch of due activities that were read by id (Feed empty).
type PulledPage struct {
	Feed string
	Next FeedState
	Type connector.ObjectType
	// Objects with the properties in Properties: a property asked for and absent has been cleared.
	Objects    []connector.Object
	Properties []string
	Behaviour  []string // of contacts: not kept of those that must not be profiled
	// HintOnly: do not store the objects; mark those due that differ from the mirror in Properties (in
	// UpdatedAt if Properties is empty).
	HintOnly bool
	// Quiet: store, but mark nothing due (first load before go-live).
	Quiet bool
	// Links are all links from the objects to the kinds in LinkTypes; links known and not listed are removed.
	// Contacts at the other end of an object that changed, or of a link that came or went, become due.
	Links     []connector.Link
	LinkTypes []connector.ObjectType
	// Missing are records that the CRM does not have any more; their contacts become due.
	Missing []connector.ObjectID
	Settle  []DueRow // due rows done with this page
	// Merged names records that the CRM has merged away, and their survivors; not for contacts, whose merges
	// are decisions. Their links go over to the survivor and their contacts become due.
	Merged map[connector.ObjectID]connector.ObjectID
	// Hints are other records that become due with the page.
	Hints []connector.Ref
	// Find says whether what differs counts as found by this feed.
	Find Find
	// Walk is the beginning of the repair walk that met the records in Met (business time).
	Walk time.Time
	Met  []connector.ObjectID
}

// PulledCount counts what a page did.
type PulledCount struct {
	Objects, Changed, Due int
}

// PortalState is what the store remembers about a portal.
type PortalState struct {
	Portal      connector.PortalID
	Name        string
	GoLiveAt    time.Time // business time; zero until the first load is complete
	PausedSince time.Time // operating time; zero if not paused
	PausedUntil time.Time // operating time; zero with PausedSince set: until somebody or something resumes it
	PauseReason string
	Model       string // version of the model last used
	// FirstRunAt is when the first process began to work the account (operating time); zero: nobody has noted it.
	FirstRunAt time.Time
}

// EffectCount counts the outbox of one class.
type EffectCount struct {
	Class       Class
	State       EntryState
	Count       int
	Oldest      time.Time // operating time
	PausedSince time.Time // zero if the class is not paused by the limit
	LastHour    int       // sent in the rolling hour
	Gathered    int       // of Count, those that wait until a run is over
}

// Backlog says how much is waiting for a portal.
type Backlog struct {
	Due         int                // records due now
	Waiting     int                // hinted records in backoff
	OldestDue   time.Duration      // age of the oldest hint
	Outbox      map[EntryState]int // ready, sending and parked entries
	PausedClass []Class
	Contacts    int // contacts in the mirror
}

package connectortest

import (
	"context"
	"testing"
	"time"

	"leadsync/connector"
)

type reads interface {
	List(ctx context.Context, t connector.ObjectType, at connector.Cursor, props []string) (connector.Page, error)
	Changed(ctx context.Context, q connector.ChangedQuery) (connector.Page, error)
	Read(ctx context.Context, t connector.ObjectType, ids []connector.ObjectID, props []string) (connector.ReadResult, error)
	Links(ctx context.Context, from, to connector.ObjectType, ids []connector.ObjectID) ([]connector.Link, error)
}

// settles is what finds out and puts right: what was, what a key stands for, what belongs together.
type settles interface {
	History(ctx context.Context, t connector.ObjectType, ids []connector.ObjectID, props []string) (connector.HistoryResult, error)
	FindByKey(ctx context.Context, t connector.ObjectType, refs []connector.KeyRef) (map[string]connector.KeyState, error)
	AssertLinks(ctx context.Context, links []connector.Link) error
	ChangeList(ctx context.Context, c connector.ListChange) (connector.ListResult, error)
}

type writes interface {
	Update(ctx context.Context, t connector.ObjectType, u []connector.Update) []connector.UpdateResult
	CreateTasks(ctx context.Context, tasks []connector.Task) []connector.CreateResult
	CreateDeals(ctx context.Context, deals []connector.Deal) []connector.CreateResult
	keeps
}

// keeps looks after tasks that exist.
type keeps interface {
	CloseTasks(ctx context.Context, c []connector.Close) []connector.CloseResult
	AmendTasks(ctx context.Context, a []connector.Amend) []connector.AmendResult
}

type describes interface {
	Account(ctx context.Context) (connector.Account, error)
	Properties(ctx context.Context, t connector.ObjectType) ([]connector.Property, error)
	Pipelines(ctx context.Context) ([]connector.Pipeline, error)
	Owners(ctx context.Context) ([]connector.Owner, error)
}

// CRM is what leadsync asks of a connector, all of it.
type CRM interface {
	reads
	settles
	writes
	describes
}

// Fault is a failure of the CRM or of the way to it.
type Fault string

// The faults that every connector must tell apart.
const (
	// FaultThrottled refuses a call for coming too soon, and says how long to wait: ten seconds.
	FaultThrottled Fault = "throttled"
	// FaultDown fails before anything is done.
	FaultDown Fault = "down"
	// FaultLost does what was asked and loses the answer.
	FaultLost Fault = "lost"
	// FaultOmit does not do one of the records of an update, and does not mention it.
	FaultOmit Fault = "omit"
)

// World is what people and misfortune do in the account. Functions fail the test themselves when the account
// refuses; times are the account's.
type World struct {
	// Contact makes a contact with properties, as a person would; Record any other kind of record, linked to
	// the contacts.
	Contact func(t *testing.T, props map[string]string) connector.ObjectID
	Record  func(t *testing.T, typ connector.ObjectType, props map[string]string, contacts ...connector.ObjectID) connector.ObjectID
	// Set changes properties as a person would.
	Set func(t *testing.T, typ connector.ObjectType, id connector.ObjectID, props map[string]string)
	// Archive puts a record away, Merge joins two contacts and gives the survivor's id, which may be new.
	Archive func(t *testing.T, typ connector.ObjectType, id connector.ObjectID)
	Merge   func(t *testing.T, winner, loser connector.ObjectID) connector.ObjectID
	// Touch sets when a record was changed last.
	Touch func(t *testing.T, typ connector.ObjectType, id connector.ObjectID, at time.Time)
	// Complete marks a task as done, as the rep would.
	Complete func(t *testing.T, task connector.ObjectID)
	// Get shows a record's properties as the account holds them, and whether it is there and not archived.
	Get func(t *testing.T, typ connector.ObjectType, id connector.ObjectID) (props map[string]string, live bool)
	// Linked tells whether two records are associated.
	Linked func(t *testing.T, l connector.Link) bool
	// Count is the number of live records.
	Count func(t *testing.T, typ connector.ObjectType) int
	// List makes a static list and a second one that the CRM computes itself; Members shows who is on one.
	List    func(t *testing.T) (static, computed string)
	Members func(t *testing.T, list string) []connector.ObjectID
	// Owner makes a user; inactive ones have left.
	Owner func(t *testing.T, active bool) string
	// Fail makes the next n calls whose effect the fault can have fail that way; Heal ends all faults.
	Fail func(t *testing.T, f Fault, n int)
	Heal func(t *testing.T)
	// Revoke makes the token worthless.
	Revoke func(t *testing.T)
	// Now is the account's time.
	Now func() time.Time
}

// Subject is a connector under test with a new, empty account behind it.
type Subject struct {
	CRM   CRM
	World World
	Names connector.Names
	// Account is the account's own number.
	Account connector.PortalID
	// Text and Number are properties of contacts that anybody may write; BadNumber is a value that the CRM
	// refuses for Number.
	Text, Number, BadNumber string
	// CompanyStages are two stages of companies, the first one behind the second in the account's order.
	CompanyStages [2]string
	// TaskEdits are what people change about a task and nobody may overwrite, one at a time: values that a task made
	// by leadsync for nobody, without priority, does not have.
	TaskEdits []map[string]string
	// Secrets must stand in no error.
	Secrets []string
}

// Run states every requirement; open gives a subject with an account of its own for each.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	t.Helper()
	for _, part := range [][]requirement{readRequirements(), writeRequirements(), createRequirements(), taskRequirements(), failureRequirements()} {
		for _, r := range part {
			t.Run(r.promise, func(t *testing.T) { r.check(t, open(t)) })
		}
	}
}

// requirement is one promise and the proof of it.
type requirement struct {
	promise string
	check   func(t *testing.T, s Subject)
}

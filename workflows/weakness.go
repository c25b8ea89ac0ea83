package workflows

import (
	"math/bits"
	"strconv"
)

// Defence is one thing that leadsync does so that nothing is lost and nothing doubled. The simulation switches each
// off, one at a time, and must see what it protects from (`make sim-mutants`): a defence without which nothing ever
// breaks is not among Defences.
type Defence uint8

// The defences, in the order of the story.
const (
	// StoreFirst: the receiver answers only after the delivery is stored. Without it a webhook is acknowledged
	// whatever became of it, and the CRM does not deliver it again.
	StoreFirst Defence = iota + 1
	// CommitUnknown: a COMMIT that failed is an error, whose unit is done once more. Without it the unit counts as
	// done, and what it was to store is lost if the database did not store it.
	CommitUnknown
	// EventDedup: an event is counted once, by its own key, however often it is delivered. Without it what is
	// known of how complete and late the news are counts repetitions.
	EventDedup
	// DueRevision: settling a due record clears only the revision that was read. Without it what arrives between
	// reading and saving is taken for settled.
	DueRevision
	// EchoByValue: an event of our own app is an echo only if its value is what we wrote last. Without the value a
	// write of a worker that was fenced off is taken for our last one, and stays.
	EchoByValue
	// Sweep: what changed is searched for, whether or not a webhook told. Without it a lost webhook is a lost change.
	Sweep
	// SweepOverlap: a sweep reaches back behind the newest change that it has seen. Without it a change that the
	// CRM's index shows late falls between two sweeps.
	SweepOverlap
	// FeedWithPage: the position of a feed moves in the transaction that stores its page. Without it a crash in
	// between skips the page.
	FeedWithPage
	// NewerReading: a reading that is older than the mirror's is not stored. Without it the lagging index of the
	// CRM brings back what was read by id before.
	NewerReading
	// FirstLoad: what an account holds at its first load counts as handled. Without it every contact that was
	// there before gets the tasks and deals of a new one.
	FirstLoad
	// MergeLineage: the survivor of a merge inherits the state, the keys and the unfinished entries of those it was
	// made of. Without it it is taken for a new lead, with tasks of its own beside theirs.
	MergeLineage
	// History: what the history of stage and status tells decides whether somebody else was later (rules 5 and 12).
	// Without it what a person did between two looks is overwritten, or taken for our own.
	History
	// GiveWay: an update that was not sent yet is cancelled when a person has set the property since. Without it
	// the person's choice is overwritten by one that was planned before.
	GiveWay
	// Tombstone: what was erased is not stored again. Without it a late webhook or reading brings a person back who
	// was to be forgotten.
	Tombstone
	// EpochFence: a transaction of a worker begins with the lease's epoch. Without it a worker that slept through
	// the end of its lease stores what it read before.
	EpochFence
	// LeaseCheck: no call to the CRM is made, or goes on, once the lease may be over. Without it a worker that slept
	// through the end of its lease writes what it planned before, beside the one that took over.
	LeaseCheck
	// WriteAhead: an entry is marked as being sent before the call. Without it nobody knows after a crash that it
	// may have been sent.
	WriteAhead
	// UniqueKey: a creation carries a key that the CRM accepts once. Without it a creation that arrives twice, or
	// late, is made twice. Switched off, the keys are there, but nobody enforces them, and leadsync does not know.
	UniqueKey
	// ReadBack: a creation whose outcome is unknown is looked for by its key before it is made. Without it one that
	// happened is made twice wherever the CRM refuses no second one.
	ReadBack
	// QuietPeriod: where the CRM refuses no second creation, one whose outcome is unknown is left alone for a while,
	// and looked for once more after it was repeated. Without it one that arrives late is made twice for good.
	QuietPeriod
	// NoBlindRepeat: the client repeats no creation that the CRM may have carried out. Without it a lost answer
	// makes two where the CRM refuses no second one.
	NoBlindRepeat
	// AnswerCompared: an answer is compared with what was sent, input by input. Without it what a partial answer
	// leaves out counts as done.
	AnswerCompared
	// SilenceIsNotAbsence: a record that an answer does not mention is asked for once more. Without it a contact
	// counts as deleted because an answer was incomplete.
	SilenceIsNotAbsence
	// Untouched: a task of ours is amended or archived only if it looks as we wrote it. Without it what a person
	// edited is overwritten or put away.
	Untouched
	// InOrder: an entry waits for the one that it builds on. Without it a task is archived before it is made, and
	// stays.
	InOrder
	// PauseRevoked: after the CRM has rejected the token nothing is sent until it is accepted again. Without it the
	// worker goes on calling.
	PauseRevoked
	// LastWins: an update that says something else waits while the CRM may still carry out one before it of which nobody
	// heard. Without it the older one comes last, and stays.
	LastWins

	defences = int(iota)
)

// Defences are the defences that the simulation proves necessary, in the order of the story.
func Defences() []Defence {
	all := make([]Defence, defences)
	for i := range all {
		all[i] = Defence(i + 1)
	}
	return all
}

// String is the defence's name, as the simulation's table shows it.
func (d Defence) String() string {
	names := [...]string{
		StoreFirst: "store first", CommitUnknown: "commit unknown", EventDedup: "event dedup", DueRevision: "due revision",
		EchoByValue: "echo by value", Sweep: "sweep", SweepOverlap: "sweep overlap", FeedWithPage: "feed with page",
		NewerReading: "newer reading", FirstLoad: "first load", History: "history", GiveWay: "give way",
		MergeLineage: "merge lineage", Tombstone: "tombstone", EpochFence: "epoch fence", LeaseCheck: "lease check",
		WriteAhead: "write-ahead",
		UniqueKey:  "unique key", ReadBack: "read-back", QuietPeriod: "quiet period", NoBlindRepeat: "no blind repeat",
		AnswerCompared: "answer compared", SilenceIsNotAbsence: "silence is not absence", Untouched: "untouched",
		InOrder: "in order", PauseRevoked: "pause revoked", LastWins: "last wins",
	}
	if int(d) < len(names) && names[d] != "" {
		return names[d]
	}
	return "defence " + strconv.Itoa(int(d))
}

// Weakness is a set of defences that are switched off. The zero value switches off none, and it is all that there is
// outside the simulation: only Weaken makes another one, and a test sees to it that nothing else calls it.
type Weakness struct{ off uint64 }

// Weaken switches defences off. It is for the simulation alone.
func Weaken(off ...Defence) Weakness {
	var w Weakness
	for _, d := range off {
		w.off |= 1 << d
	}
	return w
}

// Without reports whether a defence is switched off.
func (w Weakness) Without(d Defence) bool { return w.off&(1<<d) != 0 }

// String names what is switched off, or says that nothing is.
func (w Weakness) String() string {
	if w.off == 0 {
		return "nothing switched off"
	}
	text := ""
	for rest := w.off; rest != 0; rest &= rest - 1 {
		if text != "" {
			text += ", "
		}
		text += Defence(bits.TrailingZeros64(rest)).String() //nolint:gosec // below 64
	}
	return "without " + text
}

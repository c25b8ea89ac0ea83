package workflows

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"leadsync/connector"
)

// Chore is something that the clock asks for and the worker of the portal does.
type Chore string

// The chores besides sweeps, whose chore is "sweep/" and the kind of record.
const (
	ChoreOwners Chore = "owners"
	ChorePrune  Chore = "prune"
	ChoreRetry  Chore = "retry"  // try again what could not be read and is in quarantine
	ChoreRepair Chore = "repair" // begin the slow walk; its pages are read when nothing else is to do
)

// The chores of the optional source of submissions: a round through the forms that are not quiet, and one through all.
const (
	ChoreSubmissions    Chore = "submissions"
	ChoreAllSubmissions Chore = "submissions of all forms"
)

// SweepOf is the chore of sweeping one kind of record.
func SweepOf(t connector.ObjectType) Chore { return Chore(feedSweep + string(t)) }

// Schedule keeps the clock of one portal. A tick only notes that a chore is wanted: the work is done by the
// worker that holds the portal's lease, one thing at a time. A chore that is wanted twice is done once, and
// what was missed while nobody ran is caught up, because sweeps start at their watermark.
type Schedule struct {
	cron   *cron.Cron
	mu     sync.Mutex
	wanted map[Chore]bool
	set    setbacks
	doing  int
	wake   chan struct{}
}

// NewSchedule parses the specifications of the chores, in operating time in the given location. The error
// names every chore whose specification is wrong.
func NewSchedule(specs map[Chore]string, location *time.Location, log *slog.Logger) (*Schedule, error) {
	l := cronLogger{log}
	s := &Schedule{
		// Recover inside SkipIfStillRunning: the other order never runs a job again after one panic.
		cron:   cron.New(cron.WithLocation(location), cron.WithLogger(l), cron.WithChain(cron.SkipIfStillRunning(l), cron.Recover(l))),
		wanted: map[Chore]bool{}, wake: make(chan struct{}, 1), set: setbacks{waits: map[Chore]bool{}, fails: map[Chore]int{}},
	}
	var bad []string
	for _, c := range sortedChores(specs) {
		if len(strings.Fields(specs[c])) == 0 {
			bad = append(bad, fmt.Sprintf("%s: empty schedule", c))
			continue
		}
		if _, err := s.cron.AddFunc(specs[c], func() { s.Want(c) }); err != nil {
			bad = append(bad, fmt.Sprintf("%s: %v", c, err))
		}
	}
	if len(bad) > 0 {
		return nil, fmt.Errorf("schedule: %s", strings.Join(bad, "; "))
	}
	return s, nil
}

func sortedChores(specs map[Chore]string) []Chore {
	var names []Chore
	for c := range specs {
		names = append(names, c)
	}
	slices.Sort(names)
	return names
}

// Start starts the clock; Stop stops it and waits for ticks under way.
func (s *Schedule) Start() { s.cron.Start() }

// Stop stops the clock and waits for ticks under way, which only take notes.
func (s *Schedule) Stop() { <-s.cron.Stop().Done() }

// Want asks for a chore and wakes the worker. It never blocks.
func (s *Schedule) Want(chores ...Chore) {
	s.mu.Lock()
	for _, c := range chores {
		if !s.set.waits[c] {
			s.wanted[c] = true
		}
	}
	s.mu.Unlock()
	s.Wake()
}

// Wake tells the worker that there is something to do. It never blocks.
func (s *Schedule) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Woken is signalled after Want and Wake.
func (s *Schedule) Woken() <-chan struct{} { return s.wake }

// Take returns the wanted chores in a fixed order. Each counts as pending until it is Done.
func (s *Schedule) Take() []Chore {
	s.mu.Lock()
	defer s.mu.Unlock()
	var chores []Chore
	for c := range s.wanted {
		chores = append(chores, c)
	}
	clear(s.wanted)
	s.doing += len(chores)
	slices.Sort(chores)
	return chores
}

// Done says that a taken chore has been done, or is wanted again.
func (s *Schedule) Done() {
	s.mu.Lock()
	s.doing--
	s.mu.Unlock()
}

// Pending reports how many chores are wanted or being done, those included that failed and wait.
func (s *Schedule) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.wanted) + len(s.set.waits) + s.doing
}

// cronLogger lets cron speak through slog; its chatter is for debugging.
type cronLogger struct{ log *slog.Logger }

// Info implements cron.Logger.
func (l cronLogger) Info(_ string, args ...any) { l.log.Debug("cron", args...) }

// Error implements cron.Logger.
func (l cronLogger) Error(err error, _ string, args ...any) {
	l.log.Error("cron", append([]any{"error", err}, args...)...)
}

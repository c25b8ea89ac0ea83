// Package sim plays the real receiver, service, store and HubSpot client against a simulated account, in virtual time,
// with everything going wrong that can: one seed is one story, and the same seed is the same story, step by step.
//
// There is no code here that a program could use. Everything is in the tests of this package (package sim_test), whose
// entry point is
//
//	func Run(t *testing.T, o Options) Outcome
//
//	type Options struct {
//		Seed  uint64             // everything that is left to chance
//		Weak  workflows.Weakness // defences that are switched off; the zero value is what is sold
//		Story io.Writer          // the story, as it happens; nil: only kept for Outcome.Trace
//	}
//
//	type Outcome struct {
//		Seed       uint64
//		Violations []Violation // empty: everything held
//		Trace      []string    // the story
//	}
//
//	type Violation struct {
//		Check string // which promise was broken, one of the constants check*
//		Text  string // what is wrong
//	}
//
// Run does not fail the test: the caller decides what a violation means. Many may run at once, each in a bubble of its
// own (testing/synctest).
//
// # How it works
//
// Two to eight workers, each a whole service with its own handle on one SQLite file, run as goroutines in one bubble, but
// one moves at a time. Every transaction, commit and call waits at a gate until the scheduler, which waits until all
// others are blocked, opens the gate of one of them, by the seed. Between two gates nobody else moves, so nothing is
// left to chance but the seed. A crash makes every later gate of that worker fail.
//
// One story after another uses the same file, emptied down to its first size, and the connections that ended processes
// left: to open one and to prepare its statements costs more than most of what is asked. A story does not see it.
package sim

package sim_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"
)

// errKilled is what every gate answers to a worker that was killed.
var errKilled = errors.New("this process was killed")

// ticket is somebody who waits at a gate.
type ticket struct {
	worker *worker // nil: the post
	actor  string  // who of the worker: its name, or the delivery that it takes
	what   string
	open   chan error
}

// gates let one actor move at a time. Everybody waits here before whatever others can see: a transaction, a call, an
// answer, a delivery.
type gates struct {
	mu      sync.Mutex
	waiting []*ticket
	arrived chan struct{}
}

func newGates() *gates { return &gates{arrived: make(chan struct{}, 1)} }

// pass waits until the scheduler opens the gate. The error takes the place of what lies behind it.
func (g *gates) pass(w *worker, actor, what string) error {
	t := &ticket{worker: w, actor: actor, what: what, open: make(chan error, 1)}
	g.mu.Lock()
	if w != nil && w.dead {
		g.mu.Unlock()
		return errKilled
	}
	g.waiting = append(g.waiting, t)
	g.mu.Unlock()
	select {
	case g.arrived <- struct{}{}:
	default:
	}
	return <-t.open
}

// drain forgets what was signalled until now: everybody is at rest, so everybody who arrived is known.
func (g *gates) drain() {
	select {
	case <-g.arrived:
	default:
	}
}

// list are those who wait, in an order that has nothing to do with who came first.
func (g *gates) list() []*ticket {
	g.mu.Lock()
	defer g.mu.Unlock()
	slices.SortStableFunc(g.waiting, func(x, y *ticket) int {
		return cmp.Or(cmp.Compare(x.actor, y.actor), cmp.Compare(x.what, y.what))
	})
	return slices.Clone(g.waiting)
}

func (g *gates) open(t *ticket, err error) {
	g.mu.Lock()
	g.waiting = slices.DeleteFunc(g.waiting, func(x *ticket) bool { return x == t })
	g.mu.Unlock()
	t.open <- err
}

// bury opens all gates of a killed worker, with the news of its death.
func (g *gates) bury(w *worker) {
	g.mu.Lock()
	w.dead = true
	var left []*ticket
	for _, t := range g.waiting {
		if t.worker != w {
			left = append(left, t)
			continue
		}
		t.open <- errKilled
	}
	g.waiting = left
	g.mu.Unlock()
}

// event is something of the story that happens at a time.
type event struct {
	at   time.Time
	what string
	do   func()
}

// run lets the world go on until a time, or until enough says so; enough is asked when nobody can move.
func (p *play) run(until time.Time, enough func() bool) {
	for {
		synctest.Wait() // whoever moved last may draw from the seed too: never while the next tick is drawn
		time.Sleep(p.tick())
		synctest.Wait()
		p.gates.drain()
		if p.broken() {
			return
		}
		if p.happen() {
			continue
		}
		now := time.Now()
		if !now.Before(until) {
			return
		}
		if t := p.choose(now); t != nil {
			p.move(t)
			continue
		}
		if enough != nil && enough() {
			return
		}
		p.idle(until)
	}
}

// tick is the least time between two moves. It keeps timers of different goroutines from ending at one instant, at which
// nobody could say who is first.
func (p *play) tick() time.Duration { return time.Duration(20_001 + p.rng.IntN(400_000)) }

// idle lets time pass until somebody arrives or something is to happen.
func (p *play) idle(until time.Time) {
	next := until
	sooner := func(at time.Time) {
		if at.After(time.Now()) && at.Before(next) {
			next = at
		}
	}
	for _, e := range p.events {
		sooner(e.at)
	}
	for _, w := range p.workers {
		sooner(w.frozen)
	}
	for _, t := range p.gates.list() {
		if t.worker == nil {
			sooner(p.mail[t.actor].next)
		}
	}
	timer := time.NewTimer(time.Until(next))
	defer timer.Stop()
	select {
	case <-p.gates.arrived:
	case <-timer.C:
	}
}

// happen lets the events of the story happen whose time has come.
func (p *play) happen() bool {
	now := time.Now()
	i := slices.IndexFunc(p.events, func(e event) bool { return !e.at.After(now) })
	if i < 0 {
		return false
	}
	e := p.events[i]
	p.events = slices.Delete(p.events, i, i+1)
	p.tell("story", e.what)
	e.do()
	return true
}

// plan puts an event into the story, in the order of time.
func (p *play) plan(at time.Time, what string, do func()) {
	p.events = append(p.events, event{at, what, do})
	slices.SortStableFunc(p.events, func(x, y event) int { return x.at.Compare(y.at) })
}

// choose is one of those who may move.
func (p *play) choose(now time.Time) *ticket {
	var free []*ticket
	for _, t := range p.gates.list() {
		switch {
		case t.worker == nil:
			m := p.mail[t.actor]
			if m.next.After(now) && m.seen == p.account.Pending().Queued {
				continue
			}
		case t.worker.frozen.After(now):
			continue
		}
		if n := len(free); n > 0 && free[n-1].actor == t.actor && free[n-1].what == t.what {
			p.violate(checkReplay, "two goroutines of %s wait for %q: their order is not the seed's", t.actor, t.what)
		}
		free = append(free, t)
	}
	if len(free) == 0 {
		return nil
	}
	return free[p.rng.IntN(len(free))]
}

// move opens a gate, or lets something go wrong there.
func (p *play) move(t *ticket) {
	if p.storm && t.worker != nil {
		switch w := t.worker; {
		case p.chance(p.dice.crash):
			p.tell(t.actor, "is killed before: "+t.what)
			p.fired["kill"]++
			p.kill(w)
			return
		case p.dice.topic == sleepers && strings.HasPrefix(t.what, "call POST") && writesPath(t.what) && p.chance(0.4):
			p.fired["pause"]++
			w.frozen = time.Now().Add(p.between(8500*time.Millisecond, 9900*time.Millisecond)) // no longer than the client waits
			p.tell(t.actor, "sleeps nearly ten seconds before: "+t.what)
			return
		case p.chance(p.dice.pause):
			p.fired["pause"]++
			w.frozen = time.Now().Add(p.between(p.dice.pauseMin, p.dice.pauseMax))
			p.tell(t.actor, fmt.Sprintf("sleeps for %s before: %s", time.Until(w.frozen).Round(time.Millisecond), t.what))
			return
		}
	}
	p.tell(t.actor, t.what)
	p.gates.open(t, nil)
}

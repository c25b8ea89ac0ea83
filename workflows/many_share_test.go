package workflows_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"leadsync/connector"
	"leadsync/workflows"
)

// crew is some workers that share portals, one look after the other.
type crew struct {
	*testing.T
	portals map[connector.PortalID]string
	alive   []string
	moves   int
}

func newCrew(t *testing.T, portals int) *crew {
	c := &crew{T: t, portals: map[connector.PortalID]string{}}
	for i := range portals {
		c.portals[connector.PortalID(fmt.Sprintf("%03d", i))] = ""
	}
	return c
}

// look is one look of one worker, on what the others have done before.
func (c *crew) look(self string) {
	c.Helper()
	take, give := workflows.Share(workflows.Fellowship{Self: self, Alive: c.alive, Portals: maps.Clone(c.portals)})
	most := (len(c.portals) + len(c.alive) - 1) / len(c.alive)
	for _, p := range take {
		if c.portals[p] != "" {
			c.Fatalf("%s takes portal %s of %s", self, p, c.portals[p])
		}
		c.portals[p] = self
		c.moves++
	}
	if n := c.counts()[self]; len(take) > 0 && n > most {
		c.Fatalf("%s took %d portals and has %d, the fair share of %d among %d is %d", self, len(take), n, len(c.portals), len(c.alive), most)
	}
	for _, p := range slices.Sorted(maps.Keys(c.portals)) {
		if give > 0 && c.portals[p] == self {
			c.portals[p] = ""
			c.moves++
			give--
		}
	}
	if give > 0 {
		c.Fatalf("%s is to give %d portals more than it has", self, give)
	}
}

func (c *crew) counts() map[string]int {
	counts := map[string]int{}
	for _, w := range c.portals {
		counts[w]++
	}
	return counts
}

// settle lets everybody look, in any order, until nothing moves.
func (c *crew) settle(rng *rand.Rand) {
	c.Helper()
	for rounds := 0; ; rounds++ {
		before := c.moves
		order := slices.Clone(c.alive)
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, w := range order {
			c.look(w)
		}
		if c.moves == before {
			return
		}
		if rounds > 10 {
			c.Fatalf("%d workers are still moving portals after %d rounds: %v", len(c.alive), rounds, c.counts())
		}
	}
}

func (c *crew) fair() {
	c.Helper()
	counts := c.counts()
	least, most := len(c.portals)/len(c.alive), (len(c.portals)+len(c.alive)-1)/len(c.alive)
	if counts[""] > 0 {
		c.Errorf("%d portals are nobody's", counts[""])
	}
	for _, w := range c.alive {
		if counts[w] < least || counts[w] > most {
			c.Errorf("%s has %d portals, want %d to %d: %v", w, counts[w], least, most, counts)
		}
	}
}

// Workers come and go at random: always everything is shared fairly after a few looks, and then nothing moves any more.
func TestShare(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 6))
		c := newCrew(t, rng.IntN(60))
		for step := range 12 {
			if len(c.alive) == 0 || rng.IntN(2) == 0 {
				c.alive = append(c.alive, fmt.Sprintf("host/%d/%d", rng.IntN(100), step))
			} else {
				i := rng.IntN(len(c.alive))
				dead := c.alive[i]
				c.alive = slices.Delete(c.alive, i, i+1)
				for p, w := range c.portals { // its leases are over
					if w == dead {
						c.portals[p] = ""
					}
				}
			}
			if len(c.alive) == 0 {
				continue
			}
			c.settle(rng)
			if c.fair(); t.Failed() {
				t.Fatalf("seed %d, step %d", seed, step)
			}
		}
	}
}

// One more process among 16 with 200 portals moves no more than what it gets.
func TestShare_movesLittle(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 6))
	c := newCrew(t, 200)
	for i := range 16 {
		c.alive = append(c.alive, fmt.Sprintf("w%02d", i))
	}
	c.settle(rng)
	c.fair()
	c.moves = 0
	c.alive = append(c.alive, "w16")
	c.settle(rng)
	c.fair()
	if most := 2 * 12; c.moves > most { // each is given back and taken
		t.Errorf("%d moves, want at most %d", c.moves, most)
	}
}

// Portals whose worker does not announce itself, of a release that does not know how, stay where they are.
func TestShare_withStrangers(t *testing.T) {
	portals := map[connector.PortalID]string{"1": "old", "2": "old", "3": "old", "4": "new"}
	take, give := workflows.Share(workflows.Fellowship{Self: "new", Portals: portals})
	if len(take) > 0 || give != 0 {
		t.Errorf("takes %v, gives %d", take, give)
	}
	portals["2"] = ""
	if take, give = workflows.Share(workflows.Fellowship{Self: "new", Portals: portals}); len(take) != 1 || give != 0 {
		t.Errorf("takes %v, gives %d, want the free portal", take, give)
	}
}

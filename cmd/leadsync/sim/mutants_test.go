package sim_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"leadsync/workflows"
)

// mutantsPath is the table of seeds that are known to catch the lack of a defence, up to ten for each. `make sim-mutants`
// writes it anew.
const mutantsPath = "testdata/mutants.txt"

// mutantSeeds is how many seeds of each defence the table has.
const mutantSeeds = 10

// widely is up to which seed the stories without a topic are tried too; after that it is about more seeds of the same kind.
const widely = 1000

// caught is the search for seeds that catch the lack of one defence.
type caught struct {
	defence workflows.Defence
	seeds   []uint64 // that caught it
	check   string   // what was violated first
	text    string
	run     int // seeds that were played
}

// where are the topics of the stories in which the lack of a defence may be seen; the wide ones are tried too.
func where(d workflows.Defence) []topic {
	return map[workflows.Defence][]topic{
		workflows.StoreFirst: {commitsFail, sleepers}, workflows.CommitUnknown: {commitsFail}, workflows.EventDedup: {webhooksLost, commitsFail},
		workflows.DueRevision: {quickPeople}, workflows.EchoByValue: {updatesLate}, workflows.Sweep: {webhooksLost}, workflows.SweepOverlap: {webhooksLost},
		workflows.NewerReading: {indexLate}, workflows.FirstLoad: {webhooksLost},
		workflows.History:   {quickPeople, updatesLate, updatesRefused, editors},
		workflows.Tombstone: {farewells}, workflows.EpochFence: {sleepers}, workflows.LeaseCheck: {sleepers},
		workflows.WriteAhead: {killings, creationsLost}, workflows.UniqueKey: {creationsLate, creationsLost}, workflows.ReadBack: {creationsLost, creationsLate},
		workflows.QuietPeriod: {creationsLate}, workflows.NoBlindRepeat: {creationsLost, creationsLate}, workflows.AnswerCompared: {answersPartial},
		workflows.SilenceIsNotAbsence: {readsSilent}, workflows.Untouched: {editors}, workflows.InOrder: {creationsRefused}, workflows.PauseRevoked: {strangers},
		workflows.LastWins: {updatesLate}, workflows.MergeLineage: {merges}, workflows.GiveWay: {quickPeople, updatesRefused},
		workflows.FeedWithPage: {killings, commitsFail, webhooksLost, sleepers},
	}[d]
}

// promise reports whether a violation is that of a promise, and not of the simulation itself.
func promise(v Violation) bool { return v.Check != checkRun && v.Check != checkReplay }

// try plays a seed without the defence. It catches if a promise is broken. Before a seed comes into the table it must
// hold with all defences.
func (c *caught) try(t *testing.T, seed uint64, whole bool) bool {
	t.Helper()
	c.run++
	out := Run(t, Options{Seed: seed, Weak: workflows.Weaken(c.defence)})
	i := slices.IndexFunc(out.Violations, promise)
	if i < 0 {
		return false
	}
	if whole {
		if out := Run(t, Options{Seed: seed}); len(out.Violations) > 0 {
			t.Logf("seed %d does not hold with all defences either: %v", seed, out.Violations[0])
			return false
		}
	}
	if len(c.seeds) == 0 {
		c.check, c.text = out.Violations[i].Check, out.Violations[i].Text
	}
	c.seeds = append(c.seeds, seed)
	return true
}

// Every defence is necessary: without it a promise is broken, in a story of which all promises hold with it. In the plain
// test by one of the seeds of the table; with LEADSYNC_SIM_MUTANTS=n by the first of the seeds from 1 to n, and the
// table is written anew (`make sim-mutants`).
func TestMutants(t *testing.T) {
	most := numberFrom(t, "LEADSYNC_SIM_MUTANTS", 0)
	table, err := readMutants()
	if err != nil && most == 0 {
		t.Fatalf("%v; `make sim-mutants` writes the table", err)
	}
	only := os.Getenv("LEADSYNC_SIM_MUTANT")
	var mu sync.Mutex
	found := map[workflows.Defence]*caught{}
	t.Run("play", func(t *testing.T) {
		for _, d := range workflows.Defences() {
			if only != "" && d.String() != only || most == 0 && int(d)%mutantStride != 0 {
				continue
			}
			t.Run(d.String(), func(t *testing.T) {
				t.Parallel()
				c := &caught{defence: d}
				if most == 0 {
					c.known(t, table[d])
				} else {
					c.search(t, most)
				}
				mu.Lock()
				defer mu.Unlock()
				found[d] = c
			})
		}
	})
	if most > 0 {
		fmt.Print(tableOf(found))
		if only == "" && !t.Failed() {
			writeMutants(t, found)
		}
	}
}

// known plays the seeds of the table until one catches.
func (c *caught) known(t *testing.T, seeds []uint64) {
	t.Helper()
	if len(seeds) == 0 {
		t.Errorf("%s has no seeds for %q; `make sim-mutants` writes the table anew", mutantsPath, c.defence)
	}
	for _, seed := range seeds {
		if c.try(t, seed, false) {
			return
		}
	}
	t.Errorf("none of the seeds %v sees that %q is switched off. If the simulation has changed, `make sim-mutants` finds others; if the product has, ask whether the defence is still there",
		seeds, c.defence)
}

// search plays seeds from 1 until enough catch. Only the first counts for whether the defence is necessary.
func (c *caught) search(t *testing.T, most uint64) {
	t.Helper()
	enough := int(numberFrom(t, "LEADSYNC_SIM_MUTANT_SEEDS", mutantSeeds))
	first := 0
	for seed := uint64(1); seed <= most && len(c.seeds) < enough; seed++ {
		if t := topicOf(seed); (t != wide || seed > widely) && !slices.Contains(where(c.defence), t) {
			continue
		}
		if c.try(t, seed, true) && first == 0 {
			first = c.run
			t.Logf("%s: seed %d after %d: %s: %s", c.defence, seed, c.run, c.check, c.text)
		}
	}
	if len(c.seeds) == 0 {
		t.Errorf("%q is switched off, and no seed from 1 to %d sees it", c.defence, most)
	}
}

// tableOf shows what became of each defence.
func tableOf(found map[workflows.Defence]*caught) string {
	text := fmt.Sprintf("%-24s %10s %10s  %s\n", "defence", "first seed", "seeds run", "what was violated")
	for _, d := range slices.Sorted(maps.Keys(found)) {
		c := found[d]
		first, what := "none", "nothing"
		if len(c.seeds) > 0 {
			first, what = fmt.Sprint(c.seeds[0]), c.check+": "+c.text
		}
		text += fmt.Sprintf("%-24s %10s %10d  %.120s\n", d, first, c.run, what)
	}
	return text
}

func writeMutants(t *testing.T, found map[workflows.Defence]*caught) {
	t.Helper()
	text := "# Seeds that see that a defence is switched off, up to ten for each. Written by `make sim-mutants`.\n"
	for _, d := range workflows.Defences() {
		text += d.String() + ":"
		for _, seed := range found[d].seeds {
			text += " " + strconv.FormatUint(seed, 10)
		}
		text += "\n"
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mutantsPath, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readMutants() (map[workflows.Defence][]uint64, error) {
	text, err := os.ReadFile(mutantsPath)
	if err != nil {
		return nil, err
	}
	named := map[string]workflows.Defence{}
	for _, d := range workflows.Defences() {
		named[d.String()] = d
	}
	table := map[workflows.Defence][]uint64{}
	for line := range strings.Lines(string(text)) {
		name, seeds, ok := strings.Cut(strings.TrimSpace(line), ":")
		if strings.HasPrefix(name, "#") || !ok {
			continue
		}
		d, known := named[name]
		if !known {
			return nil, fmt.Errorf("%s: %q is no defence", mutantsPath, name)
		}
		for word := range strings.FieldsSeq(seeds) {
			seed, err := strconv.ParseUint(word, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %q is no seed", mutantsPath, name, word)
			}
			table[d] = append(table[d], seed)
		}
	}
	return table, nil
}

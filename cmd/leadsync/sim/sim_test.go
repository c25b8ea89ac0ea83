package sim_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
	"leadsync/workflows/store"
)

func numberFrom(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s=%q: write a number", name, text)
	}
	return n
}

// Whatever happens, nothing is lost, nothing doubled and nobody overruled. LEADSYNC_SIM_SEEDS says how many stories are
// played (`make sim SEEDS=n FIRST_SEED=k`).
func TestSim(t *testing.T) {
	r := stretch{
		First: numberFrom(t, "LEADSYNC_SIM_FIRST", 1), Seeds: numberFrom(t, "LEADSYNC_SIM_SEEDS", ordinarySeeds),
		Stride: numberFrom(t, "LEADSYNC_SIM_STRIDE", 1),
	}
	began := time.Now()
	many := r.Seeds >= enough && r.Stride == 1
	if n := runtime.GOMAXPROCS(0); many && n > 1 {
		r.share(t, uint64(n))
	} else {
		r.play(t, began)
	}
	took := time.Since(began)
	t.Logf("what went wrong, and how often: %v", r.Fired)
	for _, what := range troubles() { // in so many stories everything has to go wrong that can
		if many && r.Fired[what] == 0 {
			t.Errorf("%q never happened: the stories prove less than they say", what)
		}
	}
	r.tell(t)
	t.Logf("%d seeds from %d in %s: %.1f a second", r.Played, r.First, took.Round(time.Millisecond), float64(r.Played)/took.Seconds())
	if many && !t.Failed() && r.Played != r.Seeds {
		t.Errorf("%d of %d seeds were played", r.Played, r.Seeds)
	}
}

// troubles is everything that can go wrong.
func troubles() []string {
	all := []string{
		"kill", "kill in a commit", "pause", "clock", "revoked", "commit " + string(store.MomentCommit), "commit " + string(store.MomentCommitted),
		"merge", "deletion", "restored", "privacy deletion", "two at once",
	}
	for _, kind := range simulator.FaultKinds() {
		if kind != simulator.FaultRateDaily && kind != simulator.FaultRevoked {
			all = append(all, string(kind))
		}
	}
	return all
}

// report says what went wrong, and how to see it again.
func report(t *testing.T, out Outcome) {
	t.Helper()
	t.Errorf("seed %d: replay it with\n    make sim SEEDS=1 FIRST_SEED=%d", out.Seed, out.Seed)
	for _, v := range out.Violations {
		t.Errorf("seed %d: %s: %s", out.Seed, v.Check, v.Text)
	}
	path := os.Getenv("LEADSYNC_SIM_STORY")
	if path == "" {
		tail := out.Trace[max(0, len(out.Trace)-60):]
		t.Logf("seed %d: the end of the story (LEADSYNC_SIM_STORY=file writes all of it):\n%s", out.Seed, lines(tail))
		return
	}
	if err := os.WriteFile(path, []byte(lines(out.Trace)), 0o600); err != nil {
		t.Error(err)
	}
}

func lines(trace []string) string {
	text := ""
	for _, line := range trace {
		text += line + "\n"
	}
	return text
}

// A seed is one story: played twice, every step is the same.
func TestSim_replays(t *testing.T) {
	for seed := uint64(1); seed <= numberFrom(t, "LEADSYNC_SIM_REPLAYS", ordinaryReplays); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			x, y := Run(t, Options{Seed: seed}), Run(t, Options{Seed: seed})
			if i := differ(x.Trace, y.Trace); i >= 0 {
				t.Errorf("seed %d: from step %d on (of %d and %d) the second time is another story:\n%s\n-- but then --\n%s", seed, i, len(x.Trace), len(y.Trace),
					lines(x.Trace[max(0, i-5):min(i+3, len(x.Trace))]), lines(y.Trace[max(0, min(i-2, len(y.Trace))):min(i+3, len(y.Trace))]))
			}
		})
	}
}

// differ is the first place where two stories are not the same; -1 if there is none.
func differ(x, y []string) int {
	if slices.Equal(x, y) {
		return -1
	}
	for i := range x {
		if i >= len(y) || x[i] != y[i] {
			return i
		}
	}
	return len(x)
}

// TestStory writes the story of LEADSYNC_SIM_FIRST to the file that LEADSYNC_SIM_STORY names.
func TestStory(t *testing.T) {
	path := os.Getenv("LEADSYNC_SIM_STORY")
	if path == "" {
		return
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if out := Run(t, Options{Seed: numberFrom(t, "LEADSYNC_SIM_FIRST", 1), Story: f}); len(out.Violations) > 0 {
		report(t, out)
	}
}

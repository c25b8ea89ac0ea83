package sim_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// enough is how many stories must show everything that can go wrong, and are worth a process for each core.
const enough = 500

// brokenSeeds ends a stretch: more of them say nothing more.
const brokenSeeds = 5

// stretch is a stretch of seeds, and what became of their stories.
type stretch struct {
	First, Seeds, Stride uint64 // every so many-th of Seeds from First
	Played               uint64
	Fired                map[string]int // what went wrong, and how often
}

// play plays the stories here, as many at once as there are cores.
func (s *stretch) play(t *testing.T, began time.Time) {
	t.Helper()
	var next, failed atomic.Uint64
	var mu sync.Mutex
	s.Fired = map[string]int{}
	next.Store(s.First)
	t.Run("play", func(t *testing.T) {
		for range runtime.GOMAXPROCS(0) {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for {
					seed := next.Add(s.Stride) - s.Stride
					if seed >= s.First+s.Seeds || failed.Load() >= brokenSeeds {
						return
					}
					out := Run(t, Options{Seed: seed})
					if len(out.Violations) > 0 {
						failed.Add(1)
						report(t, out)
					}
					mu.Lock()
					if s.Played++; s.Played%1000 == 0 { // somebody waits
						fmt.Fprintf(os.Stderr, "%d of %d seeds in %s, %d broken\n", s.Played, s.Seeds/s.Stride, time.Since(began).Round(time.Second), failed.Load())
					}
					for what, n := range out.Fired {
						s.Fired[what] += n
					}
					mu.Unlock()
				}
			})
		}
	})
}

// share plays the stories in a process for each core: the clocks of several stories in one process wait for one another.
func (s *stretch) share(t *testing.T, processes uint64) {
	t.Helper()
	parts := make([]stretch, processes)
	var all sync.WaitGroup
	for i := range processes {
		part := &parts[i]
		*part = stretch{First: s.First + i, Seeds: s.Seeds - i, Stride: processes}
		all.Go(func() { part.elsewhere(t) })
	}
	all.Wait()
	s.Fired = map[string]int{}
	for _, part := range parts {
		s.Played += part.Played
		for what, n := range part.Fired {
			s.Fired[what] += n
		}
	}
}

// elsewhere plays the stories in a process of their own.
func (s *stretch) elsewhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "result.json")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestSim$", "-test.timeout", "0", "-test.count", "1")
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", resultVariable+"="+path)
	for name, n := range map[string]uint64{"LEADSYNC_SIM_FIRST": s.First, "LEADSYNC_SIM_SEEDS": s.Seeds, "LEADSYNC_SIM_STRIDE": s.Stride} {
		cmd.Env = append(cmd.Env, name+"="+strconv.FormatUint(n, 10))
	}
	cmd.Stderr = os.Stderr
	if out, err := cmd.Output(); err != nil {
		t.Errorf("every %d. of %d seeds from %d: %v\n%s", s.Stride, s.Seeds, s.First, err, out)
	}
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, s)
	}
	if err != nil {
		t.Errorf("what became of every %d. seed from %d is not known: %v", s.Stride, s.First, err)
	}
}

// resultVariable names the file that a process writes down in what became of its stories.
const resultVariable = "LEADSYNC_SIM_RESULT"

// tell writes down what became of the stories, if another process asked for it.
func (s *stretch) tell(t *testing.T) {
	t.Helper()
	path := os.Getenv(resultVariable)
	if path == "" {
		return
	}
	text, err := json.Marshal(s)
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Error(err)
	}
}

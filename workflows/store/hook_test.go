package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/workflows/store"
)

// What a hook answers takes the place of the database's own failure: before a commit nothing is stored, after it
// everything is, and both times the caller is told that it cannot know.
func TestHook_failsLikeADatabase(t *testing.T) {
	broken := errors.New("the connection broke")
	for name, test := range map[string]struct {
		fails   store.Moment
		unknown bool
		stored  bool
	}{
		"nowhere":             {"", false, true},
		"before it begins":    {store.MomentBegin, false, false},
		"before the commit":   {store.MomentCommit, true, false},
		"the answer was lost": {store.MomentCommitted, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			armed := false
			var seen []store.Moment
			s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "hook.db"), store.Options{
				Now: time.Now, Migrate: true,
				Hook: func(_ context.Context, m store.Moment, _ string) error {
					if seen = append(seen, m); armed && m == test.fails {
						return broken
					}
					return nil
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			armed = true
			err = s.EnsurePortal(t.Context(), "48000001", "hubspot", "hooked")
			if wants := test.fails != ""; errors.Is(err, broken) != wants || errors.Is(err, store.ErrCommitUnknown) != test.unknown {
				t.Errorf("error %v", err)
			}
			armed = false
			if !slices.Contains(seen, store.MomentBegin) {
				t.Errorf("moments %v", seen)
			}
			_, err = s.Portal(t.Context(), "48000001")
			if diff := cmp.Diff(test.stored, err == nil); diff != "" {
				t.Errorf("stored (-want +got):\n%s%v", diff, err)
			}
		})
	}
}

//go:build !race

package workflows_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Rules 14 and 16 hold whatever fails: in the end the same contacts have scores, and the companies are where they are
// when nothing fails.
func TestDays_objectionsAndCompanies(t *testing.T) {
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm")
	}
	objecting := func(d *days) { d.private = &private{} }
	want, got := tenDays(t, 1, false, objecting), tenDays(t, 1, true, objecting)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("with failing calls (-without +with):\n%s", diff)
	}
}

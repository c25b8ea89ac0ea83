package workflows_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"leadsync/workflows"
)

// missing is a map that nobody made.
func missing() map[string]int { return nil }

// A panic becomes an error, and neither it nor the log has the value or an argument.
func TestGuard(t *testing.T) {
	secret := "canarina.vogel@example.com"
	for name, c := range map[string]struct {
		step func(value string) error
		want string
	}{
		"a text":            {func(value string) error { panic(value) }, "value of type string"},
		"an error":          {func(value string) error { panic(errors.New("of " + value)) }, "value of type *errors.errorString"},
		"the runtime's own": {func(value string) error { _ = value[len(value)]; return nil }, "index out of range"},
		"a missing map":     {func(value string) error { missing()[value] = 1; return nil }, "assignment to entry in nil map"},
		"an error of ours":  {func(string) error { return errors.New("refused") }, ""},
		"nothing":           {func(string) error { return nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			err := workflows.Guard(slog.New(slog.NewTextHandler(&log, nil)), "step", func() error { return c.step(secret) })
			if strings.Contains(log.String(), "canarina") || err != nil && strings.Contains(err.Error(), "canarina") {
				t.Errorf("the value came out: %v, %s", err, log.String())
			}
			if c.want == "" {
				if errors.Is(err, workflows.ErrPanic) || log.Len() > 0 {
					t.Errorf("no panic, but %v, %s", err, log.String())
				}
				return
			}
			if !errors.Is(err, workflows.ErrPanic) || !strings.Contains(log.String(), c.want) || !strings.Contains(log.String(), "TestGuard") {
				t.Errorf("%v; log %s; want %q and where it was", err, log.String(), c.want)
			}
		})
	}
}

package store_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

func TestQuarantine(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		ref := connector.Ref{Type: connector.TypeContact, ID: "1"}
		due := func(want ...connector.ObjectID) {
			b.Helper()
			rows, err := b.store.Due(b.ctx, portal, business, []connector.ObjectType{connector.TypeContact}, 10)
			b.must(err)
			var got []connector.ObjectID
			for _, row := range rows {
				got = append(got, row.ID)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				b.Fatalf("due (-want +got):\n%s", diff)
			}
		}
		listed := func() []workflows.Quarantined {
			b.Helper()
			list, err := b.store.Quarantined(b.ctx, portal, "", 10)
			b.must(err)
			return list
		}
		take := func() workflows.DueRow {
			b.Helper()
			rows, err := b.store.Due(b.ctx, portal, business, []connector.ObjectType{connector.TypeContact}, 10)
			b.must(err)
			return rows[0]
		}
		b.must(b.store.Hint(b.ctx, portal, []connector.Ref{ref}))
		row := take()
		fails := func(kind workflows.FailureKind) {
			b.Helper()
			b.must(b.store.Quarantine(b.ctx, b.fence, []workflows.Failure{{Row: row, Kind: kind, Rule: "first contact", Reason: "index out of range"}}))
		}
		fails(workflows.FailedEvaluation)
		due()
		if l := listed(); len(l) != 1 || l[0].ID != "1" || l[0].Rule != "first contact" || l[0].Times != 1 || l[0].Reason != "index out of range" {
			b.Fatalf("quarantine: %+v", l)
		}
		counts, err := b.store.QuarantineCounts(b.ctx, portal)
		b.must(err)
		if diff := cmp.Diff([]workflows.QuarantineCount{{Kind: workflows.FailedEvaluation, Rule: "first contact", Count: 1}}, counts); diff != "" {
			b.Errorf("counts (-want +got):\n%s", diff)
		}
		b.must(b.store.Hint(b.ctx, portal, []connector.Ref{ref})) // it changes
		due("1")
		// A hint that comes while it fails is not lost.
		row = take()
		b.must(b.store.Hint(b.ctx, portal, []connector.Ref{ref}))
		fails(workflows.FailedEvaluation)
		due("1")
		if l := listed(); l[0].Times != 2 {
			b.Errorf("it was put there %d times", l[0].Times)
		}
		row = take()
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", Revision: row.Revision}})) // it is well
		due()
		if l := listed(); len(l) != 0 {
			b.Errorf("still in quarantine: %+v", l)
		}
		b.must(b.store.Hint(b.ctx, portal, []connector.Ref{ref}))
		row = take()
		fails(workflows.FailedRead)
		n, err := b.store.RetryQuarantined(b.ctx, b.fence, workflows.FailedRead, time.Hour)
		b.must(err)
		if due(); n != 0 {
			b.Errorf("%d were tried again at once", n)
		}
		n, err = b.store.RetryQuarantined(b.ctx, b.fence, workflows.FailedRead, 0)
		b.must(err)
		if due("1"); n != 1 || len(listed()) != 1 {
			b.Errorf("%d were tried again, %d are there", n, len(listed()))
		}
		row = take()
		fails(workflows.FailedRead)
		n, err = b.store.ReleaseQuarantined(b.ctx, portal, "1")
		b.must(err)
		if due("1"); n != 1 || len(listed()) != 0 {
			b.Errorf("%d were released, %d are there", n, len(listed()))
		}
	})
}

// A fenced worker changes nothing here either.
func TestQuarantine_fenced(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		old := b.fence
		b.must(b.store.Release(b.ctx, old))
		b.acquire("worker-b")
		err := b.store.Quarantine(b.ctx, old, []workflows.Failure{{Row: workflows.DueRow{Type: connector.TypeContact, ID: "1"}}})
		if !errors.Is(err, workflows.ErrFenced) {
			b.Errorf("%v, want %v", err, workflows.ErrFenced)
		}
	})
}

func TestProbe(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.must(b.store.Probe(b.ctx, worker))
		left := 0
		b.must(b.raw.QueryRowContext(b.ctx, "SELECT COUNT(*) FROM probes").Scan(&left))
		if left != 0 {
			b.Errorf("%d rows are left of a probe", left)
		}
	})
}

// What a process that died left of a probe goes with the next round of pruning, but not what is there for a moment.
func TestProbe_leftBehind(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		for name, age := range map[string]time.Duration{"dead": 2 * time.Hour, "alive": time.Second} {
			_, err := b.raw.ExecContext(b.ctx, fmt.Sprintf("INSERT INTO probes (worker, written_at, filler) VALUES ('%s', %d, 'x')",
				name, b.clockNow().Add(-age).UnixMicro()))
			b.must(err)
		}
		for at := (workflows.PrunePlace{}); ; {
			step, err := b.store.PruneStep(b.ctx, b.fence, workflows.DefaultRetention(), b.clockNow(), at)
			b.must(err)
			if at = step.Next; step.Done {
				break
			}
		}
		left := ""
		b.must(b.raw.QueryRowContext(b.ctx, "SELECT worker FROM probes").Scan(&left))
		if left != "alive" {
			b.Errorf("the probe of %q is left", left)
		}
	})
}

// A SQLite file that was made read-only takes no writes, says what to do, and takes them again afterwards.
func TestProbe_readOnlyFile(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		if b.postgres {
			return
		}
		b.must(b.store.QueryOnly(b.ctx, true))
		if err := b.store.Probe(b.ctx, worker); !errors.Is(err, workflows.ErrNoWrites) || !strings.Contains(err.Error(), "give leadsync the right to write it") {
			b.Errorf("a read-only file: %v", err)
		}
		_, err := b.store.SavePage(b.ctx, b.fence, workflows.PulledPage{Type: connector.TypeContact, Objects: []connector.Object{{ID: "1"}}})
		if !errors.Is(err, workflows.ErrNoWrites) || errors.Is(err, workflows.ErrUnstorable) {
			b.Errorf("a page for a read-only file: %v", err)
		}
		b.must(b.store.QueryOnly(b.ctx, false))
		b.must(b.store.Probe(b.ctx, worker))
	})
}

// A SQLite file that may not grow takes no writes, says so, and takes them again when there is room in it.
func TestProbe_full(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		if !b.postgres {
			full(b)
		}
	})
}

func full(b *bench) {
	for _, q := range []string{"CREATE TABLE ballast (b BLOB)", "INSERT INTO ballast VALUES (zeroblob(500000))"} {
		_, err := b.raw.ExecContext(b.ctx, q)
		b.must(err)
	}
	pages := 0
	b.must(b.raw.QueryRowContext(b.ctx, "PRAGMA page_count").Scan(&pages))
	small := b.another(store.Options{MaxPages: pages})
	err := small.Probe(b.ctx, worker)
	if !errors.Is(err, workflows.ErrNoWrites) || !strings.Contains(err.Error(), "make room") {
		b.Fatalf("a full database: %v", err)
	}
	_, err = b.raw.ExecContext(b.ctx, "DELETE FROM ballast")
	b.must(err)
	b.must(small.Probe(b.ctx, worker))
}

// What PostgreSQL says when it is read-only is understood, and so is that it takes writes again.
func TestProbe_readOnly(t *testing.T) {
	address := postgresAddress(t)
	if address == "" {
		return
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	admin, err := sql.Open("postgres", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close() })
	name := fmt.Sprintf("leadsync_read_only_%d", time.Now().UnixNano())
	exec := func(query string) {
		t.Helper()
		if _, err := admin.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE DATABASE " + name)
	t.Cleanup(func() { exec("DROP DATABASE " + name + " WITH (FORCE)") })
	u.Path = "/" + name
	st, err := store.Open(t.Context(), u.String(), store.Options{Now: time.Now, Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	turn := func(on string) {
		exec("ALTER DATABASE " + name + " SET default_transaction_read_only = " + on)
		exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "'")
	}
	probed := func(takes bool) error { // the server ends sessions in its own time, and who uses one next notices
		err := st.Probe(t.Context(), worker)
		for range 2000 {
			if takes == (err == nil) && (takes || strings.Contains(err.Error(), "primary")) {
				return err
			}
			err = st.Probe(t.Context(), worker)
		}
		return err
	}
	if err := probed(true); err != nil {
		t.Fatal(err)
	}
	turn("on")
	if err := probed(false); !errors.Is(err, workflows.ErrNoWrites) {
		t.Errorf("read-only: %v", err)
	}
	turn("off")
	if err := probed(true); err != nil {
		t.Errorf("writable again: %v", err)
	}
}

// What is stored of a record and cannot be read concerns that record alone.
func TestLeads_broken(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", State: workflows.LeadState{Root: "1"}}}))
		_, err := b.raw.ExecContext(b.ctx, "UPDATE leads SET state = '{broken'")
		b.must(err)
		_, err = b.store.Leads(b.ctx, portal, []connector.ObjectID{"1"})
		var syntax *json.SyntaxError
		if !errors.Is(err, workflows.ErrUnstorable) || !errors.As(err, &syntax) {
			b.Errorf("%v, want %v", err, workflows.ErrUnstorable)
		}
	})
}

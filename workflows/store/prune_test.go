package store_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// pruneAll does a whole round with everything at its default but deliveries and the outbox.
func (b *bench) pruneAll(keep time.Duration) (int, error) {
	b.Helper()
	r := workflows.DefaultRetention()
	r.Deliveries, r.Outbox = keep, keep
	gone, err := b.round(r, nil)
	n := 0
	for _, rows := range gone {
		n += rows
	}
	return n, err
}

// round does a whole round and gives how many rows went of each table; each is told of every step.
func (b *bench) round(r workflows.Retention, each func(workflows.PruneStep, time.Duration)) (map[string]int, error) {
	b.Helper()
	gone, at := map[string]int{}, workflows.PrunePlace{}
	for range 100_000 {
		start := time.Now()
		step, err := b.store.PruneStep(b.ctx, b.fence, r, business, at)
		if err != nil {
			return gone, err
		}
		if each != nil {
			each(step, time.Since(start))
		}
		if step.Deleted > 0 {
			gone[step.What] += step.Deleted
		}
		if at = step.Next; step.Done {
			return gone, nil
		}
	}
	b.Fatal("a round does not end")
	return gone, nil
}

func TestEveryTableHasRetention(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	eachDatabase(t, func(b *bench) {
		said := map[string]bool{}
		for _, table := range store.Tables(workflows.DefaultRetention()) {
			if said[table.Name] {
				b.Errorf("table %s is listed twice", table.Name)
			}
			said[table.Name] = true
			personal := ""
			if table.Personal {
				personal = "yes"
			}
			key := ""
			if table.Key != "" {
				key = "`" + table.Key + "`"
			}
			row := fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", table.Name, table.Holds, personal, table.Kept, key)
			if !strings.Contains(string(readme), row) {
				b.Errorf("README.md lacks the line\n%s", row)
			}
		}
		there := b.tables()
		for _, name := range there {
			if !said[name] {
				b.Errorf("table %s has no retention: say in store.Tables how long its rows are kept and why, prune it if it grows, and add it to README.md", name)
			}
		}
		for name := range said {
			if !slices.Contains(there, name) {
				b.Errorf("there is no table %s", name)
			}
		}
	})
}

// What the tables say to be pruned by a key is pruned by it, and by nothing else.
func TestPruneByKey(t *testing.T) {
	old := map[string]string{
		"deliveries":  `INSERT INTO deliveries VALUES ('4711', 'old', 0, '[]')`,
		"event_keys":  `INSERT INTO event_keys VALUES ('4711', 'old', 0)`,
		"told_merges": `INSERT INTO told_merges VALUES ('4711', '5', '6', 0)`,
		"outbox":      insertEntry("old", "update", "settled", ""),
		"task_days":   `INSERT INTO task_days VALUES ('4711', 'old', '1', '7', '2020-01-01', 0, 0, '', 0)`,
		"decisions": `INSERT INTO decisions (portal, contact, number, decided_at, model, reason, actions) VALUES
			('4711', '1', 1, 0, '', '{}', '[]'), ('4711', '1', 2, 0, '', '{}', '[]')`,
		"answers": `INSERT INTO answers VALUES ('4711', '1', 'gone', 1, 1, 'task', 'task', 'w', 0, 0, 0, 'settled', '', '')`,
		"objects": `INSERT INTO objects (portal, type, id, removed_at, archived, email, properties) VALUES ('4711', 'call', '9', 0, 1, '', '{}'), ('4711', 'contact', '9', 0, 1, '', '{}')`,
		"links":   `INSERT INTO links VALUES ('4711', 'call', '8', 'contact', '1', 0, 0)`,
		"submissions": `INSERT INTO submissions VALUES ('4711', 'old', 'f', 0, '', 'ada@example.com', '', 1, 0),
			('4711', 'matched', 'f', 0, '', '', '1', 1, 0)`,
		"visits":         `INSERT INTO visits VALUES ('4711', 'old', '1', 0, '', 0)`,
		"clocks":         `INSERT INTO clocks VALUES ('4711', '1', 'a', 0, 0, 'met', 0, 0, '', ''), ('4711', '1', 'b', 0, 0, 'due', NULL, NULL, '', '')`,
		"qualifications": `INSERT INTO qualifications VALUES ('4711', '1', 'mql', 0, '', '', NULL, '', '', '')`,
		"feed_hours":     `INSERT INTO feed_hours VALUES ('4711', 0, 'webhook', 'contact', 1, 1, 0)`,
		"calls":          `INSERT INTO calls VALUES ('4711', 0, 'push', 'a', 'b', 1, 0), ('4711', 0, 'push', 'c', 'b', 1, 0)`,
	}
	by := map[string]func(*workflows.Retention) *time.Duration{
		"deliveries":  func(r *workflows.Retention) *time.Duration { return &r.Deliveries },
		"outbox":      func(r *workflows.Retention) *time.Duration { return &r.Outbox },
		"decisions":   func(r *workflows.Retention) *time.Duration { return &r.Decisions },
		"removed":     func(r *workflows.Retention) *time.Duration { return &r.Removed },
		"submissions": func(r *workflows.Retention) *time.Duration { return &r.Submissions },
		"visits":      func(r *workflows.Retention) *time.Duration { return &r.Visits },

		"measurements": func(r *workflows.Retention) *time.Duration { return &r.Measurements },
	}
	eachDatabase(t, func(b *bench) {
		for _, query := range old {
			b.exec(query)
		}
		b.exec(`UPDATE objects SET removed_at = NULL WHERE type = 'contact'`)
		forever := workflows.Retention{}
		for _, of := range by {
			*of(&forever) = 200 * 365 * 24 * time.Hour
		}
		gone, err := b.round(forever, nil)
		b.must(err)
		if len(gone) != 0 {
			b.Errorf("pruned although everything is kept for 200 years: %v", gone)
		}
		for _, key := range slices.Sorted(maps.Keys(by)) {
			r, want := forever, map[string]bool{}
			*by[key](&r) = time.Hour
			for _, table := range store.Tables(workflows.DefaultRetention()) {
				if table.Key == key {
					want[table.Name] = true
				}
			}
			gone, err := b.round(r, nil)
			b.must(err)
			for name := range want {
				if gone[name] == 0 {
					b.Errorf("retention %s leaves %s as it is", key, name)
				}
			}
			for name := range gone {
				if !want[name] {
					b.Errorf("retention %s prunes %s", key, name)
				}
			}
		}
		for query, n := range map[string]int64{
			`SELECT COUNT(*) FROM decisions WHERE number = 2`:         1, // the last one
			`SELECT COUNT(*) FROM decisions`:                          1,
			`SELECT COUNT(*) FROM submissions WHERE id = 'matched'`:   1,
			`SELECT COUNT(*) FROM clocks WHERE state = 'due'`:         1,
			`SELECT COUNT(*) FROM objects WHERE type = 'contact'`:     1,
			`SELECT COUNT(*) FROM calls`:                              0,
			`SELECT COUNT(*) FROM links`:                              0,
			`SELECT COUNT(*) FROM objects WHERE type <> 'contact'`:    0,
			`SELECT COUNT(*) FROM outbox WHERE state <> 'settled'`:    0,
			`SELECT COUNT(*) FROM deliveries WHERE received_at <= 0`:  0,
			`SELECT COUNT(*) FROM event_keys WHERE received_at <= 0`:  0,
			`SELECT COUNT(*) FROM qualifications WHERE entered_at<=0`: 0,
		} {
			if got := b.count(query); got != n {
				b.Errorf("%s gives %d, want %d", query, got, n)
			}
		}
	})
}

func insertEntry(key, kind, state, sent string) string {
	return fmt.Sprintf(`INSERT INTO outbox (portal, entry_key, kind, class, contact, state, state_at, next_at, attempt, generation,
		sent_generation, planned_at, waits_for, remote_id, error, reason, payload, sent_payload)
		VALUES ('4711', '%s', '%s', 'task', '1', '%s', 0, 0, 1, 1, 1, 0, '', '', '', '{}', '{}', '%s')`, key, kind, state, sent)
}

// What something refers to stays, whatever its age.
func TestPruneKeepsWhatIsNeeded(t *testing.T) {
	tests := map[string]struct {
		setup []string
		table string
		goes  bool
	}{
		"a task that is over":                {[]string{insertEntry("k", "task", "settled", "")}, "outbox", true},
		"one that was recorded in shadow":    {[]string{insertEntry("k", "task", "shadow", "")}, "outbox", true},
		"an update in shadow":                {[]string{insertEntry("k", "update", "shadow", "")}, "outbox", false},
		"what waits":                         {[]string{insertEntry("k", "task", "ready", "")}, "outbox", false},
		"what is being sent":                 {[]string{insertEntry("k", "task", "sending", "{}")}, "outbox", false},
		"what was cancelled too late":        {[]string{insertEntry("k", "task", "cancelled", "{}")}, "outbox", false},
		"what is parked":                     {[]string{insertEntry("k", "task", "parked", "")}, "outbox", false},
		"a task that the state knows":        {[]string{insertEntry("k", "task", "settled", ""), `INSERT INTO leads VALUES ('4711', '1', '1', '{"tasks":{"call":{"key":"k"}}}')`}, "outbox", false},
		"one that the state does not know":   {[]string{insertEntry("k", "task", "settled", ""), `INSERT INTO leads VALUES ('4711', '1', '1', '{"tasks":{"call":{"key":"kk"}}}')`}, "outbox", true},
		"one that the survivor's state has":  {[]string{insertEntry("k", "task", "settled", ""), `INSERT INTO aliases VALUES ('4711', '1', '2', 0)`, `INSERT INTO leads VALUES ('4711', '2', '1', '{"made":[{"key":"k"}]}')`}, "outbox", false},
		"a closing whose task has a day":     {[]string{insertEntry("close/d", "close", "settled", ""), `INSERT INTO task_days VALUES ('4711', 'd', '1', '7', '2090-01-01', 4000000000000000, 0, '', 0)`}, "outbox", false},
		"a task with a day that is to come":  {[]string{insertEntry("d", "task", "settled", ""), `INSERT INTO task_days VALUES ('4711', 'd', '1', '7', '2090-01-01', 4000000000000000, 0, '', 0)`}, "outbox", false},
		"a day of an amendment":              {[]string{`INSERT INTO task_days VALUES ('4711', 'a', '1', '7', '2090-01-01', 4000000000000000, 0, '', 0), ('4711', 'b', '1', '7', '2020-01-01', 0, 0, 'a', 0)`}, "task_days", false},
		"an answer about what is over":       {[]string{`INSERT INTO answers VALUES ('4711', '1', 'k', 1, 1, 'task', 'task', 'w', 0, 0, 0, 'settled', '', '')`}, "answers", true},
		"an answer about what is parked":     {[]string{insertEntry("k", "task", "parked", ""), `INSERT INTO answers VALUES ('4711', '1', 'k', 1, 1, 'task', 'task', 'w', 0, 0, 0, 'parked', '', '')`}, "answers", false},
		"the only decision":                  {[]string{`INSERT INTO decisions (portal, contact, number, decided_at, model, reason, actions) VALUES ('4711', '1', 7, 0, '', '{}', '[]')`}, "decisions", false},
		"a call that is gone":                {[]string{`INSERT INTO objects (portal, type, id, removed_at, archived, email, properties) VALUES ('4711', 'call', '9', 0, 1, '', '{}')`}, "objects", true},
		"a call that is there":               {[]string{`INSERT INTO objects (portal, type, id, archived, email, properties) VALUES ('4711', 'call', '9', 0, '', '{}')`}, "objects", false},
		"a contact that is in the archive":   {[]string{`INSERT INTO objects (portal, type, id, removed_at, archived, email, properties) VALUES ('4711', 'contact', '9', 0, 1, '', '{}')`}, "objects", false},
		"a call that is to be looked at":     {[]string{`INSERT INTO objects (portal, type, id, removed_at, archived, email, properties) VALUES ('4711', 'call', '9', 0, 1, '', '{}')`, `INSERT INTO due (portal, type, id, revision, settled, hinted_at, attempts, error) VALUES ('4711', 'call', '9', 1, 0, 0, 0, '')`}, "objects", false},
		"a link of an archived contact":      {[]string{`INSERT INTO objects (portal, type, id, removed_at, archived, email, properties) VALUES ('4711', 'contact', '9', 0, 1, '', '{}')`, `INSERT INTO links VALUES ('4711', 'call', '8', 'contact', '9', 0, 0)`}, "links", false},
		"a link that ended":                  {[]string{`INSERT INTO links VALUES ('4711', 'call', '8', 'contact', '9', 0, 0)`}, "links", true},
		"a sending that may be repeated":     {[]string{insertEntry("k", "task", "ready", ""), `INSERT INTO sendings VALUES ('4711', 'k', 1, 'task', 0, 1)`}, "sendings", false},
		"a sending of what is over":          {[]string{insertEntry("k", "task", "settled", ""), `INSERT INTO sendings VALUES ('4711', 'k', 1, 'task', 0, 1)`}, "sendings", true},
		"what an earlier step left":          {[]string{insertEntry("k", "task", "settled", ""), insertEntry("l", "amend", "parked", "")}, "outbox", false},
		"the score of somebody with a quest": {[]string{insertEntry("k", "update", "settled", ""), insertEntry("l", "amend", "parked", "")}, "outbox", true},
	}
	eachDatabase(t, func(b *bench) {
		for name, tc := range tests {
			for _, query := range tc.setup {
				b.exec(query)
			}
			before := b.count("SELECT COUNT(*) FROM " + tc.table)
			_, err := b.round(workflows.DefaultRetention(), nil)
			b.must(err)
			if went := b.count("SELECT COUNT(*) FROM "+tc.table) < before; went != tc.goes {
				b.Errorf("%s: went: %v, want %v", name, went, tc.goes)
			}
			for _, table := range []string{"outbox", "leads", "aliases", "task_days", "answers", "decisions", "objects", "links", "due", "sendings"} {
				b.exec("DELETE FROM " + table)
			}
		}
	})
}

// What belonged to a record beside the mirror goes with it.
func TestPruneTakesWhatBelongsToIt(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.exec(`INSERT INTO objects (portal, type, id, removed_at, archived, email, properties) VALUES ('4711', 'call', '9', 0, 1, '', '{}')`)
		b.exec(`INSERT INTO due (portal, type, id, revision, settled, attempts, error) VALUES ('4711', 'call', '9', 1, 1, 0, ''), ('4711', 'call', '8', 1, 1, 0, '')`)
		b.exec(`INSERT INTO pushes VALUES ('4711', 'call', '9', 'p', 'v', 0), ('4711', 'call', '8', 'p', 'v', 0)`)
		b.exec(`INSERT INTO links VALUES ('4711', 'call', '9', 'contact', '1', 0, NULL), ('4711', 'call', '8', 'contact', '1', 0, NULL)`)
		_, err := b.round(workflows.DefaultRetention(), nil)
		b.must(err)
		for _, table := range []string{"due", "pushes", "links"} {
			if n := b.count("SELECT COUNT(*) FROM " + table); n != 1 {
				b.Errorf("%d rows in %s, want the other record's alone", n, table)
			}
		}
	})
}

// Who lost the portal deletes nothing.
func TestPruneIsFenced(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.exec(`INSERT INTO deliveries VALUES ('4711', 'old', 0, '[]')`)
		old := b.fence
		b.fence.Epoch--
		if _, err := b.round(workflows.DefaultRetention(), nil); err == nil {
			b.Error("no error")
		}
		b.fence = old
		if n := b.count("SELECT COUNT(*) FROM deliveries"); n != 1 {
			b.Error("somebody who lost the portal deleted a delivery")
		}
	})
}

// Nobody waits for a round, however much there is: each step is small, and between two of them everybody gets his turn.
// LEADSYNC_PRUNE_ROWS makes it a million (`make prune`).
func TestPruneInSmallSteps(t *testing.T) {
	total := 4000
	if text := os.Getenv("LEADSYNC_PRUNE_ROWS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		total = n
	}
	eachDatabase(t, func(b *bench) {
		each := total / 4
		series := func(query string) {
			const chunk = 20_000
			for from := 0; from < each; from += chunk {
				numbers := fmt.Sprintf("WITH RECURSIVE s(n) AS (SELECT %d UNION ALL SELECT n + 1 FROM s WHERE n < %d) ", from, min(from+chunk, each)-1)
				b.exec(strings.Replace(query, "{s}", numbers, 1))
			}
		}
		body, err := json.Marshal(strings.Repeat("x", 400))
		b.must(err)
		series(`INSERT INTO deliveries {s} SELECT '4711', 'key-' || n, n, '[` + string(body) + `]' FROM s`)
		series(`INSERT INTO event_keys {s} SELECT '4711', 'key-' || n, n FROM s`)
		series(`INSERT INTO decisions (portal, contact, number, decided_at, model, reason, actions) {s} SELECT '4711', 'c' || (n / 10), n, 1, 'm', '{}', '[]' FROM s`)
		series(`INSERT INTO outbox (portal, entry_key, kind, class, contact, state, state_at, next_at, attempt, generation,
			sent_generation, planned_at, waits_for, remote_id, error, reason, payload, sent_payload) {s}
			SELECT '4711', 'k' || n, CASE WHEN n % 2 = 0 THEN 'task' ELSE 'update' END, 'task', 'c' || n, CASE WHEN n % 10 = 0 THEN 'parked' ELSE 'settled' END,
			1, 1, 1, 1, 1, 1, '', '', '', '{}', '{}', '' FROM s`)
		var steps, most int
		var slowest, waited time.Duration
		spent := map[string]time.Duration{}
		began := time.Now()
		gone, err := b.round(workflows.DefaultRetention(), func(step workflows.PruneStep, took time.Duration) {
			steps++
			spent[step.What] += took
			slowest, most = max(slowest, took), max(most, step.Deleted)
			if steps%10 == 0 { // somebody else's turn
				start := time.Now()
				b.receive(delivery(fmt.Sprintf("young %d", steps), event(fmt.Sprintf("young %d", steps), connector.ObjectID("1"))))
				waited = max(waited, time.Since(start))
			}
		})
		b.must(err)
		b.Logf("%d rows in %d steps, %s; longest step %s, longest wait of a receiver %s; %v", total, steps, time.Since(began).Round(time.Millisecond), slowest, waited, spent)
		want := map[string]int{"deliveries": each, "event_keys": each, "decisions": each - (each+9)/10, "outbox": each - (each+9)/10}
		for table, n := range want {
			if gone[table] != n {
				b.Errorf("%d rows of %s went, want %d", gone[table], table, n)
			}
		}
		if most > 500 {
			b.Errorf("one step deleted %d rows", most)
		}
		if slowest > 2*time.Second {
			b.Errorf("one step took %s", slowest)
		}
	})
}

// A SQLite file shrinks again after much was deleted, in steps; what little is free is used again.
func TestFileShrinks(t *testing.T) {
	b := &bench{T: t, address: filepath.Join(t.TempDir(), "shrink.db")}
	b.open("sqlite", "file:"+b.address+"?_pragma=busy_timeout(10000)&_txlock=immediate")
	b.exec(`INSERT INTO deliveries WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < 2999)
		SELECT '4711', 'key-' || n, n, '` + strings.Repeat("x", 4000) + `' FROM s`)
	size := func() int64 { return b.count("PRAGMA page_count") * b.count("PRAGMA page_size") }
	full := size()
	_, err := b.round(workflows.DefaultRetention(), nil)
	b.must(err)
	if now := size(); now > full/4 {
		t.Errorf("the file had %d bytes and has %d after everything was pruned", full, now)
	}
}

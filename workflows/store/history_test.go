package store_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// seen is an observation of a reading.
func seen(property, value string, at time.Time) workflows.Observation {
	return workflows.Observation{Property: property, Value: value, At: at, Known: workflows.KnownReading}
}

func (b *bench) observe(id connector.ObjectID, observations ...workflows.Observation) {
	b.Helper()
	b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
		ID: id, Objects: []connector.Object{person(id, 0)}, State: workflows.LeadState{Root: id}, Observations: observations,
	}}))
}

func TestObservationsAreASet(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		read := seen("forms", "2", business)
		told := read
		told.Known, told.Origin, told.Source = workflows.KnownHistory, connector.OriginMachine, "INTEGRATION"
		earlier := seen("forms", "2", business.Add(-time.Hour))
		other := seen("forms", "3", business)
		b.observe("1", read, other, read)
		b.observe("1", earlier, read)
		if diff := cmp.Diff([]workflows.Observation{earlier, read, other}, b.lead("1").Observations); diff != "" {
			b.Errorf("read twice: %s", diff)
		}
		b.observe("1", told, read)
		b.observe("1", read)
		if diff := cmp.Diff([]workflows.Observation{earlier, told, other}, b.lead("1").Observations); diff != "" {
			b.Errorf("what the history told is kept: %s", diff)
		}
		b.observe("2", read)
		if got := b.lead("2").Observations; len(got) != 1 {
			b.Errorf("another contact has %+v", got)
		}
	})
}

// The readings of the first release are carried over under the name of their kind.
func TestObservationsOfTheFirstRelease(t *testing.T) {
	text, err := os.ReadFile("migrations/00005_history.sql")
	if err != nil {
		t.Fatal(err)
	}
	eachDatabase(t, func(b *bench) {
		b.exec(`INSERT INTO observations (portal, contact, kind, observed_at, count, first_at, last_at, name) VALUES
			('4711', '1', 'form', 1772442000000000, 2, NULL, 1772438400000000, 'Demo'),
			('4711', '1', 'form', 1772445600000000, 3, 1772434800000000, NULL, '')`)
		n := 0
		for statement := range strings.SplitSeq(string(text), ";") {
			if at := strings.Index(statement, "INSERT INTO versions"); at >= 0 {
				b.exec(statement[at:])
				n++
			}
		}
		if n != 4 {
			b.Fatalf("%d statements carry over, want 4", n)
		}
		later := business.Add(time.Hour)
		want := []workflows.Observation{
			seen("@form.count", "2", business), seen("@form.count", "3", later), seen("@form.first", "1772434800000", later),
			seen("@form.last", "1772438400000", business), seen("@form.name", "Demo", business),
		}
		if diff := cmp.Diff(want, b.lead("1").Observations); diff != "" {
			b.Error(diff)
		}
	})
}

// A due record stays watched until the work that knew of it is settled.
func TestWatched(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.observe("1")
		watched := func() bool {
			b.Helper()
			found := b.due()
			if len(found) != 1 {
				b.Fatalf("due %+v", found)
			}
			return found[0].Watched
		}
		status := func(key, property string) {
			b.Helper()
			e := event(key, "1")
			e.Property, e.Value = property, "NEW"
			d := delivery(key, e)
			d.Watched = []string{"hs_lead_status"}
			b.receive(d)
		}
		status("e1", "jobtitle")
		if watched() {
			b.Error("a job title has no past that matters")
		}
		status("e2", "hs_lead_status")
		row := b.due()[0]
		status("e3", "jobtitle")
		if !row.Watched || !watched() {
			b.Error("the lead status is not watched, or no longer")
		}
		settle := func(revision int64) {
			b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "1", State: workflows.LeadState{Root: "1"}, Revision: revision}}))
		}
		settle(row.Revision) // e3 came later: what is left is not known to be only a job title
		if !watched() {
			b.Error("forgotten although a newer hint is open")
		}
		settle(b.due()[0].Revision)
		status("e4", "jobtitle")
		if watched() {
			b.Error("watched for ever")
		}
	})
}

package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

func TestCalls(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		search := workflows.CallCount{Purpose: connector.PurposeSweep, Endpoint: "POST /search", Bucket: "search", Calls: 3, Refused: 1}
		write := workflows.CallCount{Purpose: connector.PurposePush, Endpoint: "POST /update", Bucket: "general", Calls: 1}
		b.must(b.store.AddCalls(b.ctx, portal, nil))
		b.must(b.store.AddCalls(b.ctx, portal, []workflows.CallCount{search, write, search}))
		b.must(b.store.AddCalls(b.ctx, portal, []workflows.CallCount{search}))
		b.must(b.store.AddCalls(b.ctx, "another", []workflows.CallCount{search}))
		got, err := b.store.Calls(b.ctx, portal, 1)
		b.must(err)
		now, err := b.store.Now(b.ctx)
		b.must(err)
		today := now.Truncate(24 * time.Hour)
		search.Calls, search.Refused, search.Day, write.Day = 9, 3, today, today
		if diff := cmp.Diff([]workflows.CallCount{search, write}, got); diff != "" {
			b.Error(diff)
		}
		if got, err := b.store.Calls(b.ctx, portal, 0); err != nil || len(got) != 0 {
			b.Errorf("no days hold %v (%v)", got, err)
		}
		b.exec(`UPDATE calls SET day = day - 399 WHERE endpoint = 'POST /search'`)
		b.exec(`UPDATE calls SET day = day - 402 WHERE endpoint = 'POST /update'`)
		_, err = b.pruneAll(time.Hour)
		b.must(err)
		if got, err := b.store.Calls(b.ctx, portal, 1000); err != nil || len(got) != 1 || !got[0].Day.Equal(today.AddDate(0, 0, -399)) {
			b.Errorf("after pruning there are %v (%v)", got, err)
		}
	})
}

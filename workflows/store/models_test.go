package store_test

import (
	"testing"
	"time"
)

func TestModels(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		for _, version := range []string{"v1", "v2", "v1"} {
			if _, err := b.store.SetModel(b.ctx, b.fence, version, []byte("model "+version)); err != nil {
				b.Fatal(err)
			}
			b.pass(time.Hour)
		}
		got, err := b.store.Models(b.ctx, b.fence.Portal)
		if err != nil {
			b.Fatal(err)
		}
		if len(got) != 2 || got[0].Version != "v1" || string(got[1].Canonical) != "model v2" ||
			got[1].FirstUsed.Sub(got[0].FirstUsed).Round(time.Minute) != time.Hour { // PostgreSQL's own clock goes on meanwhile
			b.Errorf("models %+v", got)
		}
		if other, err := b.store.Models(b.ctx, "another"); err != nil || len(other) != 0 {
			b.Errorf("models of another portal: %v, %v", other, err)
		}
	})
}

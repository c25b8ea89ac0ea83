package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"leadsync/workflows/store"
)

// TestEraseSearchesBeforeItLocks: whoever erases a contact looks through the stored webhooks before the transaction that
// keeps receivers and the worker out. In it only those are rewritten that were found, and those that have come since; all are
// looked through only if the contact has turned out to have another id.
func TestEraseSearchesBeforeItLocks(t *testing.T) {
	const gone, other = "90210815481", "90210815482"
	naming := func(key, id string, age int64) string { // age in microseconds before the present
		return fmt.Sprintf(`INSERT INTO deliveries (portal, delivery_key, received_at, body) VALUES ('4711', '%s', %d, '[{"objectId":%s}]')`, key, age, id)
	}
	for _, c := range []struct {
		name  string
		merge bool
		left  []string // deliveries that still name somebody
	}{
		{"the same ids", false, []string{"behind its back"}},
		{"another id by then", true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachDatabase(t, func(b *bench) {
				now := b.clockNow().UnixMicro()
				b.exec(naming("found", gone, now-3_600_000_000))
				b.exec(naming("of the other", other, now-3_600_000_000))
				b.exec(naming("unrelated", "5", now-3_600_000_000))
				s := b.another(store.Options{Hook: func(_ context.Context, m store.Moment, what string) error {
					if m == store.MomentBegin && strings.HasPrefix(what, "erase contact") {
						b.exec(naming("since then", gone, now))
						b.exec(naming("behind its back", gone, now-3_600_000_000)) // as nobody does: it shows where is not looked again
						if c.merge {
							b.exec(`INSERT INTO aliases (portal, id, survivor, learned_at) VALUES ('4711', '` + other + `', '` + gone + `', 1)`)
						}
					}
					return nil
				}})
				b.must(s.Erase(b.ctx, portal, gone))
				want := map[string]bool{"unrelated": true, "of the other": !c.merge}
				for _, key := range c.left {
					want[key] = true
				}
				for _, key := range []string{"found", "of the other", "unrelated", "since then", "behind its back"} {
					n := b.count(`SELECT COUNT(*) FROM deliveries WHERE delivery_key = '` + key + `' AND body <> '[]'`)
					if (n == 1) != want[key] {
						b.Errorf("%s: still there %t, want %t", key, n == 1, want[key])
					}
				}
			})
		})
	}
}

// TestErase_ofMany: an id that stands within a word is found also if the contact has so many ids and activities that the bodies
// are looked through here and not by the database.
func TestErase_ofMany(t *testing.T) {
	const gone = "90210815491"
	eachDatabase(t, func(b *bench) {
		b.exec(`INSERT INTO deliveries (portal, delivery_key, received_at, body) VALUES ('4711', 'word', 1, '[{"objectId":5,"note":"contact_` + gone + `"}]')`)
		for n := range 6 {
			b.exec(fmt.Sprintf(`INSERT INTO aliases (portal, id, survivor, learned_at) VALUES ('4711', '%d', '%s', 1)`, 90210815600+n, gone))
		}
		b.must(b.store.Erase(b.ctx, portal, gone))
		if n := b.count(`SELECT COUNT(*) FROM deliveries WHERE body LIKE '%` + gone + `%'`); n != 0 {
			b.Error("the id still stands in a delivery")
		}
	})
}

// TestSubject_withoutContact: a submission of a form waits under an address for which there is no contact. Who asks by the address
// is told of it, and it can be erased.
func TestSubject_withoutContact(t *testing.T) {
	const who = "waits@example.com"
	eachDatabase(t, func(b *bench) {
		for _, email := range []string{who, "other@example.com"} {
			b.exec(`INSERT INTO submissions (portal, id, form, at, page, email, contact, fresh, kept_at) VALUES ('4711', 's-` + email + `', 'f', 1, 'p', '` + email + `', '', 1, 1)`)
		}
		subject, err := b.store.Subject(b.ctx, portal, " Waits@example.com")
		b.must(err)
		if subject.Rows() != 1 || len(subject.Tables["submissions"]) != 1 {
			b.Errorf("stored: %v", subject.Tables)
		}
		b.must(b.store.EraseHere(b.ctx, portal, subject.Contact))
		if n, all := b.count(`SELECT COUNT(*) FROM submissions WHERE email = '`+who+`'`), b.count(`SELECT COUNT(*) FROM submissions`); n != 0 || all != 1 {
			b.Errorf("left: %d of the address, %d in all", n, all)
		}
	})
}

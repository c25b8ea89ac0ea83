package store_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/workflows"
	"leadsync/workflows/store"
)

// sealedText is what a credential looks like to the store: bytes of any kind.
var sealedText = []byte{0, 1, 0xff, 'x', 0}

func (b *bench) putCredential(sealed string) int64 {
	b.Helper()
	version, err := b.store.PutCredential(b.ctx, portal, []byte(sealed), "key-1")
	b.must(err)
	return version
}

func (b *bench) credential() store.Credential {
	b.Helper()
	c, err := b.store.Credential(b.ctx, portal)
	b.must(err)
	return c
}

func TestCredentialIsKeptReplacedAndDeleted(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		if _, err := b.store.Credential(b.ctx, portal); !errors.Is(err, workflows.ErrNoRecord) {
			b.Errorf("before: %v", err)
		}
		first, err := b.store.PutCredential(b.ctx, portal, sealedText, "key-1")
		b.must(err)
		c := b.credential()
		if !bytes.Equal(c.Sealed, sealedText) || c.KeyID != "key-1" || c.Version != first || c.ChangedAt.IsZero() || !c.DisconnectedAt.IsZero() {
			b.Errorf("stored %+v, version %d", c, first)
		}
		// A portal that nobody has registered yet can be connected; others are not touched.
		if _, err := b.store.PutCredential(b.ctx, connector.PortalID("another"), sealedText, "k"); err != nil {
			b.Error(err)
		}
		ok, err := b.store.ReplaceCredential(b.ctx, portal, first, []byte("second"), "key-2")
		b.must(err)
		second := b.credential()
		if !ok || string(second.Sealed) != "second" || second.KeyID != "key-2" || second.Version <= first {
			b.Errorf("replaced %t by %+v", ok, second)
		}
		ok, err = b.store.ReplaceCredential(b.ctx, portal, first, []byte("late"), "key-1")
		b.must(err)
		if ok || string(b.credential().Sealed) != "second" {
			b.Error("an overtaken refresh replaced the newer credential")
		}
		found, err := b.store.DeleteCredential(b.ctx, portal)
		b.must(err)
		again, err := b.store.DeleteCredential(b.ctx, portal)
		b.must(err)
		if !found || again {
			b.Errorf("deleted %t, then %t", found, again)
		}
		b.pass(time.Millisecond)
		if anew := b.putCredential("anew"); anew <= second.Version {
			b.Errorf("version %d is used again after a deletion", anew)
		}
		if _, err := b.store.Credential(b.ctx, "another"); err != nil {
			b.Errorf("another portal's: %v", err)
		}
	})
}

func TestClaimOnARefresh(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		version := b.putCredential("x")
		claim := func(v int64, holder string) bool {
			b.Helper()
			ok, err := b.store.ClaimCredential(b.ctx, portal, v, holder, time.Minute)
			b.must(err)
			return ok
		}
		release := func(v int64, holder string, refused bool) bool {
			b.Helper()
			ok, err := b.store.ReleaseCredential(b.ctx, portal, v, holder, refused)
			b.must(err)
			return ok
		}
		if claim(version-1, "a") || claim(version+1, "a") {
			b.Error("a version that is not stored was claimed")
		}
		for range 2 { // its holder may take it again
			if !claim(version, "a") {
				b.Error("a claim that nobody else has was not given")
			}
		}
		if claim(version, "b") {
			b.Error("the claim is not its holder's alone")
		}
		if !release(version, "b", false) || claim(version, "b") {
			b.Error("somebody else's release ended the claim")
		}
		if !release(version, "a", false) || !claim(version, "b") {
			b.Error("the claim was not released")
		}
		b.expireClaim()
		if !claim(version, "a") {
			b.Error("the claim of a dead process does not end")
		}
		next, err := b.store.ReplaceCredential(b.ctx, portal, version, []byte("y"), "k")
		b.must(err)
		now := b.credential().Version
		if !next || !claim(now, "b") {
			b.Error("a refreshed credential is still claimed")
		}
		if release(version, "a", true) || !b.credential().DisconnectedAt.IsZero() {
			b.Error("a refusal of the previous version disconnected the present one")
		}
		if !release(now, "b", true) || b.credential().DisconnectedAt.IsZero() || claim(now, "a") {
			b.Error("a refused credential can be claimed")
		}
		b.pass(time.Millisecond)
		anew := b.putCredential("z")
		if !b.credential().DisconnectedAt.IsZero() || !claim(anew, "a") {
			b.Error("connecting anew left the portal disconnected")
		}
		if ok, err := b.store.ReleaseCredential(b.ctx, "unknown", 1, "a", false); ok || err != nil {
			b.Errorf("an unknown portal: %t, %v", ok, err)
		}
	})
}

// expireClaim lets the claim's time be over, on either database's clock.
func (b *bench) expireClaim() {
	b.Helper()
	b.exec("UPDATE credentials SET claim_until = claim_until - 61000000")
}

func TestOnlyOneOfManyClaims(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		version := b.putCredential("x")
		var mu sync.Mutex
		var wg sync.WaitGroup
		won := 0
		for i := range 12 {
			wg.Go(func() {
				ok, err := b.store.ClaimCredential(b.ctx, portal, version, string(rune('a'+i)), time.Minute)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					b.Error(err)
				}
				if ok {
					won++
				}
			})
		}
		wg.Wait()
		if won != 1 {
			b.Errorf("%d processes refresh at once", won)
		}
	})
}

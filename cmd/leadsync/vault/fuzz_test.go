package vault_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"leadsync/cmd/leadsync/vault"
	"leadsync/fixtures/hostile"
)

// FuzzOpen opens anything that could stand in the database, with any key: only what was sealed for this account is
// opened, every change of it is noticed, and no error repeats what it was about.
func FuzzOpen(f *testing.F) {
	const good = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	f.Add(good, "48000001", []byte(hostile.Canary), uint16(0), []byte{1})
	f.Add("-_-_", "", []byte{}, uint16(9), []byte{})
	f.Add(strings.Repeat("/", 43), "a\x00b", bytes.Repeat([]byte{7}, 300), uint16(65535), bytes.Repeat([]byte{1}, 40))
	own, err := vault.ParseKey(good)
	if err != nil {
		f.Fatal(err)
	}
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, text, account string, plain []byte, bit uint16, junk []byte) {
		w.Run(t, func() {
			key, err := vault.ParseKey(text + hostile.Canary)
			if err == nil {
				key, err = vault.ParseKey(text)
			}
			if err != nil {
				hostile.Quiet(t, "key", err.Error())
				if key, err = vault.ParseKey(text); err != nil {
					key = own
				}
			}
			v, err := vault.New(key, own)
			if err != nil {
				t.Fatal(err)
			}
			sealed, id, err := v.Seal(account, plain)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := v.Open(account, sealed, id); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("opened %d bytes of %d: %v", len(got), len(plain), err)
			}
			changed := bytes.Clone(sealed)
			at := int(bit) % (8 * len(changed))
			changed[at/8] ^= 1 << (at % 8)
			for what, try := range map[string]func() ([]byte, error){
				"a changed bit":   func() ([]byte, error) { return v.Open(account, changed, id) },
				"another account": func() ([]byte, error) { return v.Open(account+"x", sealed, id) },
				"junk":            func() ([]byte, error) { return v.Open(account, junk, id) },
				"another key":     func() ([]byte, error) { return v.Open(account, sealed, id+"0") },
			} {
				got, err := try()
				if err == nil || got != nil || !errors.Is(err, vault.ErrDamaged) && !errors.Is(err, vault.ErrOtherKey) {
					t.Errorf("%s: opened %d bytes, %v", what, len(got), err)
				}
				if err != nil {
					hostile.Quiet(t, what, err.Error())
				}
			}
		})
	})
}

package vault_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"leadsync/cmd/leadsync/vault"
)

func key(t *testing.T, fill byte) vault.Key {
	t.Helper()
	k, err := vault.ParseKey(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func open(t *testing.T, current vault.Key, previous ...vault.Key) *vault.Vault {
	t.Helper()
	v, err := vault.New(current, previous...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

const plain = `{"refresh_token":"hunter2"}`

func TestSealedOpensForItsAccountAlone(t *testing.T) {
	v := open(t, key(t, 1))
	sealed, id, err := v.Seal("4711", []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("hunter2")) {
		t.Error("the secret stands in clear")
	}
	if got, err := v.Open("4711", sealed, id); err != nil || string(got) != plain {
		t.Errorf("Open = %q, %v", got, err)
	}
	if _, err := v.Open("4712", sealed, id); !errors.Is(err, vault.ErrDamaged) {
		t.Errorf("for another account: %v", err)
	}
	for i := range sealed {
		broken := bytes.Clone(sealed)
		broken[i] ^= 1
		if _, err := v.Open("4711", broken, id); !errors.Is(err, vault.ErrDamaged) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
	}
	for _, n := range []int{0, 1, 12, 13, len(sealed) - 1} {
		if _, err := v.Open("4711", sealed[:n], id); !errors.Is(err, vault.ErrDamaged) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	again, _, err := v.Seal("4711", []byte(plain))
	if err != nil || bytes.Equal(again, sealed) {
		t.Errorf("sealed twice alike (%v): the nonce repeats", err)
	}
}

func TestRotation(t *testing.T) {
	old, next := key(t, 1), key(t, 2)
	sealed, id, err := open(t, old).Seal("1", []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	rotated := open(t, next, old)
	if got, err := rotated.Open("1", sealed, id); err != nil || string(got) != plain {
		t.Errorf("with the previous key: %q, %v", got, err)
	}
	if _, fresh, err := rotated.Seal("1", []byte(plain)); err != nil || fresh != next.ID() {
		t.Errorf("sealed with %s (%v), want the current key %s", fresh, err, next.ID())
	}
	_, err = open(t, next).Open("1", sealed, id)
	if !errors.Is(err, vault.ErrOtherKey) || !strings.Contains(err.Error(), old.ID()) || !strings.Contains(err.Error(), next.ID()) {
		t.Errorf("without the previous key: %v; want both ids named", err)
	}
}

func TestParseKey(t *testing.T) {
	raw := bytes.Repeat([]byte{0xfb, 0xff}, 16)
	want := ""
	for name, text := range map[string]string{
		"standard": base64.StdEncoding.EncodeToString(raw), "url": base64.URLEncoding.EncodeToString(raw),
		"raw": base64.RawStdEncoding.EncodeToString(raw), "line end": base64.StdEncoding.EncodeToString(raw) + "\n",
	} {
		k, err := vault.ParseKey(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if want == "" {
			want = k.ID()
		}
		if k.ID() != want || strings.Contains(fmt.Sprintf("%v %+v", k, k), text) {
			t.Errorf("%s: id %s, want %s", name, k.ID(), want)
		}
	}
	for _, bad := range []string{"", "hunter2", base64.StdEncoding.EncodeToString(raw[:31]), base64.StdEncoding.EncodeToString(append(raw, 1))} {
		_, err := vault.ParseKey(bad)
		if err == nil || !strings.Contains(err.Error(), vault.HowToMake) || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := vault.New(vault.Key{}); err == nil {
		t.Error("a vault without a key was made")
	}
}

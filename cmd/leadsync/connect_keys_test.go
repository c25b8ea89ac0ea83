package main

import (
	"strings"
	"testing"

	"leadsync/connector/hubspot/simulator"
)

// A change of keys: with both at hand the stored grant is encrypted anew, and the old key is needed no more.
func TestReencrypt(t *testing.T) {
	in := installOAuth(t, simulator.OAuthApp{})
	if code, said := ended(t, in.start(testKey, testKey, "connect", "--reencrypt")); code != exitError || !strings.Contains(said, "it is not connected") {
		t.Errorf("not connected: exit %d\n%s", code, said)
	}
	in.connect()
	code, said := ended(t, in.start(otherKey, otherKey, "connect", "--reencrypt"))
	if wantSaid(t, said, "encrypted with another key", "previous_credentials_key"); code != exitError {
		t.Errorf("without the old key: exit %d", code)
	}
	code, said = ended(t, in.start(otherKey, testKey, "connect", "--reencrypt"))
	if wantSaid(t, said, "the grant was encrypted with key ", "take previous_credentials_key out of the configuration"); code != exitOK {
		t.Errorf("with both keys: exit %d", code)
	}
	code, said = ended(t, in.start(otherKey, otherKey, "connect", "--reencrypt", "--json"))
	if before, after := jsonField(said, "key_before"), jsonField(said, "key"); code != exitOK || before == "" || before != after {
		t.Errorf("the new key alone: exit %d\n%s", code, said)
	}
	if code, said := ended(t, in.start(testKey, testKey, "connect", "--reencrypt")); code != exitError {
		t.Errorf("the old key alone still opens it: exit %d\n%s", code, said)
	}
	if n := in.OAuthCounts().Refreshes; n != 0 {
		t.Errorf("the account was asked %d times for another token", n)
	}
	for _, more := range []string{"--disconnect", "--forget"} {
		if code, said := in.run("connect", "--reencrypt", more); code != exitUsage {
			t.Errorf("%s: exit %d\n%s", more, code, said)
		}
	}
	in.quiet()
}

// jsonField is the text of a field in printed JSON.
func jsonField(said, name string) string {
	_, after, _ := strings.Cut(said, `"`+name+`": "`)
	text, _, _ := strings.Cut(after, `"`)
	return text
}

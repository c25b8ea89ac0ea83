package hubspot_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"leadsync/connector"
)

type answering string

func (a answering) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: req, Body: io.NopCloser(strings.NewReader(string(a)))}, nil
}

// A text of the CRM is what JSON says it is, whether there is anything to decode or not; what is no text is kept as it came.
func TestTextIsAsJSONSays(t *testing.T) {
	for _, value := range []string{
		`""`, `"a"`, `"Grüße 你好 🙂"`, `"a\"b\\c\/d\n"`, `"\u00e4\ud83d\ude42"`, `"\ud83d"`, "\"broken \xff\xfe text\"", "\"half \xc3\"", `"1,5"`, `" "`,
	} {
		var want string
		if err := json.Unmarshal([]byte(value), &want); err != nil {
			t.Fatalf("%q: %v", value, err)
		}
		if got := labelOf(t, value); got != want {
			t.Errorf("%q is read as %q, want %q", value, got, want)
		}
	}
	for value, want := range map[string]string{`null`: "", `12`: "12", `1.50`: "1.50", `true`: "true", `{"a":"b"}`: `{"a":"b"}`} {
		if got := labelOf(t, value); got != want {
			t.Errorf("%s is read as %q, want %q", value, got, want)
		}
	}
}

func labelOf(t *testing.T, value string) string {
	t.Helper()
	client := newClient(t, quick(answering(`{"results":[{"name":"x","type":"string","label":`+value+`}]}`)))
	found, err := client.Properties(t.Context(), connector.TypeContact)
	if err != nil || len(found) != 1 {
		t.Fatalf("%q: %d properties, %v", value, len(found), err)
	}
	return found[0].Label
}

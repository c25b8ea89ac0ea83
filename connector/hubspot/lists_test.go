package hubspot_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
)

func TestLists(t *testing.T) {
	c, _ := documented(t, "lists")
	found, err := c.StaticLists(t.Context(), "hot")
	want := []connector.List{{ID: "31", Name: "Hot leads", Static: true}, {ID: "33", Name: "Hot in March", Static: true}}
	if diff := cmp.Diff(want, found); diff != "" || err != nil {
		t.Errorf("found %v (-want +got):\n%s", err, diff)
	}
	if l, err := c.StaticList(t.Context(), "34"); err != nil || l.Static || l.Name != "Hot now" {
		t.Errorf("computed list %+v, %v", l, err)
	}
	for id, kind := range map[string]error{"32": connector.ErrInvalid, "35": connector.ErrNotFound, "../x": connector.ErrInvalid} {
		if _, err := c.StaticList(t.Context(), id); !errors.Is(err, kind) {
			t.Errorf("list %s: %v, want %v", id, err, kind)
		}
	}
	for _, when := range []string{"new", "already there"} {
		if l, err := c.CreateList(t.Context(), "To call"); err != nil || l != (connector.List{ID: "36", Name: "To call", Static: true}) {
			t.Errorf("%s: %+v, %v", when, l, err)
		}
	}
	if _, err := c.CreateList(t.Context(), "Hot now"); !errors.Is(err, connector.ErrInvalid) {
		t.Errorf("name of a computed list: %v", err)
	}
	if _, err := c.CreateList(t.Context(), ""); !errors.Is(err, connector.ErrInvalid) {
		t.Errorf("no name: %v", err)
	}
	added, err := c.ChangeList(t.Context(), connector.ListChange{List: "36", Add: true, Member: []connector.ObjectID{"101", "102", "x", "404", "103", "101"}})
	wantAdded := connector.ListResult{Done: []connector.ObjectID{"101", "102", "103"}, Missing: []connector.ObjectID{"x", "404"}}
	if diff := cmp.Diff(wantAdded, added); diff != "" || err != nil {
		t.Errorf("added %v (-want +got):\n%s", err, diff)
	}
	removed, err := c.ChangeList(t.Context(), connector.ListChange{List: "36", Member: []connector.ObjectID{"101"}})
	if diff := cmp.Diff(connector.ListResult{Done: []connector.ObjectID{"101"}}, removed); diff != "" || err != nil {
		t.Errorf("removed %v (-want +got):\n%s", err, diff)
	}
	if _, err := c.ChangeList(t.Context(), connector.ListChange{List: "34", Add: true, Member: []connector.ObjectID{"101"}}); !errors.Is(err, connector.ErrInvalid) {
		t.Errorf("computed list: %v", err)
	}
}

func TestListChangesAreNeverAssumed(t *testing.T) {
	tests := []struct {
		name    string
		add     bool
		members string // of the list, as read back
		done    bool
	}{
		{"added and left out, but on the list", true, "1", true},
		{"not added and left out", true, "2", false},
		{"removed and left out, and off the list", false, "2", true},
		{"not removed and left out", false, "1", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newClient(t, quick(roundTrip(func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodPut {
					return answerWith(200, `{}`), nil
				}
				return answerWith(200, `{"results":[{"recordId":"`+tt.members+`"}]}`), nil
			})))
			got, err := c.ChangeList(t.Context(), connector.ListChange{List: "9", Add: tt.add, Member: []connector.ObjectID{"1"}})
			if tt.done != (err == nil) || tt.done != (len(got.Done) == 1) || err != nil && !errors.Is(err, connector.ErrAmbiguous) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestListChangesAreChunked(t *testing.T) {
	var sizes []int
	c := newClient(t, quick(roundTrip(func(r *http.Request) (*http.Response, error) {
		ids := bodyOf[[]string](t, r)
		sizes = append(sizes, len(ids))
		return answerWith(200, `{"recordIdsAdded":["`+strings.Join(ids, `","`)+`"]}`), nil // the other spelling
	})))
	members := make([]connector.ObjectID, 1001)
	for i := range members {
		members[i] = connector.ObjectID(fmt.Sprint(i + 1))
	}
	got, err := c.ChangeList(t.Context(), connector.ListChange{List: "9", Add: true, Member: members})
	if diff := cmp.Diff([]int{500, 500, 1}, sizes); diff != "" || err != nil || len(got.Done) != 1001 {
		t.Errorf("%d done, %v, sizes (-want +got):\n%s", len(got.Done), err, diff)
	}
	if _, err := c.ChangeList(t.Context(), connector.ListChange{List: "1/2", Member: members}); !errors.Is(err, connector.ErrInvalid) {
		t.Errorf("odd list: %v", err)
	}
}

func TestLostListCreationIsLookedUp(t *testing.T) {
	for name, made := range map[string]bool{"made": true, "not made": false} {
		t.Run(name, func(t *testing.T) {
			posted := 0
			c := newClient(t, quick(roundTrip(func(r *http.Request) (*http.Response, error) {
				switch {
				case r.Method == http.MethodPost:
					posted++
					return answerWith(500, ``), nil
				case made && posted > 0:
					return answerWith(200, `{"list":{"listId":"7","name":"a/b","processingType":"MANUAL"}}`), nil
				}
				if !strings.HasSuffix(r.URL.EscapedPath(), "/name/a%2Fb") {
					t.Errorf("looked at %s", r.URL.EscapedPath())
				}
				return answerWith(404, ``), nil
			})))
			l, err := c.CreateList(t.Context(), "a/b")
			if made != (err == nil && l.ID == "7") || !made && !errors.Is(err, connector.ErrAmbiguous) || posted != 1 {
				t.Errorf("%+v, %v after %d posts", l, err, posted)
			}
		})
	}
}

package connectortest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"leadsync/connector"
)

func failureRequirements() []requirement {
	return []requirement{
		{"too many calls say how long to wait", throttledWaits},
		{"a CRM that is down did nothing, and reads say so", downIsUnavailable},
		{"a worthless token is unauthorised everywhere", revokedIsUnauthorized},
		{"a lost answer to an update is not taken for success or refusal", lostUpdate},
		{"no error holds a secret or a property's value", errorsAreClean},
	}
}

func throttledWaits(t *testing.T, s Subject) {
	id := contacts(t, s, 1)[0]
	s.World.Fail(t, FaultThrottled, 1000)
	_, err := s.CRM.Read(t.Context(), connector.TypeContact, []connector.ObjectID{id}, []string{s.Text})
	var e *connector.Error
	if !errors.As(err, &e) || !errors.Is(err, connector.ErrThrottled) || e.RetryAfter < 10*time.Second {
		t.Errorf("reading: %v, want throttled for ten seconds or more", err)
	}
	r := s.CRM.CreateTasks(t.Context(), []connector.Task{task("ls-1", id)})[0]
	if !errors.Is(r.Err, connector.ErrThrottled) || s.World.Count(t, connector.TypeTask) != 0 {
		t.Errorf("creating: %v, want throttled and nothing created", r.Err)
	}
}

func downIsUnavailable(t *testing.T, s Subject) {
	id := contacts(t, s, 1)[0]
	s.World.Fail(t, FaultDown, 1000)
	if _, err := s.CRM.Read(t.Context(), connector.TypeContact, []connector.ObjectID{id}, []string{s.Text}); !errors.Is(err, connector.ErrUnavailable) {
		t.Errorf("reading: %v, want %v", err, connector.ErrUnavailable)
	}
	r := s.CRM.CreateTasks(t.Context(), []connector.Task{task("ls-1", id)})[0]
	if !errors.Is(r.Err, connector.ErrAmbiguous) && !errors.Is(r.Err, connector.ErrUnavailable) {
		t.Errorf("creating: %v, want %v or %v", r.Err, connector.ErrAmbiguous, connector.ErrUnavailable)
	}
	s.World.Heal(t)
	if found, err := s.CRM.FindByKey(t.Context(), connector.TypeTask, []connector.KeyRef{ref("ls-1", id)}); err != nil || len(found) != 0 {
		t.Errorf("the key finds %v (%v), want nothing", found, err)
	}
}

func revokedIsUnauthorized(t *testing.T, s Subject) {
	id := contacts(t, s, 1)[0]
	s.World.Revoke(t)
	_, readErr := s.CRM.Read(t.Context(), connector.TypeContact, []connector.ObjectID{id}, []string{s.Text})
	_, listErr := s.CRM.List(t.Context(), connector.TypeContact, "", []string{s.Text})
	_, keyErr := s.CRM.FindByKey(t.Context(), connector.TypeTask, []connector.KeyRef{ref("ls-1", id)})
	updated := s.CRM.Update(t.Context(), connector.TypeContact, []connector.Update{{ID: id, Properties: map[string]string{s.Text: "x"}}})
	created := s.CRM.CreateTasks(t.Context(), []connector.Task{task("ls-1", id)})
	for what, err := range map[string]error{
		"read": readErr, "list": listErr, "find by key": keyErr, "update": updated[0].Err, "create": created[0].Err,
	} {
		if !errors.Is(err, connector.ErrUnauthorized) {
			t.Errorf("%s: %v, want %v", what, err, connector.ErrUnauthorized)
		}
	}
}

func lostUpdate(t *testing.T, s Subject) {
	id := contacts(t, s, 1)[0]
	s.World.Fail(t, FaultLost, 1000)
	r := s.CRM.Update(t.Context(), connector.TypeContact, []connector.Update{{ID: id, Properties: map[string]string{s.Text: "after"}}})[0]
	if !errors.Is(r.Err, connector.ErrAmbiguous) {
		t.Errorf("updating: %v, want %v", r.Err, connector.ErrAmbiguous)
	}
}

func errorsAreClean(t *testing.T, s Subject) {
	id := contacts(t, s, 1)[0]
	const private = "private-words-of-a-person"
	bad := []connector.Update{{ID: id, Properties: map[string]string{s.Number: private}}, {ID: "999999999999", Properties: map[string]string{s.Text: private}}}
	var texts []string
	for _, r := range s.CRM.Update(t.Context(), connector.TypeContact, bad) {
		if r.Err == nil {
			t.Error("the account took what the test wants refused")
			continue
		}
		texts = append(texts, r.Err.Error())
	}
	s.World.Revoke(t)
	_, err := s.CRM.Account(t.Context())
	if err == nil {
		t.Fatal("a worthless token answered")
	}
	for _, text := range append(texts, err.Error()) {
		for _, secret := range append([]string{private}, s.Secrets...) {
			if strings.Contains(text, secret) {
				t.Errorf("the error %q holds %q", strings.ReplaceAll(text, secret, "…"), secret)
			}
		}
	}
}

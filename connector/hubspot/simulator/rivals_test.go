package simulator_test

import (
	"errors"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
)

func TestRivals(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	a := simulator.New(simulator.Options{Now: func() time.Time { return now }, Seed: 7})
	app, rep := simulator.Actor{Kind: simulator.API, ID: "1"}, simulator.Actor{Kind: simulator.User, ID: "7"}
	id, err := a.CreateContact(rep, map[string]string{"email": "ada@example.com", "lifecyclestage": "lead"})
	if err != nil {
		t.Fatal(err)
	}
	stage := func() string {
		o, ok := a.Object(simulator.Contacts, id)
		if !ok {
			t.Fatal("the contact is gone")
		}
		return o.Properties["lifecyclestage"]
	}
	rival := simulator.Rival{Name: "old scoring", Property: "lifecyclestage", Percent: 100, After: time.Minute}
	for _, wrong := range []simulator.Rival{
		{Property: rival.Property, Percent: 1, After: time.Minute},
		{Name: "x", Property: "nothing", Percent: 1, After: time.Minute},
		{Name: "x", Property: rival.Property, After: time.Minute},
		{Name: "x", Property: rival.Property, Percent: 1},
	} {
		if err := a.SetRivals(wrong); !errors.Is(err, simulator.ErrInvalid) {
			t.Errorf("rival %+v gives %v, want ErrInvalid", wrong, err)
		}
	}
	if err := a.SetRivals(rival); err != nil {
		t.Fatal(err)
	}
	set := func(by simulator.Actor, value string) {
		if err := a.Set(by, simulator.Contacts, id, map[string]string{"lifecyclestage": value}); err != nil {
			t.Fatal(err)
		}
	}
	set(app, "marketingqualifiedlead")
	if n := a.ActRivals(); n != 0 || stage() != "marketingqualifiedlead" {
		t.Errorf("the rival acted at once: %d, stage %q", n, stage())
	}
	now = now.Add(time.Minute)
	if n := a.ActRivals(); n != 1 || stage() != "lead" {
		t.Errorf("after a minute the rival did %d, stage %q, want 1 and lead", n, stage())
	}
	set(rep, "marketingqualifiedlead") // a person it leaves alone
	now = now.Add(time.Hour)
	if n := a.ActRivals(); n != 0 || stage() != "marketingqualifiedlead" {
		t.Errorf("the rival set back a person: %d, stage %q", n, stage())
	}
	set(app, "salesqualifiedlead")
	if err := a.SetRivals(); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	if n := a.ActRivals(); n != 0 || len(a.Rivals()) != 0 {
		t.Errorf("switched off it did %d", n)
	}
}

func TestRivals_areAfterSomeContactsOnly(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	count := func(seed uint64) (fought []string) {
		now := now
		a := simulator.New(simulator.Options{Now: func() time.Time { return now }, Seed: seed})
		if err := a.SetRivals(simulator.Rival{Name: "old scoring", Property: "lifecyclestage", Percent: 30, After: time.Second}); err != nil {
			t.Fatal(err)
		}
		var ids []string
		for range 100 {
			id, err := a.CreateContact(simulator.Actor{Kind: simulator.User, ID: "7"}, map[string]string{"lifecyclestage": "lead"})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
			app := simulator.Actor{Kind: simulator.API, ID: "1"}
			if err := a.Set(app, simulator.Contacts, id, map[string]string{"lifecyclestage": "marketingqualifiedlead"}); err != nil {
				t.Fatal(err)
			}
		}
		now = now.Add(time.Minute)
		a.ActRivals()
		for _, id := range ids {
			if o, ok := a.Object(simulator.Contacts, id); ok && o.Properties["lifecyclestage"] == "lead" {
				fought = append(fought, id)
			}
		}
		return fought
	}
	one, again := count(3), count(3)
	if len(one) < 15 || len(one) > 45 || len(again) != len(one) || one[0] != again[0] {
		t.Errorf("%d and %d of 100 contacts, want about 30 and the same ones", len(one), len(again))
	}
}

package hubspot_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/connector/hubspot/simulator"
)

func TestWorkTimes(t *testing.T) {
	const office = `[{"days":"MONDAY_TO_FRIDAY","startMinute":540,"endMinute":1020}]`
	everyDay := "mon 09:00-17:00; tue 09:00-17:00; wed 09:00-17:00; thu 09:00-17:00; fri 09:00-17:00"
	for _, c := range []struct{ name, zone, hours, wantZone, wantHours string }{
		{"office", "Europe/Berlin", office, "Europe/Berlin", everyDay},
		{"none", "", "", "", ""},
		{"zone alone", "America/New_York", "[]", "America/New_York", ""},
		{"a zone that is none", "Berlin", office, "", everyDay},
		{"the machine's zone", "Local", office, "", everyDay},
		{
			"with a break, and Saturday", "", `[{"days":"SATURDAY","startMinute":600,"endMinute":840},{"days":"MONDAY","startMinute":810,"endMinute":1440},{"days":"MONDAY","startMinute":0,"endMinute":750}]`,
			"", "mon 00:00-12:30, 13:30-24:00; sat 10:00-14:00",
		},
		{"weekend", "", `[{"days":"SATURDAY_SUNDAY","startMinute":600,"endMinute":601}]`, "", "sat 10:00-10:01; sun 10:00-10:01"},
		{
			"every day", "", `[{"days":"EVERY_DAY","startMinute":0,"endMinute":60}]`, "",
			"mon 00:00-01:00; tue 00:00-01:00; wed 00:00-01:00; thu 00:00-01:00; fri 00:00-01:00; sat 00:00-01:00; sun 00:00-01:00",
		},
		{"unknown days", "", `[{"days":"WEEKDAYS","startMinute":540,"endMinute":1020}]`, "", ""},
		{"one of two unknown", "", `[{"days":"MONDAY","startMinute":540,"endMinute":1020},{"days":"Tuesday","startMinute":540,"endMinute":1020}]`, "", ""},
		{"overlapping", "", `[{"days":"EVERY_DAY","startMinute":540,"endMinute":1020},{"days":"MONDAY","startMinute":600,"endMinute":660}]`, "", ""},
		{"backwards", "", `[{"days":"MONDAY","startMinute":1020,"endMinute":540}]`, "", ""},
		{"too long", "", `[{"days":"MONDAY","startMinute":540,"endMinute":1441}]`, "", ""},
		{"without an end", "", `[{"days":"MONDAY","startMinute":540}]`, "", ""},
		{"in hours", "", `[{"days":"MONDAY","startMinute":9.5,"endMinute":"17"}]`, "", ""},
		{"no list", "", `{"days":"MONDAY"}`, "", ""},
		{"no JSON", "", `future format`, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := simulate(t, simulator.Options{})
			id := s.CreateOwner("Ada Ost", "ada@example.org", true)
			if err := s.SetOwnerHours(id, c.zone, c.hours); err != nil {
				t.Fatal(err)
			}
			owners, err := s.client.Owners(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.client.WorkTimes(t.Context(), owners)
			want := []connector.Owner{{ID: id, Name: "Ada Ost", Email: "ada@example.org", Active: true, Person: true, Zone: c.wantZone, Hours: c.wantHours}}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if owners[0].Zone != "" || owners[0].Hours != "" {
				t.Error("what was handed over has changed")
			}
		})
	}
}

func TestWorkTimes_ofManyUsers(t *testing.T) {
	s := simulate(t, simulator.Options{})
	for i := range 230 {
		id := s.CreateOwner(fmt.Sprintf("User %d", i), fmt.Sprintf("u%d@example.org", i), i != 7)
		if err := s.SetOwnerHours(id, "Europe/Vienna", ""); err != nil {
			t.Fatal(err)
		}
	}
	owners, err := s.client.Owners(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.client.WorkTimes(t.Context(), owners)
	if err != nil || len(got) != 230 {
		t.Fatalf("%d owners, %v", len(got), err)
	}
	for _, o := range got {
		if (o.Zone == "Europe/Vienna") != o.Active {
			t.Errorf("owner %s, active %v, has the zone %q", o.ID, o.Active, o.Zone)
		}
	}
}

func TestWorkTimes_refused(t *testing.T) {
	s := simulate(t, simulator.Options{})
	s.DenyScope("crm.objects.users.read")
	s.CreateOwner("Ada Ost", "ada@example.org", true)
	owners, err := s.client.Owners(t.Context())
	if err != nil || len(owners) != 1 {
		t.Fatalf("%v, %v", owners, err)
	}
	if _, err := s.client.WorkTimes(t.Context(), owners); !errors.Is(err, connector.ErrForbidden) {
		t.Errorf("%v, want %v", err, connector.ErrForbidden)
	}
}

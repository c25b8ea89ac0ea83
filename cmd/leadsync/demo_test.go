package main

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// demonstrate runs the demo in this process for a moment and gives what it showed.
func demonstrate(t *testing.T, o demoOptions, tamper func(*simulator.Account)) (string, error) {
	t.Helper()
	out := &lockedBuffer{}
	env := environment{
		stdin: strings.NewReader(""), stdout: out, stderr: out, now: time.Now, readFile: os.ReadFile,
		getenv: func(string) string { return "" },
	}
	d := &demo{demoOptions: o, env: &env, screen: newScreen(&env), model: demoModel(), tamper: tamper}
	err := d.run(t.Context())
	return out.String(), err
}

func aMoment() demoOptions {
	return demoOptions{lasts: 2 * time.Second, speed: 24 * time.Hour, contacts: 120, seed: 1}
}

func TestDemo_endsWell(t *testing.T) {
	text, err := demonstrate(t, aMoment(), nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, want := range []string{
		"120 contacts (seed 1)", "quiet from day one", "People behave", "└", "Summary", "API calls", "audit: every contact is as it should be",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the demo does not show %q:\n%s", want, text)
		}
	}
}

// The first lines tell of the account; the seed alone decides them.
func TestDemo_sameSeedSameAccount(t *testing.T) {
	beginning := func(seed uint64) []string {
		o := aMoment()
		o.lasts, o.seed = 0, seed
		text, err := demonstrate(t, o, nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		load, _, ok := strings.Cut(text, "quiet from day one")
		if !ok {
			t.Fatalf("no first load:\n%s", text)
		}
		return strings.Split(load, "\n")
	}
	first, second, other := beginning(7), beginning(7), beginning(8)
	if !slices.Equal(first, second) {
		t.Errorf("two runs of one seed begin differently:\n%q\n%q", first, second)
	}
	if slices.Equal(first[3:], other[3:]) {
		t.Errorf("another seed gives the same account:\n%q", first)
	}
}

// live gives the first record of a type that is not archived and satisfies the condition.
func live(a *simulator.Account, typ string, ok func(simulator.Object) bool) simulator.Object {
	for _, o := range a.Objects(typ) {
		if !o.Archived && ok(o) {
			return o
		}
	}
	return simulator.Object{}
}

func openTaskOfOurs(o simulator.Object) bool {
	return o.Properties["leadsync_key"] != "" && o.Properties["hs_task_status"] != "COMPLETED"
}

// Whatever is broken behind leadsync's back, or as if by leadsync itself, the audit fails and names the
// contact.
func TestDemo_auditFailsWhenSomethingIsBroken(t *testing.T) {
	ours := simulator.Actor{Kind: simulator.API, ID: "4100001"}
	ofTask := func(a *simulator.Account, task simulator.Object) string {
		links := a.Associations(simulator.Tasks, task.ID, simulator.Contacts)
		if len(links) != 1 {
			return ""
		}
		return links[0].ID
	}
	for name, tamper := range map[string]func(a *simulator.Account) (contact string, err error){
		"stage": func(a *simulator.Account) (string, error) {
			c := live(a, simulator.Contacts, func(o simulator.Object) bool { return o.Properties["lifecyclestage"] == "lead" })
			return c.ID, a.Set(ours, simulator.Contacts, c.ID, map[string]string{"lifecyclestage": "customer"})
		},
		"score": func(a *simulator.Account) (string, error) {
			c := live(a, simulator.Contacts, func(o simulator.Object) bool { return o.Properties["leadsync_fit"] != "" })
			return c.ID, a.Set(ours, simulator.Contacts, c.ID, map[string]string{"leadsync_fit": "99"})
		},
		"grade": func(a *simulator.Account) (string, error) {
			c := live(a, simulator.Contacts, func(o simulator.Object) bool { return o.Properties["leadsync_grade"] == "D4" })
			return c.ID, a.Set(ours, simulator.Contacts, c.ID, map[string]string{"leadsync_grade": "D3"})
		},
		"tier": func(a *simulator.Account) (string, error) {
			c := live(a, simulator.Contacts, func(o simulator.Object) bool { return o.Properties["leadsync_tier"] != "" })
			return c.ID, a.Set(ours, simulator.Contacts, c.ID, map[string]string{"leadsync_tier": ""})
		},
		"task deleted": func(a *simulator.Account) (string, error) {
			task := live(a, simulator.Tasks, openTaskOfOurs)
			contact := ofTask(a, task)
			return contact, a.Archive(ours, simulator.Tasks, task.ID)
		},
		"task altered": func(a *simulator.Account) (string, error) {
			task := live(a, simulator.Tasks, openTaskOfOurs)
			return ofTask(a, task), a.Set(ours, simulator.Tasks, task.ID, map[string]string{"hs_task_subject": "Something else"})
		},
		"task duplicated": func(a *simulator.Account) (string, error) {
			task := live(a, simulator.Tasks, openTaskOfOurs)
			contact, props := ofTask(a, task), map[string]string{"leadsync_key": task.Properties["leadsync_key"] + "-again"}
			for _, name := range []string{"hs_task_subject", "hs_task_body", "hs_task_type", "hs_task_priority", "hs_timestamp", "hubspot_owner_id", "hs_task_status"} {
				if v := task.Properties[name]; v != "" {
					props[name] = v
				}
			}
			_, err := a.Create(ours, simulator.Tasks, props, simulator.Link{Type: simulator.Contacts, ID: contact})
			return contact, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			var contact string
			var broken error
			text, err := demonstrate(t, aMoment(), func(a *simulator.Account) { contact, broken = tamper(a) })
			if broken != nil || contact == "" {
				t.Fatalf("could not break it: contact %q, %v\n%s", contact, broken, text)
			}
			if !errors.Is(err, errFound) {
				t.Errorf("the demo ended with %v, want the exit code of a finding", err)
			}
			_, audit, _ := strings.Cut(text, "Audit (")
			if !strings.Contains(audit, "contact "+contact+" (") || !strings.Contains(audit, "audit: FAILED") {
				t.Errorf("the audit does not name contact %s:\n%s", contact, audit)
			}
		})
	}
}

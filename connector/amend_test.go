package connector_test

import (
	"encoding/json"
	"testing"
	"time"

	"leadsync/connector"
)

func printed() connector.Task {
	return connector.Task{
		Key: "k", Kind: connector.TaskCall, Subject: "Call Ada", BodyHTML: "why", Priority: "high", OwnerID: "3",
		DueAt: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), Contact: "1", Company: "2", Queue: "31",
	}
}

// TestPrintOf_same: what a CRM does to a task by itself is no edit.
func TestPrintOf_same(t *testing.T) {
	for name, change := range map[string]func(*connector.Task){
		"key":              func(o *connector.Task) { o.Key = "n" },
		"body":             func(o *connector.Task) { o.BodyHTML = "<p>why</p>" },
		"fraction":         func(o *connector.Task) { o.DueAt = o.DueAt.Add(999 * time.Millisecond) },
		"zone":             func(o *connector.Task) { o.DueAt = o.DueAt.In(time.FixedZone("", 3600)) },
		"capitals":         func(o *connector.Task) { o.Priority, o.Kind = "HIGH", "CALL" },
		"space in subject": func(o *connector.Task) { o.Subject = " Call \u00a0\n Ada " },
		"queue, reminder":  func(o *connector.Task) { o.Queue, o.RemindAt = "", o.DueAt },
		"company":          func(o *connector.Task) { o.Company = "" },
	} {
		other := printed()
		if change(&other); connector.PrintOf(other) != connector.PrintOf(printed()) {
			t.Errorf("%s changes the print", name)
		}
	}
	none, empty := printed(), printed()
	none.Priority, empty.Priority = "NONE", ""
	if connector.PrintOf(none) != connector.PrintOf(empty) {
		t.Error("no priority has two prints")
	}
}

// TestPrintOf_edited: what people change shows, also after the print was stored.
func TestPrintOf_edited(t *testing.T) {
	text, err := json.Marshal(connector.PrintOf(printed()))
	if err != nil {
		t.Fatal(err)
	}
	var stored connector.TaskPrint
	if err := json.Unmarshal(text, &stored); err != nil || stored != connector.PrintOf(printed()) {
		t.Fatalf("stored as %s: %v", text, err)
	}
	if !stored.DueAt().Equal(printed().DueAt) {
		t.Errorf("due at %v", stored.DueAt())
	}
	for name, change := range map[string]func(*connector.Task){
		"subject": func(o *connector.Task) { o.Subject = "call Ada" }, "no subject": func(o *connector.Task) { o.Subject = "" },
		"due": func(o *connector.Task) { o.DueAt = o.DueAt.Add(time.Second) }, "owner": func(o *connector.Task) { o.OwnerID = "" },
		"priority": func(o *connector.Task) { o.Priority = "low" }, "kind": func(o *connector.Task) { o.Kind = connector.TaskEmail },
	} {
		other := printed()
		if change(&other); connector.PrintOf(other) == stored {
			t.Errorf("%s does not change the print", name)
		}
	}
}

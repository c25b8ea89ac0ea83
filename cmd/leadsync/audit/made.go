package audit

import (
	"slices"
	"strings"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// made is a task or deal that leadsync made.
type made struct {
	deed      string // the call that created it
	amendedBy string // the last one that changed it
	record    *record
	contact   string
	written   map[string]string // what leadsync wrote last, of the properties by which an edit is seen
	editedAt  int               // Seq of the last time somebody else changed one of them, 0 if nobody did
	ended     bool              // somebody else completed or deleted it, last at endedAt
	endedAt   time.Time
	again     bool // and opened or restored it afterwards, last at againAt
	againAt   time.Time
	reported  bool // its key was found to be used before
}

// telling are the properties of a task by which an edit is seen: what people change and the account keeps as it was
// written. The body is not among them.
func telling() []string {
	return []string{"hs_timestamp", "hubspot_owner_id", "hs_task_priority", "hs_task_type", "hs_task_subject"}
}

// print remembers what leadsync wrote to a property.
func (m *made) print(property string) {
	if m.written == nil {
		m.written = map[string]string{}
	}
	m.written[property] = m.record.props[property]
}

// edited reports whether a task looks otherwise than leadsync wrote it last: who sets it back has not edited it.
func (m *made) edited() bool {
	if m.again {
		return true
	}
	if m.editedAt == 0 {
		return false
	}
	if status := m.record.props["hs_task_status"]; status != m.written["hs_task_status"] && status != completed {
		return true // somebody has begun it
	}
	return slices.ContainsFunc(telling(), func(property string) bool {
		return normal(property, m.record.props[property]) != normal(property, m.written[property])
	})
}

// normal is a value as it is compared: due times in whole seconds, white space in subjects as one space, no priority as
// none.
func normal(property, value string) string {
	switch property {
	case "hs_timestamp":
		if at, ok := crmTime(value); ok {
			return at.Truncate(time.Second).String()
		}
	case "hs_task_subject":
		return strings.Join(strings.Fields(value), " ")
	}
	return strings.TrimPrefix(strings.ToLower(value), "none")
}

// open reports whether a task of ours is neither done nor deleted.
func (m *made) open() bool {
	return m.record.typ == simulator.Tasks && m.record.live && m.record.props["hs_task_status"] != completed
}

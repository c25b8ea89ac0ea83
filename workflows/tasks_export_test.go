package workflows

import (
	"time"

	"leadsync/connector"
)

// OpenTasks shows openTasks to tests.
func OpenTasks(p *Portal, r LeadRecord) []OpenTask { return openTasks(p, r) }

// MeetingAhead shows meetingAhead to tests.
func MeetingAhead(p *Portal, r LeadRecord, now time.Time) (connector.ObjectID, bool) {
	return meetingAhead(p, r, now)
}

// InSequence shows inSequence to tests.
func InSequence(p *Portal, r LeadRecord) bool { return inSequence(p, r) }

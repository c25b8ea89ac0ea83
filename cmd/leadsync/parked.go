package main

import (
	"regexp"

	"leadsync/workflows"
)

// parkedFor is why an entry is parked, in one word that can be chosen by.
type parkedFor string

// The reasons. They follow from the kinds of failure (package connector) that park an entry (workflows.Next).
const (
	parkedRefused   parkedFor = "refused"
	parkedForbidden parkedFor = "forbidden"
	parkedGone      parkedFor = "gone"
	parkedExhausted parkedFor = "exhausted"
	parkedOther     parkedFor = "other"
)

// parkedReasons are all of them.
func parkedReasons() []parkedFor {
	return []parkedFor{parkedRefused, parkedForbidden, parkedGone, parkedExhausted, parkedOther}
}

// remedy says what to do about it.
func (r parkedFor) remedy() string {
	const then = "then `leadsync outbox retry --all --reason "
	switch r {
	case parkedRefused:
		return "the CRM refuses the values: change what its message names, in the account, the configuration or the model, " + then + "refused`"
	case parkedForbidden:
		return "the token may not do it: `leadsync doctor` names the missing scope; grant it, " + then + "forbidden`"
	case parkedGone:
		return "the CRM does not have the record any more: restore it there, " + then + "gone`, or give it up with `leadsync outbox drop --all --reason gone --because ...`"
	case parkedExhausted:
		return "the CRM could not take it in many attempts: look at its status page and at the correlation id, " + then + "exhausted`"
	case parkedOther:
		return "the note says why; `leadsync explain CONTACT` shows the contact; retry it, or give it up with `leadsync outbox drop`"
	}
	return ""
}

// failureKind finds the kind in the text of an error of the CRM: "operation: kind (status): message".
var failureKind = regexp.MustCompile(`: (invalid|forbidden|not found|conflict|unavailable|ambiguous|throttled|unauthorized)(?: \([0-9]{3}\))?(?:: | \[correlation |$| \(property |;)`)

// recordGone finds what leadsync itself says of a record that is not there.
var recordGone = regexp.MustCompile(`the CRM does not have the (contact|company) any more`)

// whyParked reads the reason from the note of an entry.
func whyParked(e workflows.OutboxEntry) parkedFor {
	if recordGone.MatchString(e.Error) {
		return parkedGone
	}
	kind := failureKind.FindStringSubmatch(e.Error)
	if kind == nil {
		return parkedOther
	}
	switch kind[1] {
	case "invalid":
		return parkedRefused
	case "forbidden":
		return parkedForbidden
	case "not found":
		return parkedGone
	}
	return parkedExhausted
}

package main

import (
	"io"

	"leadsync/workflows"
)

// profiles counts what a plan says of a contact that must not be profiled or breaks an invariant.
func (out *preview) profiles(plan workflows.Planned) {
	if !plan.State.Unprofiled.IsZero() {
		out.Unprofiled++
	}
	for _, v := range plan.State.Violations {
		out.Violations[v.Invariant]++
	}
}

// forbidden reports whether the service takes a contact for one that must not be profiled.
func forbidden(record workflows.LeadRecord) bool {
	return record.State != nil && !record.State.Unprofiled.IsZero()
}

// writeProfile says that the contact must not be profiled, and since when it may be again.
func writeProfile(w io.Writer, s workflows.Profile, language string) {
	const layout = "2006-01-02 15:04 MST"
	switch since, from := s.Unprofiled.UTC().Format(layout), s.ProfiledFrom.UTC().Format(layout); {
	case !s.Unprofiled.IsZero() && language == "de":
		tell(w, "Darf nicht profiliert werden, seit %s: nichts wird bewertet, geschrieben oder gesammelt.\n", since)
	case !s.Unprofiled.IsZero():
		tell(w, "Must not be profiled, since %s: nothing is scored, written or collected.\n", since)
	case !s.ProfiledFrom.IsZero() && language == "de":
		tell(w, "Darf seit %s wieder profiliert werden; was vorher war, zählt nicht.\n", from)
	case !s.ProfiledFrom.IsZero():
		tell(w, "May be profiled again since %s; what was before does not count.\n", from)
	}
}

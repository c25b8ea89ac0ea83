package workflows

import (
	"cmp"
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// written is which scores the CRM had been told.
func (l *rewinder) written(lead *scoring.Lead) Knowledge {
	lead.Pushed, lead.PushedReached, lead.PushedGrade, lead.PushedTier = nil, nil, "", ""
	var last time.Time
	for _, d := range l.Decisions {
		if slices.ContainsFunc(d.Actions, func(a Action) bool { return a.Class == ClassScore }) && d.At.After(last) {
			last = d.At
		}
	}
	if last.IsZero() || last.After(l.At) {
		return verdict{Unknown, scoring.Reason{Code: ReasonUnwritten}}.known(KnownWritten, "")
	}
	now := LeadOf(l.Portal, l.Model, l.Record)
	lead.Pushed, lead.PushedReached, lead.PushedGrade, lead.PushedTier = now.Pushed, now.PushedReached, now.PushedGrade, now.PushedTier
	return verdict{OfThen, scoring.Reason{Code: ReasonWrittenThen, Params: instant(last)}}.known(KnownWritten, "")
}

// move is one change of the stage or the lead status that is stored.
type move struct {
	at       time.Time
	from, to string // from is empty in a version
	version  bool
}

// moves are all that is stored of changes of the stage or the status, oldest first.
func (l *rewinder) moves(class Class, property string, name func(string) string) []move {
	var moves []move
	for _, o := range versionsOf(l.Record, property) {
		moves = append(moves, move{at: o.At, to: name(o.Value), version: true})
	}
	for _, d := range l.Decisions {
		for _, a := range d.Actions {
			if a.Class == class && a.Mode == ModeOn && a.To != "" {
				moves = append(moves, move{at: d.At, from: a.From, to: a.To})
			}
		}
	}
	slices.SortStableFunc(moves, func(a, b move) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.to, b.to)) })
	return moves
}

// standing is the stage or the lead status of then, in the model's words.
func (l *rewinder) standing(class Class) (string, verdict) {
	property, name := l.Portal.Names.Stage, l.Portal.stageName
	if class == ClassStatus {
		property, name = l.Portal.Names.Status, l.Portal.statusName
	}
	if versions, asked := l.Told[connector.Ref{Type: connector.TypeContact, ID: l.Record.Contact.ID}][property]; asked {
		if value, v, ok := l.version(versions, l.Record.Contact.Properties[property]); ok && v.basis == OfThen {
			return name(value), v
		}
	}
	if s := l.Record.State; s != nil {
		value, since := s.Stage, s.StageSince
		if class == ClassStatus {
			value, since = s.Status, s.StatusSince
		}
		if !since.IsZero() && !since.After(l.At) {
			return value, verdict{OfThen, scoring.Reason{Code: ReasonSince, Params: instant(since)}}
		}
	}
	if value, v, ok := l.between(l.moves(class, property, name)); ok {
		return value, v
	}
	value, v := l.property(l.Record.Contact, property)
	return name(value), v
}

// between is what the moves before and after the moment say. Somebody else may have moved the contact and back in
// between, so it is never certain.
func (l *rewinder) between(moves []move) (value string, v verdict, ok bool) {
	next := slices.IndexFunc(moves, func(m move) bool { return m.at.After(l.At) })
	if next < 0 {
		next = len(moves)
	}
	params := map[string]string{}
	if next > 0 {
		value, ok = moves[next-1].to, true
		params["after"] = moves[next-1].at.UTC().Format(time.RFC3339)
	}
	if next < len(moves) && !moves[next].version {
		value, ok = moves[next].from, true
		params["before"] = moves[next].at.UTC().Format(time.RFC3339)
	}
	return value, verdict{Inferred, scoring.Reason{Code: ReasonMoves, Params: params}}, ok
}

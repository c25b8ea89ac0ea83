package workflows

import (
	"slices"
	"strings"

	"leadsync/connector"
	"leadsync/scoring"
)

// deletionOf stands behind the name of an end in the order to delete a contact that came to it.
const deletionOf = ": delete"

// DeletionOf is the order to delete a contact that an end of the model proposes for deletion, where others have the
// name of their follow-up (rule 24).
func DeletionOf(end string) string { return end + deletionOf }

// Deletes reports whether an operator may order the deletion of a contact after an end: its status proposes it (S94).
func Deletes(end string, s LeadState) bool {
	return s.Judged != nil && s.Judged.End == end && s.Judged.Outcome == scoring.OutcomeDelete
}

// deletionDeal is why the order of a deletion is dropped, besides backfillMoved and backfillRule: the contact has an open deal.
const deletionDeal = "deal"

// DeletePayload is the payload of KindDelete: whom the operator has confirmed, and what it must still look like.
type DeletePayload struct {
	// Contact is never replaced by whom it is merged into.
	Contact connector.ObjectID `json:"contact"`
	// Only are the stage and the lead status of the decision, as the CRM has them.
	Only map[string]string `json:"only"`
}

// deletion carries out an operator's order to delete a contact, if the model still proposes it: of another one, or one
// with an open deal, it is dropped. It reports whether the order was one of these.
func (pl *planner) deletion(order string) bool {
	end, is := strings.CutSuffix(order, deletionOf)
	if !is || slices.ContainsFunc(pl.Model.FollowUps(), func(f scoring.FollowUp) bool { return f.Name == order }) {
		return false
	}
	if why := pl.undeletable(end); why != "" {
		pl.note(ReasonBackfillDropped, map[string]string{"rule": order, "why": why})
		return true
	}
	st, mode, contact := &pl.out.State, pl.Portal.Mode(ClassDelete), pl.Record.Contact.Properties
	reason := scoring.Reason{Code: ReasonDeletion, Params: map[string]string{"rule": end}}
	if word := st.Judged.Reason; word != "" {
		reason.Params["why"] = word
	}
	if mode == ModeOn {
		pl.tasks.wishes = nil // nobody is to do anything about them any more
		pl.closeAll(reason)
	}
	names := pl.Portal.Names
	st.Episodes[order]++
	pl.add(Action{
		Class: ClassDelete, Mode: mode, Kind: KindDelete, Rule: end, Reason: reason,
		Key: Key(pl.Portal.ID, st.Root, order, st.Episodes[order]),
	}, DeletePayload{Contact: pl.Record.ID, Only: map[string]string{names.Stage: contact[names.Stage], names.Status: contact[names.Status]}})
	return true
}

// undeletable is why a contact is not to be deleted although an operator has ordered it; empty if it is.
func (pl *planner) undeletable(end string) string {
	st := &pl.out.State
	proposes := slices.ContainsFunc(pl.Model.Misjudged().Ends, func(e scoring.MisjudgedEnd) bool {
		return e.Name() == end && e.Outcome == scoring.OutcomeDelete
	})
	switch _, deal := pl.openDeal(scoring.OpenAny, ""); {
	case !proposes, pl.Portal.Mode(ClassDelete) == ModeOff:
		return backfillRule
	case st.Judged == nil, st.Judged.End != end, pl.Lead.Status != st.Status, pl.Lead.Stage != st.Stage:
		return backfillMoved // a move of ours that is under way is waited for: the next order finds it done
	case deal:
		return deletionDeal
	}
	return ""
}

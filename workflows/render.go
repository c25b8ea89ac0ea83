package workflows

import (
	"maps"

	"leadsync/scoring"
)

// sentences are the reasons of plans in words; placeholders are the reason's parameters.
func sentences() map[scoring.ReasonCode][2]string {
	return map[scoring.ReasonCode][2]string{
		ReasonUnchanged:          {"nothing to do", "nichts zu tun"},
		ReasonHeld:               {"there before go-live and unchanged since", "schon vor dem Start da und seither unverändert"},
		ReasonPlanned:            {"there is something to do", "es gibt etwas zu tun"},
		ReasonScoreStep:          {"the scores moved by a step, or a threshold was crossed", "die Punkte haben sich um eine Stufe geändert, oder eine Schwelle wurde überschritten"},
		ReasonStageForward:       {"the criteria of {to} are met", "die Kriterien von {to} sind erfüllt"},
		ReasonEnteredStage:       {"stage {stage} was entered without a lead status", "Phase {stage} wurde ohne Leadstatus erreicht"},
		ReasonActivityStatus:     {"{activity} sets {status}", "{activity} setzt {status}"},
		ReasonFollowUp:           {"{rule}: {status}{stage} was entered, no. {episode}", "{rule}: {status}{stage} wurde erreicht, Nr. {episode}"},
		ReasonSuperseded:         {"a newer task of {rule} takes its place", "eine neuere Aufgabe von {rule} ersetzt sie"},
		ReasonObsolete:           {"no longer needed: the lead status is {status}", "nicht mehr nötig: der Leadstatus ist {status}"},
		ReasonDealExists:         {"the contact has an open deal already", "der Kontakt hat schon einen offenen Deal"},
		ReasonStageBack:          {"{rule}: back from {from} to {to}", "{rule}: zurück von {from} nach {to}"},
		ReasonMoved:              {"somebody else moved the stage first", "jemand anderes hat die Phase vorher geändert"},
		ReasonStageRefused:       {"the CRM answered as if it had moved the stage, and left it", "das CRM hat so geantwortet, als hätte es die Phase geändert, und sie gelassen"},
		ReasonListAdd:            {"{rule}: onto the list {list}", "{rule}: auf die Liste {list}"},
		ReasonListRemove:         {"{rule}: off the list {list}", "{rule}: von der Liste {list}"},
		ReasonCopyArchived:       {"{copies} further copies under {key}, made after a lost answer, were archived", "{copies} weitere Kopien unter {key}, nach einer verlorenen Antwort entstanden, wurden archiviert"},
		ReasonRetried:            {"an operator sent {key} again", "ein Betreuer hat {key} erneut gesendet"},
		ReasonDropped:            {"an operator dropped {key}", "ein Betreuer hat {key} verworfen"},
		scoring.ReasonUnprofiled: {"must not be profiled", "darf nicht profiliert werden"},
		ReasonProfiledAgain:      {"may be profiled again, from now on", "darf wieder profiliert werden, von jetzt an"},
		ReasonInvariantBroken:    {"breaks the invariant: {invariant}", "verletzt die Invariante: {invariant}"},
		ReasonInvariantHeld:      {"no longer breaks the invariant: {invariant}", "verletzt die Invariante nicht mehr: {invariant}"},
		ReasonCompanyForward:     {"a contact of the company entered {stage}", "ein Kontakt des Unternehmens hat {stage} erreicht"},
		ReasonCompanyGone:        {"the CRM does not have the company any more", "das CRM hat das Unternehmen nicht mehr"},
		ReasonCompanyMerged:      {"the company was merged into another", "das Unternehmen wurde mit einem anderen zusammengeführt"},
		ReasonGone:               {"the CRM does not have the contact any more", "das CRM hat den Kontakt nicht mehr"},
	}
}

// RenderReason is a reason in words, in English or German; reasons of the evaluation included.
func RenderReason(lang string, r scoring.Reason) string {
	text, ok := sentences()[r.Code]
	if !ok {
		return scoring.RenderReason(lang, r)
	}
	values := map[string]string{"status": "", "stage": "", "episode": "1"}
	maps.Copy(values, r.Params)
	if lang == "de" {
		return scoring.Expand(text[1], values)
	}
	return scoring.Expand(text[0], values)
}

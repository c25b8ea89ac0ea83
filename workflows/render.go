package workflows

import (
	"maps"

	"leadsync/scoring"
)

// sentences are the reasons of plans in words; placeholders are the reason's parameters.
func sentences() map[scoring.ReasonCode][2]string {
	all := sentencesOfState()
	maps.Copy(all, sentencesOfFollowUps())
	maps.Copy(all, sentencesOfWork())
	return all
}

// sentencesOfState are about what became of a contact, its stage and status, and of what was written.
func sentencesOfState() map[scoring.ReasonCode][2]string {
	return map[scoring.ReasonCode][2]string{
		ReasonUnchanged:          {"nothing to do", "nichts zu tun"},
		ReasonHeld:               {"there before go-live and unchanged since", "schon vor dem Start da und seither unverändert"},
		ReasonPlanned:            {"there is something to do", "es gibt etwas zu tun"},
		ReasonScoreStep:          {"the scores moved by a step, or a threshold was crossed", "die Punkte haben sich um eine Stufe geändert, oder eine Schwelle wurde überschritten"},
		ReasonStageForward:       {"the criteria of {to} are met", "die Kriterien von {to} sind erfüllt"},
		ReasonEnteredStage:       {"stage {stage} was entered without a lead status", "Phase {stage} wurde ohne Leadstatus erreicht"},
		ReasonActivityStatus:     {"{activity} sets {status}", "{activity} setzt {status}"},
		ReasonStageBack:          {"{rule}: back from {from} to {to}", "{rule}: zurück von {from} nach {to}"},
		ReasonMoved:              {"somebody else moved the stage first", "jemand anderes hat die Phase vorher geändert"},
		ReasonStageRefused:       {"the CRM answered as if it had moved the stage, and left it", "das CRM hat so geantwortet, als hätte es die Phase geändert, und sie gelassen"},
		ReasonCopyArchived:       {"{copies} further copies under {key}, made after a lost answer, were archived", "{copies} weitere Kopien unter {key}, nach einer verlorenen Antwort entstanden, wurden archiviert"},
		ReasonRetried:            {"an operator sent {key} again{note}", "ein Betreuer hat {key} erneut gesendet{note}"},
		ReasonDropped:            {"an operator dropped {key}{note}", "ein Betreuer hat {key} verworfen{note}"},
		scoring.ReasonUnprofiled: {"must not be profiled", "darf nicht profiliert werden"},
		ReasonProfiledAgain:      {"may be profiled again, from now on", "darf wieder profiliert werden, von jetzt an"},
		ReasonInvariantBroken:    {"breaks the invariant: {invariant}", "verletzt die Invariante: {invariant}"},
		ReasonInvariantHeld:      {"no longer breaks the invariant: {invariant}", "verletzt die Invariante nicht mehr: {invariant}"},
		ReasonCompanyForward:     {"a contact of the company entered {stage}", "ein Kontakt des Unternehmens hat {stage} erreicht"},
		ReasonCompanyGone:        {"the CRM does not have the company any more", "das CRM hat das Unternehmen nicht mehr"},
		ReasonCompanyMerged:      {"the company was merged into another", "das Unternehmen wurde mit einem anderen zusammengeführt"},
		ReasonOvertaken:          {"somebody else changed it first", "jemand anderes hat es vorher geändert"},
		ReasonGone:               {"the CRM does not have the contact any more", "das CRM hat den Kontakt nicht mehr"},
	}
}

// sentencesOfFollowUps are about what the follow-ups of the model did, and why they did not.
func sentencesOfFollowUps() map[scoring.ReasonCode][2]string {
	return map[scoring.ReasonCode][2]string{
		ReasonFollowUp:         {"{rule}: {status}{stage} was entered, no. {episode}", "{rule}: {status}{stage} wurde erreicht, Nr. {episode}"},
		ReasonSuperseded:       {"a newer task of {rule} takes its place", "eine neuere Aufgabe von {rule} ersetzt sie"},
		ReasonFollowActivity:   {"{rule}: {activity}, no. {episode}", "{rule}: {activity}, Nr. {episode}"},
		ReasonAmended:          {"{rule}: the open task of {before} becomes this one", "{rule}: die offene Aufgabe von {before} wird zu dieser"},
		ReasonIncluded:         {"{rule}: the task of {before} does for both", "{rule}: die Aufgabe von {before} genügt für beide"},
		ReasonNotNeeded:        {"{rule}: not needed, since {condition}", "{rule}: nicht nötig, denn {condition}"},
		ReasonWhile:            {"{rule}: nothing, since {condition} does not hold", "{rule}: nichts, denn {condition} gilt nicht"},
		ReasonLadder:           {"{rule}: {attempts} attempts are enough", "{rule}: {attempts} Versuche sind genug"},
		ReasonObsolete:         {"no longer needed: the lead status is {status}", "nicht mehr nötig: der Leadstatus ist {status}"},
		ReasonDealExists:       {"{rule}: deal {deal} is open already", "{rule}: Deal {deal} ist schon offen"},
		ReasonNoPipeline:       {"{rule}: no deal, since no pipeline's condition is true", "{rule}: kein Deal, da die Bedingung keiner Pipeline zutrifft"},
		ReasonPipelineUnmapped: {"{rule}: no deal, since pipeline {pipeline} {begins} is not mapped", "{rule}: kein Deal, da Pipeline {pipeline} {begins} nicht zugeordnet ist"},
		ReasonAmountUnknown:    {"{rule}: the deal has no amount, since {fact} is unknown", "{rule}: der Deal hat keinen Betrag, da {fact} unbekannt ist"},
		ReasonAmountNegative:   {"{rule}: the deal has no amount, since {fact} is negative", "{rule}: der Deal hat keinen Betrag, da {fact} negativ ist"},
		ReasonListAdd:          {"{rule}: onto the list {list}", "{rule}: auf die Liste {list}"},
		ReasonListRemove:       {"{rule}: off the list {list}", "{rule}: von der Liste {list}"},
		ReasonMisjudged:        {"the lead was misjudged: {rule} (outcome: {outcome})", "der Lead war falsch eingeschätzt: {rule} (Ausgang: {outcome})"},
		ReasonJudgedAgain:      {"not misjudged after all: {rule} was taken back", "doch nicht falsch eingeschätzt: {rule} wurde zurückgenommen"},
		ReasonReasonWanted:     {"{rule} wants a reason", "{rule} braucht einen Grund"},
		ReasonCoolingDown:      {"after {rule} points do not lead to {stage} until {until}", "nach {rule} führen Punkte bis {until} nicht nach {stage}"},
		ReasonQuiet:            {"another model, mapping or switch, and no change of the contact: {rule} is left out", "ein anderes Modell, eine andere Zuordnung oder Schaltung, und keine Änderung am Kontakt: {rule} unterbleibt"},
		ReasonBackfilled:       {"{rule}: an operator ordered it", "{rule}: ein Betreuer hat es angeordnet"},
		ReasonDeletion:         {"deleted after {rule}, as an operator has confirmed", "gelöscht nach {rule}, wie ein Betreuer bestätigt hat"},
		ReasonBackfillDropped:  {"{rule}: the order is dropped ({why})", "{rule}: die Anordnung entfällt ({why})"},
	}
}

// sentencesOfWork are about who does a piece of work, and until when.
func sentencesOfWork() map[scoring.ReasonCode][2]string {
	return map[scoring.ReasonCode][2]string{
		ReasonOwnerAssigned:  {"{assignment}: the contact goes to {person}", "{assignment}: der Kontakt geht an {person}"},
		ReasonOwnerRefused:   {"the CRM answered as if it had set the owner, and has another", "das CRM hat so geantwortet, als hätte es den Besitzer gesetzt, und hat einen anderen"},
		ReasonFallback:       {"owner {owner} has left or cannot be given work, so owner {fallback} stands in", "Besitzer {owner} ist ausgeschieden oder kann keine Arbeit bekommen, daher übernimmt {fallback}"},
		ReasonNobody:         {"owner {owner} has left or cannot be given work, and there is no fallback", "Besitzer {owner} ist ausgeschieden oder kann keine Arbeit bekommen, und es gibt keinen Ersatz"},
		ReasonDeputy:         {"{person} is absent, {deputy} stands in", "{person} ist abwesend, {deputy} vertritt"},
		ReasonPassedOn:       {"owner {owner} has left, so the open task goes on", "Besitzer {owner} ist ausgeschieden, daher geht die offene Aufgabe weiter"},
		ReasonAwaited:        {"{person} is absent and nobody stands in, so it waits", "{person} ist abwesend, niemand vertritt, daher wartet es"},
		ReasonClockStarted:   {"{rule}: to be answered by {due}", "{rule}: zu beantworten bis {due}"},
		ReasonClockMet:       {"{rule}: answered in time", "{rule}: rechtzeitig beantwortet"},
		ReasonClockMissed:    {"{rule}: nobody answered by {due}", "{rule}: bis {due} hat niemand geantwortet"},
		ReasonClockEnded:     {"{rule}: no answer is waited for any more", "{rule}: auf eine Antwort wird nicht mehr gewartet"},
		ReasonClockReminded:  {"{rule}: the response time is nearly over", "{rule}: die Reaktionszeit läuft ab"},
		ReasonClockEscalated: {"{rule}: the response time is over", "{rule}: die Reaktionszeit ist abgelaufen"},
		ReasonAnswered:       {"what {rule} asked for is done, or moot", "was {rule} wollte, ist erledigt oder hinfällig"},
		ReasonCarriedOver:    {"no more than {most} tasks a day for the owner, so it is due on {to} instead of {from}", "höchstens {most} Aufgaben am Tag für den Besitzer, daher fällig am {to} statt am {from}"},
		ReasonOverBudget:     {"no day of the owner has room (no more than {most} tasks), so it is due on {to} instead of {from}, over the budget", "kein Tag des Besitzers hat Platz (höchstens {most} Aufgaben), daher über das Budget hinaus fällig am {to} statt am {from}"},
	}
}

// RenderReason is a reason in words, in English or German; reasons of the evaluation included.
func RenderReason(lang string, r scoring.Reason) string {
	if r.Code == ReasonSatisfied {
		return renderSatisfied(lang, r)
	}
	if text, is := renderChoice(lang, r); is {
		return text
	}
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

// renderSatisfied says by what a task rule is satisfied.
func renderSatisfied(lang string, r scoring.Reason) string {
	text, ok := map[string][2]string{
		"task":     {"{rule}: somebody's task {id} is open already", "{rule}: jemandes Aufgabe {id} ist schon offen"},
		"edited":   {"{rule}: task {id} is open and a person made it theirs", "{rule}: Aufgabe {id} ist offen, und ein Mensch hat sie zu seiner gemacht"},
		"meeting":  {"{rule}: meeting {id} lies ahead", "{rule}: Termin {id} steht bevor"},
		"sequence": {"{rule}: the contact is in an active sequence", "{rule}: der Kontakt ist in einer aktiven Sequenz"},
	}[r.Params["by"]]
	if !ok { // the record was redacted
		text = [2]string{"{rule}: something else does for it", "{rule}: etwas anderes genügt dafür"}
	}
	if lang == "de" {
		return scoring.Expand(text[1], r.Params)
	}
	return scoring.Expand(text[0], r.Params)
}

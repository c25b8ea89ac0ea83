package workflows

import (
	"time"

	"leadsync/scoring"
)

// pastSentences say how a part of a lead is known of a past moment, in English and German.
func pastSentences() map[scoring.ReasonCode][2]string {
	return map[scoring.ReasonCode][2]string{
		ReasonVersion:     {"so since {at}", "so seit {at}"},
		ReasonUnmodified:  {"the record has not been changed since {at}", "der Datensatz ist seit {at} unverändert"},
		ReasonNotSetYet:   {"not set then", "damals nicht gesetzt"},
		ReasonSince:       {"so since {at}", "so seit {at}"},
		ReasonMoves:       {"by the moves that are stored; somebody may have changed it in between", "nach den gespeicherten Änderungen; dazwischen kann es jemand geändert haben"},
		ReasonNoHistory:   {"no history is stored", "kein Verlauf gespeichert"},
		ReasonTooShort:    {"the history only goes back to {at}", "der Verlauf reicht nur bis {at} zurück"},
		ReasonOther:       {"belonged to another company, {company}", "gehörte zu einem anderen Unternehmen, {company}"},
		ReasonHappened:    {"{times}", "{times}"},
		ReasonLogged:      {"{times} of them logged only later", "{times} davon erst später eingetragen"},
		ReasonEdited:      {"{times} of them changed since: the outcome is today's", "{times} davon seither geändert: das Ergebnis ist das von heute"},
		ReasonMaybe:       {"{times} more may have happened by then; not counted", "{times} weitere können schon geschehen sein; nicht gezählt"},
		ReasonWrittenThen: {"so since {at}", "so seit {at}"},
		ReasonUnwritten:   {"not stored; taken as written at that moment", "nicht gespeichert; als in diesem Moment geschrieben angenommen"},
		ReasonFuture:      {"as it is now", "wie es jetzt ist"},
		ReasonNotRead:     {"{property} is not read with the model in use", "{property} wird mit dem eingesetzten Modell nicht gelesen"},
	}
}

// RenderKnowledge says how a part of a lead is known of a past moment, in English or German; times are told in a zone.
func RenderKnowledge(lang string, k Knowledge, zone *time.Location) string {
	text := pastSentences()[k.Reason.Code]
	params := map[string]string{}
	for name, value := range k.Reason.Params {
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			layout := "2006-01-02 15:04"
			if lang == "de" {
				layout = "02.01.2006 15:04"
			}
			value = at.In(zone).Format(layout)
		}
		params[name] = value
	}
	if lang == "de" {
		return scoring.Expand(text[1], params)
	}
	return scoring.Expand(text[0], params)
}

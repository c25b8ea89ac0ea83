package workflows

import (
	"time"

	"leadsync/scoring"
)

// Reasons about what people and other machines chose (rules 20 and 21).
const (
	ReasonOverride         scoring.ReasonCode = "override"          // property, value, would, since, until, origin, source
	ReasonOverrideEnds     scoring.ReasonCode = "override_ends"     // rule
	ReasonOverrideEnded    scoring.ReasonCode = "override_ended"    // as override, and why: moved, facts, time or model
	ReasonRival            scoring.ReasonCode = "rival_wins"        // property, ours, theirs, source, rounds, until
	ReasonUnmapped         scoring.ReasonCode = "stage_unmapped"    // the mapping does not know the stage
	ReasonWayBack          scoring.ReasonCode = "went_back"         // nothing new has happened since a way back
	ReasonMovedBack        scoring.ReasonCode = "moved_back"        // somebody moved it back
	ReasonHandoverWaits    scoring.ReasonCode = "handover_waits"    // stage
	ReasonHandoverSilence  scoring.ReasonCode = "handover_silence"  // rule: the stage
	ReasonHandoverAccepted scoring.ReasonCode = "handover_accepted" // fact
	ReasonHandoverRejected scoring.ReasonCode = "handover_rejected" // fact, reason, problem
	ReasonGatesClosed      scoring.ReasonCode = "gates_closed"      // stage, gates
	ReasonShown            scoring.ReasonCode = "shown"             // stage, responsible
)

// choiceSentences are these reasons in words.
func choiceSentences() map[scoring.ReasonCode][2]string {
	return map[scoring.ReasonCode][2]string{
		ReasonOverride: {
			"{property} {value} is held by a person ({source}) since {since} until {until}; the model would say {would}",
			"{property} {value} hält ein Mensch ({source}) seit {since} bis {until}; das Modell würde {would} sagen",
		},
		ReasonOverrideEnds: {"{rule} ends soon", "{rule} endet bald"},
		ReasonOverrideEnded: {
			"{property} {value}, held by a person since {since}, is free again: {why}",
			"{property} {value}, von einem Menschen gehalten seit {since}, ist wieder frei: {why}",
		},
		ReasonRival: {
			"another machine ({source}) set {property} back from {ours} to {theirs}, {rounds} times; it is left alone until {until}",
			"ein anderes System ({source}) hat {property} von {ours} auf {theirs} zurückgesetzt, {rounds}-mal; bis {until} bleibt es in Ruhe",
		},
		ReasonUnmapped:         {"its stage is none of the model's", "seine Phase ist keine des Modells"},
		ReasonWayBack:          {"it went back, and nothing new has happened since", "es ging zurück, und seither ist nichts Neues geschehen"},
		ReasonMovedBack:        {"somebody moved it back", "jemand hat es zurückgesetzt"},
		ReasonHandoverWaits:    {"{stage} waits for a person to confirm", "{stage} wartet auf die Bestätigung durch einen Menschen"},
		ReasonHandoverSilence:  {"nobody has confirmed {rule} in time", "niemand hat {rule} rechtzeitig bestätigt"},
		ReasonHandoverAccepted: {"sales accepted the lead", "der Vertrieb hat den Lead angenommen"},
		ReasonHandoverRejected: {"sales rejected the lead; reason: {reason}; problem: {problem}", "der Vertrieb hat den Lead abgelehnt; Grund: {reason}; Problem: {problem}"},
		ReasonGatesClosed:      {"{stage} was set by hand, while these gates do not hold: {gates}", "{stage} wurde von Hand gesetzt, während diese Bedingungen nicht gelten: {gates}"},
		ReasonAudienceJoined:   {"belongs on the list {list}", "gehört auf die Liste {list}"},
		ReasonAudienceLeft:     {"does not belong on the list {list} any more", "gehört nicht mehr auf die Liste {list}"},
		ReasonNoConsent:        {"off the list {list}: no consent to advertising, or it was withdrawn", "von der Liste {list}: keine Einwilligung in Werbung, oder sie wurde widerrufen"},
		ReasonRanked:           {"the priority is {rank}", "die Priorität ist {rank}"},
		ReasonShown:            {"responsible now: {responsible}", "zuständig ist jetzt: {responsible}"},
	}
}

// renderChoice is such a reason in words, in English or German.
func renderChoice(lang string, r scoring.Reason) (string, bool) {
	text, ok := choiceSentences()[r.Code]
	if !ok {
		return "", false
	}
	place := 0
	if lang == "de" {
		place = 1
	}
	values := map[string]string{
		"reason": [2]string{"none given", "keiner genannt"}[place], "problem": [2]string{"none given", "keines genannt"}[place],
		"until": [2]string{"a fact changes", "sich ein Fakt ändert"}[place], "source": [2]string{"unknown source", "Quelle unbekannt"}[place],
		"responsible": [2]string{"nobody knows", "unbekannt"}[place],
	}
	for name, value := range r.Params {
		if at, err := time.Parse(time.RFC3339, value); err == nil && (name == "since" || name == "until") {
			value = at.UTC().Format([2]string{"2006-01-02 15:04 MST", "02.01.2006 15:04 MST"}[place])
		}
		if value != "" {
			values[name] = value
		}
	}
	ends := map[string][2]string{
		overrideMoved: {"somebody has moved it", "jemand hat es geändert"}, overrideFacts: {"a fact has changed", "ein Fakt hat sich geändert"},
		overrideTime: {"its time is over", "seine Zeit ist um"}, overrideModel: {"the model keeps nothing any more", "das Modell hält nichts mehr fest"},
	}
	if why, ok := ends[values["why"]]; ok {
		values["why"] = why[place]
	}
	return scoring.Expand(text[place], values), true
}

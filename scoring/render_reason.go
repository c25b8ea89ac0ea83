package scoring

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// sentence is the pattern of a reason, with its parameters as {placeholders}; empty if it is not of this package.
func (c ReasonCode) sentence(lang string) string {
	texts := sentences()[c]
	return say(lang, texts[0], texts[1])
}

// sentences are the patterns of all reasons in English and German.
func sentences() map[ReasonCode][2]string {
	return map[ReasonCode][2]string{
		ReasonFactMatched:     {"the condition holds", "die Bedingung trifft zu"},
		ReasonActivityCounted: {"counted in full", "voll gezählt"},
		ReasonDecayed:         {"{age_hours} old, half-life {half_life_hours}", "{age_hours} alt, Halbwertszeit {half_life_hours}"},
		ReasonLinear:          {"{age_hours} old, loses {loses} every {every_hours}", "{age_hours} alt, verliert {loses} je {every_hours}"},
		ReasonStepped:         {"{age_hours} old, {percent} % of the points", "{age_hours} alt, {percent} % der Punkte"},
		ReasonSilent:          {"{age_hours} of silence since then, counted {times} ×", "seither {age_hours} Stille, {times} × gezählt"},

		ReasonCapped:       {"at most {cap} points from this rule", "höchstens {cap} Punkte aus dieser Regel"},
		ReasonUnsupported:  {"worth nothing without other evidence", "ohne einen anderen Beleg nichts wert"},
		ReasonGroupCeiling: {"{group} is at most {maximum}", "{group} ist höchstens {maximum}"},
		ReasonGroupFloor:   {"{group} is at least {minimum}", "{group} ist mindestens {minimum}"},
		ReasonCeiling:      {"{score} is at most {maximum}", "{score} ist höchstens {maximum}"},
		ReasonFloor:        {"{score} is at least {minimum}", "{score} ist mindestens {minimum}"},

		ReasonOutside: {"not counted: {times} × outside the window of {window_hours}", "nicht gezählt: {times} × außerhalb des Zeitfensters ({window_hours})"},
		ReasonTooMany: {"not counted: {times} × over the limit of {at_most}{per}", "nicht gezählt: {times} × über der Grenze von {at_most}{per}"},
		ReasonTooFew:  {"not counted: only {times} of at least {at_least}", "nicht gezählt: nur {times} von mindestens {at_least}"},
		ReasonMachine: {"not counted: {times} × by a machine", "nicht gezählt: {times} × von einer Maschine"},

		ReasonCriteriaMet: {"all criteria of {stage} are met", "alle Kriterien für {stage} sind erfüllt"},
		ReasonDirect:      {"{stage} directly, because {condition}", "{stage} auf direktem Weg, denn {condition}"},
		ReasonSideTrack:   {"set aside as {stage}, because {condition}", "als {stage} ausgesondert, denn {condition}"},
		ReasonUnprofiled:  {"not profiled, because {condition}", "kein Profiling, denn {condition}"},
		ReasonAssigned:    {"{assignment}: {person}{condition}, one of {among}{passed}", "{assignment}: {person}{condition}, von {among}{passed}"},
		ReasonUnassigned:  {"{assignment}: nobody can do it{passed}", "{assignment}: niemand kann es übernehmen{passed}"},
		ReasonNoStage:     {"the criteria of no stage are met", "für keine Phase sind die Kriterien erfüllt"},
	}
}

// worded are the parameters of a reason as they stand in its sentence. They are a copy: reasons share their maps with
// the model.
func worded(lang string, r Reason) map[string]string {
	params := map[string]string{}
	maps.Copy(params, r.Params)
	for name, value := range r.Params {
		switch {
		case strings.HasSuffix(name, "_hours"):
			params[name] = lasting(lang, value, name == "age_hours")
		case isNumber(value):
			params[name] = decimal(lang, value)
		}
	}
	if r.Code == ReasonTooMany {
		params["per"] = period(r.Params["per"]).worded(lang)
	}
	if r.Code == ReasonAssigned || r.Code == ReasonUnassigned {
		wordAssignment(lang, params)
	}
	return params
}

// lasting is a number of hours as people say it: in days from two days on. What the model file states is told in days only
// if that is exact; an age is rounded to a tenth of a day.
func lasting(lang, hours string, rounded bool) string {
	const day, twoDays = 24, 48
	n, err := strconv.ParseFloat(hours, 64)
	if err != nil || n < twoDays || !rounded && math.Mod(n, day) != 0 {
		return decimal(lang, hours) + " h"
	}
	days := strings.TrimSuffix(strconv.FormatFloat(n/day, 'f', 1, 64), ".0")
	return decimal(lang, days) + say(lang, " days", " Tage")
}

func isNumber(text string) bool {
	return !slices.ContainsFunc([]rune(text), func(r rune) bool { return r != '.' && r != '-' && (r < '0' || r > '9') })
}

// worded is "for each of the period", with a space in front; nothing if there is no period.
func (p period) worded(lang string) string {
	switch p {
	case perDay:
		return say(lang, " a day", " am Tag")
	case perWeek:
		return say(lang, " a week", " in der Woche")
	case perMonth:
		return say(lang, " a month", " im Monat")
	}
	return ""
}

// Name is the rule of a line with its group in front, or says whose limit it is, in English, or in German for "de".
func (l *Line) Name(lang string) string {
	switch {
	case l.Rule != "" && l.Group != "":
		return l.Group + ": " + l.Rule
	case l.Rule != "":
		return l.Rule
	case l.Group != "":
		return say(lang, "limit of the group", "Grenze der Gruppe")
	default:
		return say(lang, "limit of the score", "Grenze des Werts")
	}
}

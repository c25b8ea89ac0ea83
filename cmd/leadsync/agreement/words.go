package agreement

import (
	"encoding/json"
	"strings"
)

// units are what a span counts, one and several of it, in English and German.
var units = map[string][4]string{ //nolint:gochecknoglobals // a table
	"s": {"second", "seconds", "Sekunde", "Sekunden"}, "m": {"minute", "minutes", "Minute", "Minuten"}, "h": {"hour", "hours", "Stunde", "Stunden"},
	"d": {"day", "days", "Tag", "Tage"}, "w": {"week", "weeks", "Woche", "Wochen"},
	"wh": {"working hour", "working hours", "Arbeitsstunde", "Arbeitsstunden"}, "wd": {"working day", "working days", "Arbeitstag", "Arbeitstage"},
}

// span is a length of time in words: 2wd are 2 working days.
func (w *writer) span(text string) string {
	number := strings.TrimRight(text, "smhdw")
	names, ok := units[text[len(number):]]
	switch {
	case !ok:
		return text // 1h30m
	case number == "1":
		return "1 " + w.say(names[0], names[2])
	}
	return number + " " + w.say(names[1], names[3])
}

// within is a span after a preposition of German, which wants another case: nach 2 Tagen.
func (w *writer) within(text string) string {
	said := w.span(text)
	if w.lang == "de" && (strings.HasSuffix(said, "Tage") || strings.HasSuffix(said, "tage")) {
		said += "n"
	}
	if w.lang == "de" && (strings.HasSuffix(said, "1 Tag") || strings.HasSuffix(said, "1 Arbeitstag")) {
		said = strings.Replace(strings.Replace(said, "1 Arbeitstag", "einem Arbeitstag", 1), "1 Tag", "einem Tag", 1)
	}
	return said
}

// points is a number of points with its sign.
func points(n json.Number) string {
	if strings.HasPrefix(string(n), "-") {
		return "−" + string(n[1:])
	}
	return "+" + string(n)
}

// number is a number as it is read.
func number(n json.Number) string { return strings.Replace(string(n), "-", "−", 1) }

// side is who answers, in words.
func (w *writer) side(owner string) string {
	return map[string]string{"marketing": "Marketing", "sales": w.say("Sales", "Vertrieb")}[owner]
}

// whom is who gets work.
func (w *writer) whom(name string) string {
	switch name {
	case "", "owner":
		return w.say("owner of the contact", "wer für den Kontakt zuständig ist")
	case "deal_owner":
		return w.say("owner of the deal", "wer für den Deal zuständig ist")
	}
	return name
}

// priority is a priority in words.
func (w *writer) priority(name string) string {
	return map[string]string{
		"high": w.say("high", "hoch"), "low": w.say("low", "niedrig"), "medium": w.say("medium", "mittel"), "": w.say("medium", "mittel"),
	}[name]
}

// list is several names in a row.
func list(names []string) string { return strings.Join(names, ", ") }

// prefix puts words before a text, if there is one.
func prefix(words, text string) string {
	if text == "" {
		return ""
	}
	return words + text
}

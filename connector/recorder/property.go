package recorder

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// definition is what an account says about one property.
type definition struct {
	kind    string // HubSpot's type: string, number, bool, enumeration, date, datetime, phone_number, ...
	options map[string]bool
	own     bool // made by the account, not by HubSpot
}

// definitions are the account's properties by object type, as its answers told them.
type definitions map[string]map[string]definition

func (d definitions) of(typ, name string) definition { return d[typ][name] }

// learn takes the definitions out of an answer of the properties endpoint.
func (d definitions) learn(typ string, body any) {
	switch body := body.(type) {
	case []any:
		for _, item := range body {
			d.learn(typ, item)
		}
	case map[string]any:
		if results, ok := body["results"]; ok {
			d.learn(typ, results)
			return
		}
		name, _ := body["name"].(string)
		kind, _ := body["type"].(string)
		if name == "" || kind == "" {
			return
		}
		byHubSpot, _ := body["hubspotDefined"].(bool)
		def := definition{kind: kind, own: !byHubSpot, options: map[string]bool{}}
		options, _ := body["options"].([]any)
		for _, o := range options {
			if o, ok := o.(map[string]any); ok {
				value, _ := o["value"].(string)
				def.options[value] = true
			}
		}
		if d[typ] == nil {
			d[typ] = map[string]definition{}
		}
		d[typ][name] = def
	}
}

// objectType gives every spelling of an object type one name.
func objectType(segment string) string {
	names := map[string]string{
		"0-1": "contacts", "0-2": "companies", "0-3": "deals", "0-18": "communications", "0-27": "tasks", "0-46": "notes",
		"0-47": "meetings", "0-48": "calls", "0-49": "emails", "contact": "contacts", "company": "companies", "deal": "deals",
		"communication": "communications", "task": "tasks", "note": "notes", "meeting": "meetings", "call": "calls", "email": "emails",
	}
	if name, ok := names[segment]; ok {
		return name
	}
	return segment
}

var (
	idNamed    = regexp.MustCompile(`(?i)(^|_)(id|ids|vid|vids|owner|owners|guid)$|^associatedcompanyid$|_ids?_|_vids$|user_ids_of|Id$|Ids$`)
	phoneNamed = regexp.MustCompile(`(?i)phone|mobile|fax|whatsapp_number|calling`)
	birthNamed = regexp.MustCompile(`(?i)birth|dob$`)
	nameNamed  = regexp.MustCompile(`(?i)^(first|last|full|middle|maiden|nick)_?name$|full_name|^salutation$|^company$|^name$|^associatedcompanyname$`)
	timeNamed  = regexp.MustCompile(`(?i)(date|timestamp|_time)$`)
	isoTime    = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$`)
	number     = regexp.MustCompile(`^-?\d+(\.\d+)?([eE][+-]?\d+)?$`)
	milliEpoch = regexp.MustCompile(`^-?\d{12,14}$`)
)

// staged are the properties whose values are stages, pipelines and statuses: numeric ones are ids.
func staged(name string) bool {
	return slices.Contains([]string{
		"lifecyclestage", "hs_lead_status", "dealstage", "pipeline", "hs_pipeline", "hs_pipeline_stage",
	}, name)
}

// harmless are the string properties that tell nothing about a person: HubSpot's own constants, and the country.
// Everything else is free text.
func harmless(name string) bool {
	return staged(name) || slices.Contains([]string{
		"hs_call_direction", "hs_call_status", "hs_call_disposition", "hs_meeting_outcome", "hs_email_direction", "hs_email_status",
		"hs_task_status", "hs_task_type", "hs_task_priority", "hs_communication_channel_type", "hs_communication_logged_from",
		"hs_object_source", "hs_object_source_label", "hs_analytics_source", "hs_latest_source", "hs_marketable_status",
		"hs_is_closed", "hs_is_closed_won", "hs_is_closed_lost", "country", "hs_country_region_code", "hs_timezone", "hs_language",
		"hs_activity_type", "hs_engagement_source", "dealtype", "currency", "deal_currency_code",
	}, name)
}

// knownGUID are HubSpot's default call outcomes: the same in every account (hubspot-api 9.1).
func knownGUID(s string) bool {
	return slices.Contains([]string{
		"f240bbac-87c9-4f6e-bf70-924b57d47db7", "73a0d17f-1163-4015-bdd5-ec830791da20", "9d9162e7-6cf3-4944-bf63-4dff82258764",
		"b2cf5968-551e-4856-9783-52b3da59a7d0", "a4c4c377-d246-4b32-a13b-75a56a4cd0ff", "17b47fee-58de-441e-a44c-c6300d46f273",
	}, strings.ToLower(s))
}

// property replaces the value of one property. What is not known to be harmless is free text.
func (r *redactor) property(typ, name, value string) string {
	def := r.defs.of(typ, name)
	at := place{typ: typ, property: name}
	if value == "" {
		return ""
	}
	if r.keep[typ+"."+name] {
		return r.scrub(at, value)
	}
	if made, ok := r.byName(at, def, value); ok {
		return made
	}
	switch def.kind {
	case "bool":
		if value == "true" || value == "false" {
			return value
		}
	case "number":
		if number.MatchString(value) {
			return r.figure(at, value)
		}
	case "date", "datetime":
		if isTime(value, def) {
			return r.shifted(value)
		}
	case "enumeration":
		return r.choices(at, def, value)
	}
	return r.value(at, value)
}

// byName replaces what the name of the property alone gives away.
func (r *redactor) byName(at place, def definition, value string) (string, bool) {
	figure := def.kind == "number" || def.kind == "bool" || isTime(value, def)
	switch {
	case def.kind == "" && milliEpoch.MatchString(value) && timeNamed.MatchString(at.property):
		return r.shifted(value), true
	case birthNamed.MatchString(at.property):
		return r.noted(at, kindBirth, value, r.invent.birth(value)), true
	case phoneNamed.MatchString(at.property) && len(onlyDigits(value)) >= 5 && !figure:
		return r.noted(at, kindPhone, value, r.invent.phone(value)), true
	case idNamed.MatchString(at.property) && decimal(strings.NewReplacer(";", "", ":", "", " ", "").Replace(value)):
		return r.idList(at, value), true
	}
	return "", false
}

func isTime(value string, def definition) bool {
	return isoTime.MatchString(value) || milliEpoch.MatchString(value) && (def.kind == "datetime" || def.kind == "date")
}

// value replaces a string by what it looks like.
func (r *redactor) value(at place, value string) string {
	if plainWord(value) {
		return value
	}
	if made, ok := r.byLook(at, value); ok {
		return made
	}
	switch {
	case staged(at.property) && decimal(value) && len(value) >= 4:
		return r.id(at, value)
	case harmless(at.property):
		return r.scrub(at, value)
	case domainPattern.MatchString(value):
		return r.noted(at, kindDomain, value, r.invent.domain(value))
	case nameNamed.MatchString(at.property):
		return r.noted(at, kindName, value, r.invent.replaceMails(value, r.invent.name))
	case decimal(value) && r.isID(value):
		return r.id(at, value)
	}
	return r.noted(at, kindText, value, r.invent.text(value, r.known))
}

// plainWord reports whether a value says nothing by itself.
func plainWord(value string) bool { return value == "" || value == "true" || value == "false" }

// byLook replaces addresses of every kind, GUIDs and times.
func (r *redactor) byLook(at place, value string) (string, bool) {
	switch {
	case isoTime.MatchString(value):
		return r.shifted(value), true
	case mailPattern.FindString(value) == value:
		return r.noted(at, kindMail, value, r.invent.mail(value)), true
	case guidPattern.MatchString(value):
		return r.guid(at, value), true
	case strings.HasPrefix(value, "http://") || strings.HasPrefix(value, "https://"):
		return r.noted(at, kindURL, value, r.link(value)), true
	}
	ip, ok := address(value)
	if !ok {
		return "", false
	}
	return r.noted(at, kindIP, value, r.invent.ip(ip)), true
}

// choices replaces the values of an enumeration that are no option of it, and the ids among the options.
func (r *redactor) choices(at place, def definition, value string) string {
	parts := strings.Split(value, ";")
	for i, part := range parts {
		parts[i] = r.choice(at, def, part)
	}
	return strings.Join(parts, ";")
}

func (r *redactor) choice(at place, def definition, part string) string {
	identifying := staged(at.property) || idNamed.MatchString(at.property) || !def.options[part]
	switch {
	case part == "":
		return ""
	case decimal(part) && len(part) >= 4 && identifying:
		return r.id(at, part)
	case guidPattern.MatchString(part):
		return r.guid(at, part)
	case def.options[part], harmless(at.property):
		return r.scrub(at, part)
	}
	return r.value(at, part)
}

// idList replaces the ids in "101;102" and in "101:1700000000000;102:1700000000000", where the second of each
// pair is a time.
func (r *redactor) idList(at place, value string) string {
	parts := strings.Split(value, ";")
	for i, part := range parts {
		id, when, pair := strings.Cut(strings.TrimSpace(part), ":")
		if id != "" {
			id = r.id(at, id)
		}
		if pair {
			id += ":" + r.shifted(when)
		}
		parts[i] = id
	}
	return strings.Join(parts, ";")
}

// shifted moves a time by the recording's constant; all of them, so that distances stay.
func (r *redactor) shifted(value string) string {
	if r.shift == 0 {
		return value
	}
	if milliEpoch.MatchString(value) {
		ms, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return value
		}
		return strconv.FormatInt(ms+r.shift.Milliseconds(), 10)
	}
	for _, layout := range []string{"2006-01-02T15:04:05.000Z07:00", time.RFC3339Nano, time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, value); err == nil {
			return t.Add(r.shift).Format(layout)
		}
	}
	return value
}

package simulator

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// problem is one refused value, as HubSpot puts it into the message (hubspot-api 11.1).
type problem struct {
	IsValid   bool   `json:"isValid"`
	Message   string `json:"message"`
	Error     string `json:"error"`
	Name      string `json:"name"`
	Localized string `json:"localizedErrorMessage"`
	PortalID  int64  `json:"portalId"`
}

// normalised is a date that was stored in another form than it was sent (hubspot-api 1.2).
type normalised struct{ name, raw, value string }

// check turns values into changes in property order; the world may write
// read-only properties, the API may not.
func (a *Account) check(t *table, props map[string]string, world bool) ([]change, []problem, []normalised) {
	var changes []change
	var problems []problem
	var dates []normalised
	for _, name := range sortedKeys(props) {
		raw := props[name]
		refuse := func(code, message string) {
			problems = append(problems, problem{Message: message, Error: code, Name: name, Localized: message, PortalID: a.opts.PortalID})
		}
		p := t.props[name]
		switch {
		case p == nil || p.Archived:
			refuse("PROPERTY_DOESNT_EXIST", "Property \""+name+"\" does not exist")
			continue
		case !world && p.ReadOnly, p.key == t.keyID, p.key == t.keyModified, p.key == t.keyCreated:
			refuse("READ_ONLY_VALUE", "\""+name+"\" is a read only property; its value cannot be set.")
			continue
		}
		value, code := a.normalise(t, p, raw)
		if code != "" {
			refuse(code, raw+" was not a valid value for \""+name+"\" of type "+p.Type+".")
			continue
		}
		if value != raw && p.Type == "date" {
			dates = append(dates, normalised{name: name, raw: raw, value: value})
		}
		changes = append(changes, change{key: p.key, val: value})
	}
	return changes, problems, dates
}

// normalise returns the stored form of a value, or an error code.
func (a *Account) normalise(t *table, p *Property, raw string) (value, code string) {
	if raw == "" {
		return "", ""
	}
	switch p.Type {
	case "number":
		f, err := strconv.ParseFloat(raw, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return "", "INVALID_LONG"
		}
	case "bool":
		if raw != "true" && raw != "false" {
			return "", "INVALID_OPTION"
		}
	case "date", "datetime":
		return normaliseTime(p, raw)
	case "enumeration":
		return raw, a.checkOption(p, raw)
	default:
		return checkText(t, p, raw)
	}
	return raw, ""
}

func normaliseTime(p *Property, raw string) (value, code string) {
	at, ok := parseTime(raw)
	switch {
	case !ok:
		return "", "INVALID_DATE"
	case p.Type == "date":
		return at.Format(time.DateOnly), ""
	}
	return isoMillis(at.UnixMilli()), ""
}

func (a *Account) checkOption(p *Property, raw string) string {
	switch {
	case p.ReferencedObjectType == "OWNER":
		if !slices.ContainsFunc(a.owners, func(o Owner) bool { return o.ID == raw }) {
			return "INVALID_OPTION"
		}
		return ""
	case len(p.Options) == 0 && p.ExternalOptions:
		return ""
	}
	values := []string{raw}
	if p.FieldType == "checkbox" {
		values = strings.Split(raw, ";")
	}
	for _, v := range values {
		if v != "" && !p.option(v) {
			return "INVALID_OPTION"
		}
	}
	return ""
}

func checkText(t *table, p *Property, raw string) (value, code string) {
	switch {
	case t.name == Contacts && p.Name == "email":
		user, domain, ok := strings.Cut(raw, "@")
		if !ok || user == "" || !strings.Contains(domain, ".") || strings.ContainsAny(raw, " ,;") {
			return "", "INVALID_EMAIL"
		}
		return strings.ToLower(raw), ""
	case p.Name == "hs_task_reminders": // ms since the epoch, not ISO (hubspot-api 7.1)
		for part := range strings.SplitSeq(raw, ";") {
			if _, err := strconv.ParseInt(part, 10, 64); err != nil {
				return "", "INVALID_LONG"
			}
		}
	case utf8.RuneCountInString(raw) > 65_536:
		return "", "INVALID_LENGTH"
	}
	return raw, ""
}

// parseTime reads ISO 8601 or ms since the epoch.
func parseTime(s string) (time.Time, bool) {
	if ms, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.UnixMilli(ms).UTC(), true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func parseID(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// clash is a unique value that another record holds.
type clash struct {
	property *Property
	value    string
	holder   *record
}

// conflict finds the first unique value among the changes that is taken.
func (a *Account) conflict(t *table, r *record, changes []change) *clash {
	for _, c := range changes {
		if c.key == noKey || c.val == "" {
			continue
		}
		p := t.byKey[c.key]
		if !t.uniqueKey(p) {
			continue
		}
		if h := t.holder(p, c.val, a.opts.ArchivedKeepUnique); h != nil && h != r {
			return &clash{property: p, value: c.val, holder: h}
		}
	}
	return nil
}

package recorder

import (
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// The canonical root: a cassette does not say from where it was recorded.
const (
	canonicalHost = "api.hubapi.com"
	canonicalBase = "https://" + canonicalHost
)

// Families of addresses whose bodies have rules of their own.
const (
	familyObjects    = "objects"
	familyProperties = "properties"
	familyPipelines  = "pipelines"
)

var (
	anyGUID  = regexp.MustCompile(`[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`)
	quoted   = regexp.MustCompile(`"[^"]*"|'[^']*'|value=[^,}]*`)
	secretly = regexp.MustCompile(`(?i)token|secret|password|authorization|api_?key|^code$`)
	released = regexp.MustCompile(`^(v\d|\d{4}-\d{2}(-beta)?)$`)
	version  = regexp.MustCompile(`^(v\d|\d{4}-\d{2}(-beta)?|0-\d+)$`) // or the number of an object type
)

// placeOf says what an address is about, wherever its version stands (hubspot-api 1.1).
func (r *redactor) placeOf(raw string) place {
	u, err := url.Parse(raw)
	if err != nil {
		return place{}
	}
	segments := slices.DeleteFunc(strings.Split(strings.Trim(strings.TrimPrefix(u.Path, r.base.Path), "/"), "/"), func(s string) bool {
		return s == "crm" || released.MatchString(s)
	})
	if len(segments) == 0 {
		return place{}
	}
	at := place{family: segments[0], typ: segments[0]}
	if len(segments) > 1 && slices.Contains([]string{familyObjects, familyProperties, "associations", familyPipelines}, at.family) {
		at.typ = objectType(segments[1])
	}
	return at
}

// walk replaces in a decoded JSON value. key is the name under which it stands.
func (r *redactor) walk(at place, key string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		return r.object(at, key, v)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = r.walk(at, key, item)
		}
		return out
	case string:
		return r.word(at, key, v)
	case json.Number:
		return r.numeral(at, key, v)
	}
	return v
}

func (r *redactor) numeral(at place, key string, n json.Number) json.Number {
	s := n.String()
	at.property = key
	switch {
	case decimal(s) && (idKey(key) || key == "id"):
		return json.Number(r.id(at, s))
	case milliEpoch.MatchString(s):
		return json.Number(r.shifted(s))
	}
	return json.Number(r.figure(at, s))
}

// idKey reports whether a key's value is an id.
func idKey(key string) bool {
	if strings.HasSuffix(strings.ToLower(key), "typeid") {
		return false // kinds of records and associations; HubSpot's are the same everywhere
	}
	return strings.HasSuffix(key, "Id") || strings.HasSuffix(key, "Ids") || idNamed.MatchString(key) ||
		slices.Contains([]string{"recordsIdsAdded", "recordIdsRemoved", "recordIdsMissing", "recordIdsToAdd", "recordIdsToRemove", "userIdIncludingInactive"}, key)
}

func (r *redactor) object(at place, key string, o map[string]any) any {
	out := make(map[string]any, len(o))
	switch key {
	case "properties":
		return r.properties(at, o)
	case "propertiesWithHistory":
		for name, versions := range o {
			out[r.scrubKey(at, name)] = r.walk(place{typ: at.typ, family: "history", property: name}, "versions", versions)
		}
		return out
	}
	at = r.inner(at, o)
	for _, name := range slices.Sorted(maps.Keys(o)) {
		out[r.scrubKey(at, name)] = r.walk(at, name, o[name])
	}
	return out
}

// inner is the place of an object's members, from what the object says about itself.
func (r *redactor) inner(at place, o map[string]any) place {
	if name, ok := o["propertyName"].(string); ok && at.family == familyObjects {
		return place{typ: at.typ, family: "filter", property: name}
	}
	if at.family == familyProperties {
		if name, ok := o["name"].(string); ok {
			byHubSpot, _ := o["hubspotDefined"].(bool)
			return place{typ: at.typ, family: familyProperties, property: name, own: !byHubSpot}
		}
		if value, ok := o["value"].(string); ok {
			at.option = value
		}
	}
	return at
}

func (r *redactor) properties(at place, o map[string]any) any {
	out := make(map[string]any, len(o))
	for _, name := range slices.Sorted(maps.Keys(o)) {
		switch v := o[name].(type) {
		case string:
			out[r.scrubKey(at, name)] = r.property(at.typ, name, v)
		case json.Number:
			out[r.scrubKey(at, name)] = json.Number(r.property(at.typ, name, v.String()))
		default:
			out[r.scrubKey(at, name)] = r.walk(place{typ: at.typ, property: name, family: "record"}, name, v)
		}
	}
	return out
}

// scrubKey replaces ids and addresses in the name of a member: some answers are keyed by id.
func (r *redactor) scrubKey(at place, name string) string {
	if decimal(name) {
		return r.id(at, name)
	}
	return r.scrub(place{typ: at.typ, property: "key"}, name)
}

// word replaces a string by the rule of its key. A key that no rule knows holds free text.
func (r *redactor) word(at place, key, s string) string {
	where := at
	where.property = orWord(key, at.property)
	if s == "" {
		return ""
	}
	if made, ok := r.inFamily(at, key, s); ok {
		return made
	}
	switch {
	case secretly.MatchString(key) && key != "tokenType":
		return r.noted(where, kindSecret, s, "redacted")
	case key == "message" || key == "localizedErrorMessage":
		return r.message(where, s)
	case key == "after":
		return r.cursor(where, s)
	case constant(at, key):
		return r.scrub(where, s)
	case key == "id", idKey(key):
		return r.identifier(where, s)
	}
	where.property = namedKey(key)
	return r.value(where, s)
}

// inFamily replaces what means something else in some bodies: values in histories and filters belong to their
// property, words of definitions to the account or to HubSpot.
func (r *redactor) inFamily(at place, key, s string) (string, bool) {
	switch at.family {
	case "history":
		if key == "value" {
			return r.property(at.typ, at.property, s), true
		}
	case "filter":
		if key == "value" || key == "values" || key == "highValue" {
			return r.property(at.typ, at.property, s), true
		}
	case familyProperties:
		if key == "label" || key == "description" || key == "value" {
			return r.defined(at, key, s), true
		}
	}
	return "", false
}

// namedKey gives the keys of owners and users the names that the rules for properties know.
func namedKey(key string) string {
	switch key {
	case "firstName":
		return "firstname"
	case "lastName":
		return "lastname"
	}
	return key
}

// constant reports whether the value of a key is HubSpot's own word: enumerations, internal names, formats.
func constant(at place, key string) bool {
	if key == "name" {
		return at.family == familyProperties
	}
	return slices.Contains([]string{
		"status", "category", "subCategory", "code", "errorType", "policyName", "groupName", "type", "fieldType", "in", "error",
		"dataSensitivity", "accountType", "timeZone", "companyCurrency", "additionalCurrencies", "dataHostingLocation", "uiDomain",
		"utcOffset", "operator", "propertyName", "propertyNames", "properties", "propertiesWithHistory", "idProperty", "direction",
		"sorts", "objectType", "objectTypeId", "fromObjectTypeId", "toObjectTypeId", "referencedObjectType", "currencyPropertyName",
		"textDisplayHint", "numberDisplayHint", "displayMode", "formFieldType", "fetchStatus", "processingStatus", "processingType",
		"requiredGranularScopes", "requiredScopes", "scopes", "scope", "sourceType", "writePermissions", "isClosed", "probability",
		"leadStatus", "ticketState", "tokenType", "calculationFormula", "subcategory", "ownerType", "name_property", "sensitiveDataCategories",
		"dateDisplayHint", "showCurrencySymbol", "hubspotDefined", "optionSortStrategy", "searchableInGlobalSearch",
	}, key)
}

// identifier replaces an id of whatever form. Words that name a pipeline or a stage of HubSpot's stay.
func (r *redactor) identifier(at place, s string) string {
	switch {
	case decimal(s):
		return r.id(at, s)
	case strings.ContainsAny(s, ";,") && decimal(strings.NewReplacer(";", "", ",", "").Replace(s)):
		return mapWords(s, func(w string) string { return r.id(at, w) })
	case guidPattern.MatchString(s):
		return r.guid(at, s)
	case mailPattern.FindString(s) == s:
		return r.noted(at, kindMail, s, r.invent.mail(s))
	case at.family == familyPipelines:
		return r.scrub(at, s)
	}
	return r.noted(at, kindCursor, s, r.invent.opaque(s))
}

// cursor replaces the position of a listing; a search counts, so its position is no id.
func (r *redactor) cursor(at place, s string) string {
	switch {
	case decimal(s) && len(s) < 5 && at.family == familyObjects:
		if r.learning || !r.ids[s] {
			return s
		}
		return r.id(at, s)
	case decimal(s):
		return r.id(at, s)
	}
	return r.noted(at, kindCursor, s, r.invent.opaque(s))
}

// defined replaces in the definition of a property. HubSpot's own words stay; those of the account become
// invented ones, except option values, which are internal names that the model's mapping speaks of.
func (r *redactor) defined(at place, key, s string) string {
	where := place{typ: at.typ, property: at.property}
	if key == "value" {
		return r.choice(where, r.defs.of(at.typ, at.property), s)
	}
	// Labels of options are the account's words even where the property is HubSpot's, unless they only repeat the value.
	if at.option == "" && !at.own || at.option != "" && strings.Join(words(s), "") == strings.Join(words(at.option), "") {
		return r.scrub(where, s)
	}
	return r.noted(place{typ: at.typ, property: "(" + key + " of a definition)"}, kindText, s, r.invent.text(s, r.known))
}

// message keeps HubSpot's own words, which the client decides by, and replaces what they quote.
func (r *redactor) message(at place, s string) string {
	head, inner, found := strings.Cut(s, "[{")
	if found {
		if v, err := value([]byte("[{" + inner)); err == nil {
			b, err := json.Marshal(r.walk(at, "", v))
			if err == nil {
				return r.message(at, head) + string(b)
			}
		}
	}
	out := quoted.ReplaceAllStringFunc(s, func(q string) string {
		if value, ok := strings.CutPrefix(q, "value="); ok {
			return "value=" + r.value(place{typ: at.typ, property: "message"}, value)
		}
		words := q[1 : len(q)-1]
		if r.internal(words) {
			return q
		}
		return q[:1] + r.value(place{typ: at.typ, property: "message"}, words) + q[:1]
	})
	return r.scrub(at, mapWords(out, func(word string) string {
		if decimal(word) && len(word) > 3 {
			return r.id(at, word)
		}
		return word
	}))
}

// internal reports whether a word is the name of a property of the account, or one of HubSpot's permissions.
func (r *redactor) internal(s string) bool {
	for _, byName := range r.defs {
		if _, ok := byName[s]; ok {
			return true
		}
	}
	return strings.HasPrefix(s, "Edit ") || strings.HasPrefix(s, "crm.")
}

// address replaces the ids in a path and the values of a query, and puts the canonical root in front.
func (r *redactor) address(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return canonicalBase
	}
	at := r.placeOf(raw)
	at.property = "address"
	segments := strings.Split(strings.TrimPrefix(u.Path, r.base.Path), "/")
	for i, s := range segments {
		switch {
		case s == "" || version.MatchString(s):
		case decimal(s):
			segments[i] = r.id(at, s)
		default:
			segments[i] = r.scrub(at, s)
		}
	}
	query := u.Query()
	for name, values := range query {
		for i, v := range values {
			values[i] = r.parameter(at, name, v)
		}
	}
	out := url.URL{Scheme: "https", Host: canonicalHost, Path: strings.Join(segments, "/"), RawQuery: query.Encode()}
	return out.String()
}

func (r *redactor) parameter(at place, name, v string) string {
	switch {
	case slices.Contains([]string{"limit", "archived", "properties", "propertiesWithHistory", "associations", "idProperty", "objectType", "eventType", "dataSensitivity", "includeFls", "includeObjectDefinition"}, name):
		return r.scrub(place{typ: at.typ, property: name}, v)
	case name == "after", name == "offset", name == "vidOffset":
		return r.cursor(place{typ: at.typ, family: at.family, property: name}, v)
	case decimal(v) && idKey(name):
		return r.id(at, v)
	case secretly.MatchString(name):
		return r.noted(place{typ: at.typ, property: name}, kindSecret, v, "redacted")
	}
	return r.value(place{typ: at.typ, property: name}, v)
}

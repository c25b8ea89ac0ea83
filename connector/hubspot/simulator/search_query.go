package simulator

import "strings"

// searchable are the properties that query looks into, by type.
func searchable(typ string) []string {
	switch typ {
	case Contacts:
		return []string{"firstname", "lastname", "email", "phone", "company", "hs_object_id"}
	case Companies:
		return []string{"name", "domain", "website", "phone", "hs_object_id"}
	case Deals:
		return []string{"dealname", "description", "dealstage", "pipeline", "hs_object_id"}
	case Calls:
		return []string{"hs_call_title"}
	case Meetings:
		return []string{"hs_meeting_title"}
	case Tasks:
		return []string{"hs_task_subject", "hs_task_body"}
	case Emails:
		return []string{"hs_email_subject"}
	case Notes:
		return []string{"hs_note_body"}
	case Communications:
		return []string{"hs_communication_body"}
	}
	return nil
}

// compileQuery finds records with every word of a query at the beginning of a
// word of some searchable property, whatever the case. No query finds all.
func (c *call) compileQuery(query string) func(*record) bool {
	words := strings.Fields(strings.ToLower(query))
	var keys []uint16
	for _, name := range searchable(c.t.name) {
		if k := c.t.key(name); k != noKey {
			keys = append(keys, k)
		}
	}
	return func(r *record) bool {
		for _, w := range words {
			if !r.mentions(keys, w) {
				return false
			}
		}
		return true
	}
}

func (r *record) mentions(keys []uint16, word string) bool {
	for _, k := range keys {
		if v, ok := r.value(r.indexed, k); ok && containsToken(v, word+"*") {
			return true
		}
	}
	return false
}

package recorder

import "strings"

// The tests break one rule at a time: what it then leaves must be found.

// BreakNames keeps first and last names.
func BreakNames(r *Recorder, _ ...string) {
	r.red.keep["contacts.firstname"], r.red.keep["contacts.lastname"] = true, true
}

// BreakIDs maps every id to itself.
func BreakIDs(r *Recorder, _ ...string) {
	r.red.mapIDs = func(_ *inventor, ids map[string]bool) *idMap {
		m := &idMap{made: map[string]string{}}
		for id := range ids {
			m.made[id] = id
		}
		return m
	}
}

// BreakMail maps the addresses to themselves.
func BreakMail(r *Recorder, addresses ...string) {
	for _, address := range addresses {
		local, domain, _ := strings.Cut(address, "@")
		r.red.invent.preset(kindMail, address, local)
		r.red.invent.preset(kindDomain, domain, domain)
	}
}

// BreakPhones keeps phones.
func BreakPhones(r *Recorder, _ ...string) { r.red.keep["contacts.phone"] = true }

// BreakHeaders keeps credentials.
func BreakHeaders(r *Recorder, _ ...string) {
	r.red.headersKept = append(r.red.headersKept, "authorization", "set-cookie")
}

func (v *inventor) preset(k kind, original, made string) {
	if v.made[k] == nil {
		v.made[k], v.taken[k] = map[string]string{}, map[string]bool{}
	}
	v.made[k][original] = made
}

package simulator

import (
	"net/http"
	"slices"
	"strings"
)

// spelling is where an API family was before its version became a date.
type spelling struct{ dated, old string }

// spellings are the older paths of the families (hubspot-api 1.3): what the
// official clients call. The versions v3 and v4 have the same handlers; the
// admins' rules of 2026-09 do not hold there (hubspot-api 1.2). More special
// prefixes come first.
func spellings() []spelling {
	return []spelling{
		{"/crm/objects/{v}/{type}/{id}/associations", "/crm/v4/objects/{type}/{id}/associations"},
		{"/crm/objects/{v}", "/crm/v3/objects"},
		{"/crm/associations/{v}", "/crm/v4/associations"},
		{"/crm/properties/{v}", "/crm/v3/properties"},
		{"/crm/pipelines/{v}", "/crm/v3/pipelines"},
		{"/crm/owners/{v}", "/crm/v3/owners"},
		{"/crm/lists/{v}", "/crm/v3/lists"},
		{"/crm/limits/{v}", "/crm/v3/limits"},
		{"/events/event-occurrences/{v}", "/events/v3/events"},
		{"/account-info/{v}", "/account-info/v3"},
		{"/appinstalls/{v}", "/appinstalls/v3"},
	}
}

// older gives every dated route its path of before; the roots of a family also
// with the slash at the end that some clients send.
func older(dated []route) []route {
	var out []route
	for _, rt := range dated {
		for _, s := range spellings() {
			rest, ok := strings.CutPrefix(rt.pattern, s.dated)
			if !ok {
				continue
			}
			old := rt
			old.pattern = s.old + rest
			out = append(out, old)
			if rest == "" {
				old.pattern += "/{$}"
				out = append(out, old)
			}
			break
		}
	}
	return out
}

// methods are the routes of one path.
type methods []route

func byPattern(all []route) map[string]methods {
	out := map[string]methods{}
	for _, rt := range all {
		out[rt.pattern] = append(out[rt.pattern], rt)
	}
	return out
}

// choose finds the route of a method; without one the answer is 405 and names those that there are.
func (ms methods) choose(method string) route {
	var names []string
	for _, rt := range ms {
		if rt.method == method {
			return rt
		}
		names = append(names, rt.method)
	}
	slices.Sort(names)
	allow := strings.Join(names, ", ")
	return route{method: method, pattern: ms[0].pattern, bucket: bucketGeneral, do: func(*call) answer {
		return answer{
			status: http.StatusMethodNotAllowed, html: true, allow: allow,
			body: page("405 Method Not Allowed", "405", "Method Not Allowed"),
		}
	}}
}

package simulator

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// projection is which properties an answer shows, in the order of their names.
type projection struct {
	names []string
	keys  []uint16
}

// project resolves names once per answer. Unknown names are left out, as
// HubSpot does; unset ones become null.
func (t *table) project(names []string) projection {
	if len(names) == 0 {
		names = t.defaults
	} else {
		names = append(slices.Clone(names), t.createdName, t.modName, "hs_object_id")
	}
	names = slices.Clone(names)
	slices.Sort(names)
	names = slices.Compact(names)
	p := projection{}
	for _, n := range names {
		if def := t.props[n]; def != nil && !def.Archived {
			p.names = append(p.names, n)
			p.keys = append(p.keys, def.key)
		}
	}
	return p
}

// projectAll shows everything that the record has: the answer to a create. The
// figures of the stages are calculated a moment later, so it does not have them
// yet (as recorded).
func (r *record) projectAll() projection {
	names := []string{r.t.createdName, r.t.modName, "hs_object_id"}
	for _, k := range r.cur.keys {
		if name := r.t.byKey[k].Name; !strings.HasPrefix(name, "hs_v2_") && !strings.HasPrefix(name, "hs_date_") {
			names = append(names, name)
		}
	}
	return r.t.project(names)
}

// projectChange shows what an update touched and what HubSpot always adds.
func (r *record) projectChange(changes []change) projection {
	names := []string{"hs_object_source", "hs_object_source_id", "hs_object_source_label"}
	if r.t.name == Contacts {
		names = append(names, "hs_is_contact", "hs_is_unworked", "hs_pipeline", "lifecyclestage")
	}
	kept := names[:0]
	for _, n := range names {
		if r.text(n) != "" {
			kept = append(kept, n)
		}
	}
	for _, c := range changes {
		kept = append(kept, r.t.byKey[c.key].Name)
	}
	return r.t.project(kept)
}

// appendRecord writes one record of an answer in the state v.
func appendRecord(b []byte, r *record, v *version, p projection, extra ...func([]byte) []byte) []byte {
	b = append(b, `{"id":"`...)
	b = strconv.AppendInt(b, r.id, 10)
	b = append(b, `","properties":{`...)
	for i, name := range p.names {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, name)
		b = append(b, ':')
		if s, ok := r.value(v, p.keys[i]); ok {
			b = appendString(b, s)
		} else {
			b = append(b, "null"...)
		}
	}
	b = append(b, `},"createdAt":"`...)
	b = append(b, isoMillis(r.created)...)
	b = append(b, `","updatedAt":"`...)
	b = append(b, isoMillis(v.modified)...)
	b = append(b, `","archived":`...)
	b = strconv.AppendBool(b, v.archived != 0)
	if v.archived != 0 {
		b = append(b, `,"archivedAt":"`...)
		b = append(b, isoMillis(v.archived)...)
		b = append(b, '"')
	}
	if r.t.pages != "" {
		b = append(b, `,"url":"`...)
		b = append(b, r.t.pages...)
		b = strconv.AppendInt(b, r.id, 10)
		b = append(b, '"')
	}
	for _, add := range extra {
		b = add(b)
	}
	return append(b, '}')
}

func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return appendEscaped(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendEscaped(b []byte, s string) []byte {
	var w bytes.Buffer
	enc := json.NewEncoder(&w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return append(b, `""`...)
	}
	return append(b, bytes.TrimSuffix(w.Bytes(), []byte("\n"))...)
}

// withRaw adds a member whose value is ready JSON.
func withRaw(name string, raw []byte) func([]byte) []byte {
	return func(b []byte) []byte {
		b = append(b, `,"`...)
		b = append(b, name...)
		b = append(b, `":`...)
		return append(b, raw...)
	}
}

// withTrace echoes the caller's trace id.
func withTrace(id string) func([]byte) []byte {
	if id == "" {
		return func(b []byte) []byte { return b }
	}
	return withRaw("objectWriteTraceId", appendString(nil, id))
}

// withLinks adds the associations of one record, as list and read show them.
func (c *call) withLinks(r *record, types []string) func([]byte) []byte {
	type one struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	}
	out := map[string]map[string][]one{}
	for _, name := range types {
		to := canonicalType(name)
		for _, l := range r.links {
			if l.to.t.name != to || !l.to.live() {
				continue
			}
			if out[to] == nil {
				out[to] = map[string][]one{"results": {}}
			}
			label := r.t.singular + "_to_" + l.to.t.singular
			if c.a.kinds.of[l.kind].label == "" && c.a.kinds.of[l.kind].id >= 279 {
				label += "_unlabeled"
			}
			out[to]["results"] = append(out[to]["results"], one{l.to.idString(), label})
		}
	}
	if len(out) == 0 {
		return func(b []byte) []byte { return b }
	}
	return withRaw("associations", c.json(0, out).body)
}

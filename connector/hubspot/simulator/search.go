package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	searchPage    = 200
	searchReach   = 10_000
	searchBody    = 3_000
	searchGroups  = 5
	searchFilters = 6
	searchAll     = 18
)

type searchIn struct {
	FilterGroups []struct {
		Filters []filter `json:"filters"`
	} `json:"filterGroups"`
	Sorts      []sortBy `json:"sorts"`
	Properties []string `json:"properties"`
	Limit      int      `json:"limit"`
	After      text     `json:"after"`
	Query      string   `json:"query"`
}

type filter struct {
	Property  string   `json:"propertyName"`
	Operator  string   `json:"operator"`
	Value     text     `json:"value"`
	HighValue text     `json:"highValue"`
	Values    []string `json:"values"`
}

// sortBy is an object in the docs and a string in the spec; both are taken.
type sortBy struct {
	Property   string `json:"propertyName"`
	Descending bool   `json:"-"`
}

// UnmarshalJSON takes {"propertyName","direction"} or "name" or "-name".
func (s *sortBy) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		var name string
		if err := json.Unmarshal(b, &name); err != nil {
			return fmt.Errorf("read sort: %w", err)
		}
		s.Property, s.Descending = strings.TrimPrefix(name, "-"), strings.HasPrefix(name, "-")
		return nil
	}
	var o struct {
		Property  string `json:"propertyName"`
		Direction string `json:"direction"`
	}
	if err := json.Unmarshal(b, &o); err != nil {
		return fmt.Errorf("read sort: %w", err)
	}
	switch o.Direction {
	case "", "ASCENDING", "DESCENDING":
	default:
		return fmt.Errorf("read sort: direction %q: %w", o.Direction, ErrInvalid)
	}
	s.Property, s.Descending = o.Property, o.Direction == "DESCENDING"
	return nil
}

// search finds records in the state that the index knows (hubspot-api 5.4).
func (c *call) search() answer {
	c.a.catchUp(c.m.wall)
	in := searchIn{Limit: 10}
	if len([]rune(string(c.body))) > searchBody {
		return c.invalid(fmt.Sprintf("The request body is longer than %d characters.", searchBody))
	}
	if ans, ok := c.decode(&in); !ok {
		return ans
	}
	after, why := in.bounds()
	if why != "" {
		return c.invalid(why)
	}
	match, why := c.compile(in)
	if why != "" {
		return c.invalid(why)
	}
	total, hits := c.collect(in, match, after)
	p := c.t.project(in.Properties)
	b := []byte(`{"total":` + strconv.Itoa(total) + `,"results":[`)
	for i, r := range hits {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendRecord(b, r, r.indexed, p)
	}
	b = append(b, ']')
	if next := after + len(hits); next < total {
		b = append(b, `,"paging":{"next":{"after":"`+strconv.Itoa(next)+`"}}`...)
	}
	return answer{status: http.StatusOK, body: append(b, '}')}
}

// bounds checks the limits of a search; why names the one that is broken.
func (in searchIn) bounds() (after int, why string) {
	if in.After != "" {
		n, err := strconv.Atoi(string(in.After))
		if err != nil || n < 0 {
			return 0, "after must be an integer as a string, not " + string(in.After) + "."
		}
		after = n
	}
	if in.Limit < 0 || in.Limit > searchPage {
		return 0, fmt.Sprintf("limit must be at most %d.", searchPage)
	}
	if after+in.Limit > searchReach {
		return 0, fmt.Sprintf("Paging through search results stops at %d.", searchReach)
	}
	if len(in.Sorts) > 1 {
		return 0, "Only one sort is possible."
	}
	if len(in.FilterGroups) > searchGroups {
		return 0, fmt.Sprintf("At most %d filter groups are possible.", searchGroups)
	}
	all := 0
	for _, g := range in.FilterGroups {
		if len(g.Filters) > searchFilters {
			return 0, fmt.Sprintf("At most %d filters are possible in a group.", searchFilters)
		}
		all += len(g.Filters)
	}
	if all > searchAll {
		return 0, fmt.Sprintf("At most %d filters are possible in all.", searchAll)
	}
	return after, ""
}

// walk is how a search goes through the records.
type walk struct {
	lo, hi  int64
	byTime  bool // through the modified index, else by id
	down    bool
	ordered bool // the walk is in the asked order already
}

// route picks the cheapest list that has all hits: a stretch of the modified
// index when the search is by modified time, else the records by id.
func (c *call) route(in searchIn) walk {
	by, down := "hs_object_id", false
	if len(in.Sorts) == 1 {
		by, down = in.Sorts[0].Property, in.Sorts[0].Descending
	}
	w := walk{down: down}
	w.lo, w.hi = c.stretch(in)
	ranged := w.lo != math.MinInt64 || w.hi != math.MaxInt64
	w.byTime = ranged || by == c.t.modName
	w.ordered = by == c.t.modName || (by == "hs_object_id" && !ranged)
	w.down = down && w.ordered
	return w
}

// collect counts all hits and keeps the asked page. Where the walk is in the
// asked order nothing else is kept and nothing is sorted.
func (c *call) collect(in searchIn, match func(*record) bool, after int) (total int, page []*record) {
	w := c.route(in)
	if at, id, ok := c.tie(in); ok {
		return c.collectTied(at, id, after, in.Limit)
	}
	if sure, ok := c.certain(in); ok && w.byTime && w.ordered {
		return c.collectOrdered(in, w, sure, match, after)
	}
	var all []*record
	keep := func(r *record) {
		if !match(r) {
			return
		}
		if !w.ordered || (total >= after && total < after+in.Limit) {
			all = append(all, r)
		}
		total++
	}
	if w.byTime {
		c.walkIndex(w.lo, w.hi, w.down, keep)
	} else {
		c.walkIDs(in, w.down, keep)
	}
	if w.ordered {
		return total, all
	}
	c.sortHits(in, all)
	from := min(after, len(all))
	return total, all[from:min(from+in.Limit, len(all))]
}

// tie is a search for what was modified at one instant, from an id on and in the order of ids, which is the index's.
func (c *call) tie(in searchIn) (at, id int64, ok bool) {
	if in.Query != "" || len(in.FilterGroups) != 1 || len(in.Sorts) != 1 || in.Sorts[0] != (sortBy{Property: "hs_object_id"}) {
		return 0, 0, false
	}
	f := in.FilterGroups[0].Filters
	if len(f) != 2 || f[0].Property != c.t.modName || f[0].Operator != "EQ" || f[1].Property != "hs_object_id" || f[1].Operator != "GT" {
		return 0, 0, false
	}
	id, err := strconv.ParseInt(string(f[1].Value), 10, 64)
	at, _ = c.groupStretch(f)
	return at, id, err == nil
}

func (c *call) collectTied(at, id int64, after, limit int) (total int, page []*record) {
	c.t.index.sort()
	list := tiedAfter(c.t.index.list, at, id)
	total = len(list) - len(tiedAfter(c.t.index.stale, at, id))
	met := 0
	for _, e := range list {
		if len(page) == limit {
			break
		}
		if e.live() {
			if met++; met > after {
				page = append(page, e.r)
			}
		}
	}
	return total, page
}

// certain is a stretch of modified times of which every record is a hit: that of a group that asks for nothing else.
func (c *call) certain(in searchIn) (w walk, ok bool) {
	if in.Query != "" {
		return w, false
	}
	for _, g := range in.FilterGroups {
		other := slices.ContainsFunc(g.Filters, func(f filter) bool {
			return f.Property != c.t.modName || !slices.Contains([]string{"EQ", "GTE", "GT", "LTE", "LT", "BETWEEN"}, f.Operator)
		})
		if !other && len(g.Filters) > 0 {
			w.lo, w.hi = c.groupStretch(g.Filters)
			return w, w.lo <= w.hi
		}
	}
	return w, false
}

// collectOrdered is collect where the walk is in the asked order and most of it is sure to be found: it looks at what
// may not be, and at what the page shows.
func (c *call) collectOrdered(in searchIn, w, sure walk, match func(*record) bool, after int) (total int, page []*record) {
	total = c.t.index.count(sure.lo, sure.hi)
	count := func(r *record) {
		if match(r) {
			total++
		}
	}
	if w.lo < sure.lo {
		c.walkIndex(w.lo, sure.lo-1, false, count)
	}
	if w.hi > sure.hi {
		c.walkIndex(sure.hi+1, w.hi, false, count)
	}
	list, met := c.t.index.between(w.lo, w.hi), 0
	for i := range list {
		if len(page) == in.Limit {
			break
		}
		e := list[i]
		if w.down {
			e = list[len(list)-1-i]
		}
		if e.live() && match(e.r) {
			if met++; met > after {
				page = append(page, e.r)
			}
		}
	}
	return total, page
}

func (c *call) walkIndex(lo, hi int64, down bool, keep func(*record)) {
	list := c.t.index.between(lo, hi)
	for i := range list {
		e := list[i]
		if down {
			e = list[len(list)-1-i]
		}
		if e.live() {
			keep(e.r)
		}
	}
}

func (c *call) walkIDs(in searchIn, down bool, keep func(*record)) {
	list := c.t.ids
	if near, ok := c.near(in); ok {
		list = near
	}
	for i := range list {
		r := list[i]
		if down {
			r = list[len(list)-1-i]
		}
		if r.indexed != nil && r.indexed.archived == 0 && !r.purged && r.survivor == nil {
			keep(r)
		}
	}
}

// near narrows the walk for filters on one record's links or unique values.
func (c *call) near(in searchIn) ([]*record, bool) {
	if len(in.FilterGroups) != 1 {
		return nil, false
	}
	for _, f := range in.FilterGroups[0].Filters {
		to, isLink := strings.CutPrefix(f.Property, "associations.")
		if !isLink || f.Operator != "EQ" {
			continue
		}
		other, err := c.a.find(canonicalType(to), string(f.Value))
		if err != nil {
			return nil, true
		}
		return other.linked(c.t.name), true
	}
	return nil, false
}

func (c *call) sortHits(in searchIn, all []*record) {
	if len(in.Sorts) == 0 || in.Sorts[0].Property == "hs_object_id" {
		slices.SortFunc(all, func(x, y *record) int { return cmp.Compare(x.id, y.id) })
		if len(in.Sorts) == 1 && in.Sorts[0].Descending {
			slices.Reverse(all)
		}
		return
	}
	p := c.t.props[in.Sorts[0].Property]
	if p == nil {
		return
	}
	slices.SortStableFunc(all, func(x, y *record) int {
		vx, _ := x.value(x.indexed, p.key)
		vy, _ := y.value(y.indexed, p.key)
		order := compareValues(p, vx, vy)
		if in.Sorts[0].Descending {
			order = -order
		}
		return cmp.Or(order, cmp.Compare(x.id, y.id))
	})
}

// stretch is the range of modified times that every hit must be in: the span of the groups' ranges.
func (c *call) stretch(in searchIn) (lo, hi int64) {
	if len(in.FilterGroups) == 0 {
		return math.MinInt64, math.MaxInt64
	}
	lo, hi = math.MaxInt64, math.MinInt64
	for _, g := range in.FilterGroups {
		from, to := c.groupStretch(g.Filters)
		lo, hi = min(lo, from), max(hi, to)
	}
	return lo, hi
}

func (c *call) groupStretch(filters []filter) (lo, hi int64) {
	lo, hi = math.MinInt64, math.MaxInt64
	for _, f := range filters {
		if f.Property != c.t.modName {
			continue
		}
		at, _ := parseTime(string(f.Value))
		ms := at.UnixMilli()
		switch f.Operator {
		case "EQ":
			lo, hi = max(lo, ms), min(hi, ms)
		case "GTE":
			lo = max(lo, ms)
		case "GT":
			lo = max(lo, ms+1)
		case "LTE":
			hi = min(hi, ms)
		case "LT":
			hi = min(hi, ms-1)
		case "BETWEEN":
			high, _ := parseTime(string(f.HighValue))
			lo, hi = max(lo, ms), min(hi, high.UnixMilli())
		}
	}
	return lo, hi
}

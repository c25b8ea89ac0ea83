package scoring_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"leadsync/scoring"
	"leadsync/scoring/vocabulary"
)

// byHand decides what testdata/fifty.yaml decides, in plain Go: somebody wrote this one model down as a program. It
// gives scores with their lines, grade, tier, stages and what is missing, and does not look ahead. It reads the same
// leads and uses the vocabularies, the list of free mail domains and the table of decay as libraries.
type byHand struct {
	words    map[string]*vocabulary.Vocabulary
	freeMail map[string]bool
	factors  [1024]uint64
	berlin   *time.Location
}

// handLine is a line of a score.
type handLine struct {
	Rule, Activity string
	Result         int64 // thousandths
}

type handScore struct {
	points int64
	lines  []handLine
}

// handVerdict is what is compared with an Evaluation.
type handVerdict struct {
	Fit, Engagement           int64
	FitLines, EngagementLines []handLine
	Grade, Tier, Stage, Next  string
	Reached, Missing          []string
}

// handled is an activity with its age in hours.
type handled struct {
	*scoring.Activity
	age   int64
	day   int64
	words string // of a form's name, each between spaces
}

// handActivities are the activities by kind, the latest first, without what machines did.
type handActivities struct {
	forms, pages, opens, clicks, replies, webinars, calls, talks, meetings, interactions []handled
}

func newByHand(tb testing.TB) *byHand {
	tb.Helper()
	h := &byHand{words: map[string]*vocabulary.Vocabulary{}, freeMail: map[string]bool{}, factors: scoring.Factors()}
	for _, name := range vocabulary.Names() {
		v, err := vocabulary.Open(name)
		if err != nil {
			tb.Fatal(err)
		}
		h.words[name] = v
	}
	for _, domain := range scoring.FreeMail() {
		h.freeMail[domain] = true
	}
	var err error
	if h.berlin, err = time.LoadLocation("Europe/Berlin"); err != nil {
		tb.Fatal(err)
	}
	return h
}

const (
	hour    = int64(time.Hour / time.Microsecond)
	dayLong = 24 // in hours
)

// step is the number of the hour that a moment belongs to, begin the first full one after it.
func handStep(t time.Time) int64  { return t.UnixMicro() / hour }
func handBegin(t time.Time) int64 { return (t.UnixMicro() + hour - 1) / hour }

func (h *byHand) decide(lead *scoring.Lead, now time.Time) handVerdict {
	f := handFacts{facts: lead.Facts, words: h.words}
	a := h.sort(lead.Activities, now)
	fit := h.fit(&f, now)
	engagement := h.engagement(&f, a)
	v := handVerdict{Fit: handWhole(fit.points), Engagement: handWhole(engagement.points), FitLines: fit.lines, EngagementLines: engagement.lines}
	v.rank()
	v.place(&f, a, fit.points, engagement.points, lead.Stage)
	return v
}

func handWhole(points int64) int64 { return (points + 500) / 1000 } // neither score is negative

// sort puts the activities where the rules want them.
func (h *byHand) sort(activities []scoring.Activity, now time.Time) *handActivities {
	list := make([]*scoring.Activity, len(activities))
	for i := range activities {
		list[i] = &activities[i]
	}
	slices.SortFunc(list, func(a, b *scoring.Activity) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return cmp.Compare(a.ID, b.ID)
	})
	seen := make(map[string]bool, len(list))
	list = slices.DeleteFunc(list, func(a *scoring.Activity) bool {
		repeated := seen[a.ID]
		seen[a.ID] = true
		return repeated
	})
	opened, clicked := bursts(list, "email_open"), bursts(list, "email_click")
	step := handStep(now)
	g := &handActivities{}
	for _, a := range list {
		if a.At.After(now) {
			continue
		}
		one := handled{Activity: a, age: max(0, step-handBegin(a.At))}
		interaction := true
		switch a.Kind {
		case "form":
			one.words = handWords(a.Attributes["name"])
			one.day = h.day(a.At)
			g.forms = append(g.forms, one)
		case "page_view":
			g.pages = append(g.pages, one)
			interaction = false
		case "email_open":
			if !opened[a] {
				g.opens = append(g.opens, one)
			}
			interaction = false
		case "email_click":
			if interaction = !clicked[a]; interaction {
				one.day = h.day(a.At)
				g.clicks = append(g.clicks, one)
			}
		case "email_reply":
			one.day = h.day(a.At)
			g.replies = append(g.replies, one)
		case "webinar":
			one.day = h.day(a.At)
			g.webinars = append(g.webinars, one)
		case "call":
			g.calls = append(g.calls, one)
			if interaction = strings.EqualFold(a.Attributes["outcome"], "connected"); interaction {
				one.day = h.day(a.At)
				g.talks = append(g.talks, one)
			}
		case "meeting":
			one.day = h.day(a.At)
			g.meetings = append(g.meetings, one)
		default:
			interaction = false
		}
		if interaction {
			g.interactions = append(g.interactions, one)
		}
	}
	return g
}

// bursts finds four activities of a kind within a minute. An uncertain one says nothing of when it ended.
func bursts(list []*scoring.Activity, kind string) map[*scoring.Activity]bool {
	var sure []*scoring.Activity
	for _, a := range list {
		if a.Kind == kind && !a.Uncertain {
			sure = append(sure, a)
		}
	}
	var machines map[*scoring.Activity]bool
	for i := 3; i < len(sure); i++ {
		if sure[i-3].At.Sub(sure[i].At) > time.Minute {
			continue
		}
		if machines == nil {
			machines = map[*scoring.Activity]bool{}
		}
		for _, a := range sure[i-3 : i+1] {
			machines[a] = true
		}
	}
	return machines
}

func (h *byHand) day(t time.Time) int64 {
	year, month, day := t.In(h.berlin).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)
}

// handWords puts each word of a text between spaces.
func handWords(text string) string {
	var b strings.Builder
	b.WriteByte(' ')
	gap := true
	for _, r := range strings.ToLower(text) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
			gap = false
		} else if !gap {
			b.WriteByte(' ')
			gap = true
		}
	}
	if !gap {
		b.WriteByte(' ')
	}
	return b.String()
}

// handFacts reads facts.
type handFacts struct {
	facts map[string]scoring.Value
	words map[string]*vocabulary.Vocabulary
}

func (f *handFacts) text(name string) string { return f.facts[name].Text }

func (f *handFacts) number(name string) (float64, bool) {
	v := f.facts[name]
	return v.Number, v.Known()
}

// word is the word of a vocabulary, empty if there is none.
func (f *handFacts) word(vocabulary, name string) string {
	text := f.text(name)
	if text == "" {
		return ""
	}
	word, _ := f.words[vocabulary].Word(text)
	return word
}

func (f *handFacts) authority() string {
	switch strings.ToLower(f.text("authority")) {
	case "decides", "decision_maker", "entscheider":
		return "decides"
	case "influences", "influencer":
		return "influences"
	case "uses", "end_user":
		return "uses"
	}
	return ""
}

func (f *handFacts) persona() string {
	switch strings.ToLower(f.text("persona")) {
	case "plant_manager", "persona_1":
		return "plant_manager"
	case "head_of_it", "persona_2":
		return "head_of_it"
	}
	return ""
}

func (f *handFacts) consent() string {
	switch strings.ToLower(f.text("consent")) {
	case "given", "opted in", "ja":
		return "given"
	case "refused", "opted out", "nein":
		return "refused"
	}
	return ""
}

func (h *byHand) fit(f *handFacts, now time.Time) handScore {
	s := handScore{lines: make([]handLine, 0, 25)}
	add := func(rule string, points int64, met bool) {
		if met {
			s.lines = append(s.lines, handLine{Rule: rule, Result: points * 1000})
			s.points += points * 1000
		}
	}
	level, size := f.word("job_level", "level"), f.word("company_size", "company_size")
	department, industry, country := f.word("department", "department"), f.word("industry", "industry"), f.word("country", "country")
	title, email := strings.ToLower(f.text("job_title")), strings.ToLower(f.text("email"))
	words := handWords(title)
	budget, _ := f.number("budget")
	machines, _ := f.number("machines")
	employees, _ := f.number("employees")
	revenue, hasRevenue := f.number("revenue")
	growth, hasGrowth := f.number("growth")
	seats, _ := f.number("seats")
	plants, _ := f.number("plants")
	own, partner, created := f.facts["own"], f.facts["partner"], f.facts["created_on"]
	source := strings.ToLower(f.text("source"))

	add("level", 20, level == "owner" || level == "c_level" || level == "vp" || level == "director" || level == "head")
	add("decides", 10, f.authority() == "decides")
	add("department", 8, department == "management" || department == "purchasing" || department == "it" || department == "finance")
	add("persona", 4, f.persona() != "")
	add("size", 12, size == "medium" || size == "large")
	add("too small", -20, size == "micro")
	add("industry", 12, industry == "machinery" || industry == "automotive" || industry == "electronics")
	add("country", 8, country == "DE" || country == "AT" || country == "CH")
	add("budget", 8, budget >= 25000)
	add("machines", 4, machines >= 20)
	add("private address", -10, h.private(email))
	add("head of", 4, strings.Contains(words, " head of ") || strings.Contains(words, "leiter "))
	add("employees", 6, employees >= 50 && employees < 5000)
	add("revenue", 3, hasRevenue && hasGrowth && revenue*2+growth > 100)
	add("intern", -15, strings.Contains(title, "intern"))
	add("university", -10, strings.HasSuffix(email, ".edu"))
	add("vip", 10, f.facts["vip"].Bool)
	add("stranger", 2, own.Known() && !own.Bool && partner.Known() && !partner.Bool)
	add("new", 3, created.Known() && (handStep(now)-handBegin(created.Time))/dayLong < 365)
	add("erp", 4, f.facts["erp"].Bool && f.facts["exports"].Bool)
	add("seats", 4, seats >= 10 || plants >= 2)
	add("source", 3, source == "search" || source == "referral" || source == "event")
	add("no phone", -2, !f.facts["phone"].Known())
	add("shop", 2, strings.Contains(strings.ToLower(f.text("website")), "shop"))
	s.limit("", 0, 100_000)
	return s
}

func (h *byHand) private(email string) bool {
	domain := email[strings.LastIndexByte(email, '@')+1:]
	for domain != "" {
		if h.freeMail[domain] {
			return true
		}
		_, domain, _ = strings.Cut(domain, ".")
	}
	return false
}

// limit keeps the points between two bounds.
func (s *handScore) limit(rule string, least, most int64) {
	if cut := min(max(s.points, least), most) - s.points; cut != 0 {
		s.lines = append(s.lines, handLine{Rule: rule, Result: cut})
		s.points += cut
	}
}

// halved is points after so many hours.
func (h *byHand) halved(points, age, halfLife int64) int64 {
	shift := 32 + age/halfLife
	if shift > 62 {
		return 0
	}
	return int64((uint64(points)*h.factors[age%halfLife*1024/halfLife] + 1<<(shift-1)) >> shift)
}

// each adds what every activity is worth, and takes away what is above the cap. The points come back.
func (s *handScore) each(rule string, list []handled, limit int64, worth func(*handled) int64) int64 {
	sum := int64(0)
	for i := range list {
		if points := worth(&list[i]); points != 0 {
			s.lines = append(s.lines, handLine{rule, list[i].ID, points})
			sum += points
		}
	}
	if cut := min(max(sum, -limit), limit) - sum; cut != 0 && limit != 0 {
		s.lines = append(s.lines, handLine{Rule: rule, Result: cut})
		sum += cut
	}
	s.points += sum
	return sum
}

func (s *handScore) once(rule string, points int64, met bool) int64 {
	if !met {
		return 0
	}
	s.lines = append(s.lines, handLine{Rule: rule, Result: points})
	s.points += points
	return points
}

func (h *byHand) engagement(f *handFacts, g *handActivities) handScore {
	s := handScore{lines: make([]handLine, 0, 64)}
	positive := false // what the prize draw needs beside it
	note := func(points int64) { positive = positive || points > 0 }
	note(s.each("demo", g.forms, 40_000, func(a *handled) int64 {
		if !strings.Contains(a.words, " demo ") {
			return 0
		}
		return h.halved(40_000, a.age, 60*dayLong)
	}))
	note(s.each("contact form", g.forms, 30_000, func(a *handled) int64 {
		if !strings.Contains(a.words, " contact ") && !strings.Contains(a.words, " kontakt") {
			return 0
		}
		return h.halved(30_000, a.age, 60*dayLong)
	}))
	note(s.each("talk", g.talks, 50_000, func(a *handled) int64 { return h.halved(25_000, a.age, 60*dayLong) }))
	note(s.each("meeting held", g.meetings, 70_000, func(a *handled) int64 {
		switch {
		case !strings.EqualFold(a.Attributes["outcome"], "completed"):
			return 0
		case a.age >= 90*dayLong:
			return 3_500
		case a.age >= 30*dayLong:
			return 17_500
		}
		return 35_000
	}))
	note(s.each("whitepaper", firstOfDay(g.forms), 30_000, func(a *handled) int64 {
		if a.age >= 180*dayLong {
			return 0
		}
		return h.halved(10_000, a.age, 45*dayLong)
	}))
	note(s.each("webinar", g.webinars, 30_000, func(a *handled) int64 { return h.halved(15_000, a.age, 45*dayLong) }))
	note(s.each("crane webinar", g.webinars, 0, func(a *handled) int64 {
		if !strings.Contains(strings.ToLower(a.Attributes["topic"]), "crane") {
			return 0
		}
		return max(0, 10_000-1_000*(a.age/(7*dayLong)))
	}))
	note(s.each("click", g.clicks, 15_000, func(a *handled) int64 {
		if a.age >= 90*dayLong {
			return 0
		}
		return 3_000
	}))
	note(s.each("fresh click", g.clicks, 0, func(a *handled) int64 { return h.halved(2_000, a.age, 7*dayLong) }))
	note(s.each("reply", g.replies, 40_000, func(a *handled) int64 { return h.halved(20_000, a.age, 30*dayLong) }))
	note(s.each("open", g.opens, 5_000, func(a *handled) int64 {
		if a.age >= 30*dayLong {
			return 0
		}
		return 500
	}))
	note(s.each("newsletter", g.forms, 4_000, func(a *handled) int64 {
		if a.age >= 365*dayLong || !strings.Contains(strings.ToLower(a.Attributes["name"]), "newsletter") {
			return 0
		}
		return 2_000
	}))
	s.each("careers", g.pages, 20_000, func(a *handled) int64 {
		if a.age >= 90*dayLong || !strings.Contains(strings.ToLower(a.Attributes["url"]), "careers") {
			return 0
		}
		return -5_000
	})
	note(h.website(&s, f, g))
	note(s.once("several days", 8_000, days(g.interactions, 30*dayLong) >= 3))
	silentCalls := 0
	for i := range g.calls {
		if a := &g.calls[i]; a.age < 30*dayLong && strings.EqualFold(a.Attributes["outcome"], "no_answer") {
			silentCalls++
		}
	}
	s.once("unreachable", -5_000, silentCalls >= 3)
	note(s.once("reads on", 6_000, readsOn(g) >= 5))
	note(s.once("hot", 5_000, len(g.interactions) > 0 && g.interactions[0].age/dayLong < 7))
	tickets, _ := f.number("tickets")
	s.once("many tickets", -3_000, tickets > 5)
	note(s.once("consented", 2_000, f.consent() == "given"))
	draw := s.each("prize draw", g.forms, 5_000, func(a *handled) int64 {
		if a.age >= 180*dayLong || !strings.Contains(a.words, " prize draw ") {
			return 0
		}
		return 5_000
	})
	s.once("prize draw", -draw, draw > 0 && !positive)
	if len(g.interactions) > 0 && g.interactions[0].age >= 30*dayLong {
		times := 1 + (g.interactions[0].age-30*dayLong)/(30*dayLong)
		s.each("silent", g.interactions[:1], 20_000, func(*handled) int64 { return -5_000 * times })
	}
	s.limit("", 0, 100_000)
	return s
}

// website is a group of rules, worth 15 at most. It gives what its rules give before that limit.
func (h *byHand) website(s *handScore, f *handFacts, g *handActivities) int64 {
	before, positive := s.points, int64(0)
	note := func(points int64) { positive = max(positive, points) }
	var pricing, recent, blog []handled
	for i := range g.pages {
		a := &g.pages[i]
		url := strings.ToLower(a.Attributes["url"])
		if a.age < 60*dayLong && strings.Contains(url, "pricing") {
			pricing = append(pricing, *a)
		}
		if a.age >= 30*dayLong {
			continue
		}
		if len(recent) < 10 {
			recent = append(recent, *a)
		}
		if strings.Contains(url, "blog") {
			blog = append(blog, *a)
		}
	}
	if len(pricing) < 2 {
		pricing = nil
	}
	note(s.each("pricing", pricing, 0, func(*handled) int64 { return 4_000 }))
	note(s.each("page", recent, 0, func(*handled) int64 { return 1_000 }))
	note(s.each("blog", blog, 0, func(a *handled) int64 { return h.halved(1_000, a.age, 14*dayLong) }))
	minutes, _ := f.number("minutes")
	note(s.once("long", 5_000, minutes >= 10))
	pages, _ := f.number("pages")
	note(s.once("many pages", 2_000, pages > 30))
	if sum := s.points - before; sum > 15_000 {
		s.lines = append(s.lines, handLine{Result: 15_000 - sum})
		s.points = before + 15_000
	}
	return positive
}

// firstOfDay leaves of the whitepapers of one day the earliest.
func firstOfDay(forms []handled) []handled {
	var list []handled
	for _, a := range forms {
		if !strings.Contains(a.words, " whitepaper ") && !strings.Contains(a.words, " handbuch ") {
			continue
		}
		if n := len(list); n > 0 && list[n-1].day == a.day {
			if !list[n-1].At.Equal(a.At) { // at one moment the smaller ID counts, which stands before
				list[n-1] = a
			}
			continue
		}
		list = append(list, a)
	}
	return list
}

// days is on how many days there were activities younger than a window, or ever.
func days(list []handled, window int64) int {
	n := 0
	for i := range list {
		if window != 0 && list[i].age >= window {
			break
		}
		if i == 0 || list[i].day != list[i-1].day {
			n++
		}
	}
	return n
}

// readsOn is how many pages of the last month were viewed after the first form.
func readsOn(g *handActivities) int {
	if len(g.forms) == 0 {
		return 0
	}
	first := g.forms[len(g.forms)-1].At
	n := 0
	for i := range g.pages {
		if !g.pages[i].At.After(first) || g.pages[i].age >= 30*dayLong {
			break
		}
		n++
	}
	return n
}

func (v *handVerdict) rank() {
	letter, number := "D", "4"
	switch {
	case v.Fit >= 75:
		letter = "A"
	case v.Fit >= 50:
		letter = "B"
	case v.Fit >= 25:
		letter = "C"
	}
	switch {
	case v.Engagement >= 60:
		number = "1"
	case v.Engagement >= 30:
		number = "2"
	case v.Engagement >= 10:
		number = "3"
	}
	v.Grade = letter + number
	switch v.Grade {
	case "A1", "A2", "B1":
		v.Tier = "hot"
	case "A3", "B2", "C1":
		v.Tier = "warm"
	}
}

// handCheck is a criterion of a stage.
type handCheck struct {
	name string
	met  bool
}

// place decides the stages.
func (v *handVerdict) place(f *handFacts, g *handActivities, fit, engagement int64, current string) {
	facts := f.text("job_title") != "" && f.word("department", "department") != "" && f.word("country", "country") != "" &&
		f.word("industry", "industry") != "" && f.facts["budget"].Known()
	size := f.word("company_size", "company_size")
	facts = facts && size != ""
	budget, _ := f.number("budget")
	enough := budget >= 10_000
	big := size == "medium" || size == "large" || size == "enterprise"
	later := f.facts["timeframe"]
	rival := !f.facts["rival"].Known() || later.Known() && !strings.EqualFold(later.Text, "later")
	demos := 0
	for i := range g.forms {
		if strings.Contains(g.forms[i].words, " demo ") {
			demos++
		}
	}
	open, _ := f.number("open_deals")
	won, _ := f.number("won_deals")
	known := func(name string) bool { return f.facts[name].Known() }
	order := []string{"subscriber", "lead", "mql", "sql", "opportunity", "customer"}
	checks := [][]handCheck{
		{{`known(email) and consent == "given"`, known("email") && f.consent() == "given"}},
		{{`count("form") >= 1 and (known(phone) or known(country))`, len(g.forms) >= 1 && (known("phone") || f.word("country", "country") != "")}},
		{{"fit", fit >= 40_000}, {"engagement", engagement >= 25_000}, {"facts", facts}, {"budget", enough}, {"size", big}, {"days", days(g.interactions, 0) >= 2}},
		{{"fit", fit >= 50_000}, {"engagement", engagement >= 45_000}, {"facts", facts}, {"budget", enough}, {"size", big}, {"rival", rival}},
		{{"open_deals >= 1", open >= 1}},
		{{"won_deals >= 1", won >= 1}},
	}
	next := 0
	for i, stage := range order {
		reached := !slices.ContainsFunc(checks[i], func(c handCheck) bool { return !c.met })
		if stage == "sql" {
			direct := handCheck{`count("demo") + count("talk") >= 3`, demos+len(g.talks) >= 3}
			checks[i] = append(checks[i], direct)
			reached = reached || direct.met
		}
		if reached {
			v.Reached, v.Stage = append(v.Reached, stage), stage
		}
		if reached || stage == current {
			next = i + 1
		}
	}
	if f.facts["own"].Bool || f.facts["partner"].Bool {
		v.Reached, v.Stage = append(v.Reached, "other"), "other"
		return
	}
	if next == len(order) {
		return
	}
	v.Next = order[next]
	for _, c := range checks[next] {
		if !c.met {
			v.Missing = append(v.Missing, c.name)
		}
	}
}

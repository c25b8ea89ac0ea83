package workflows_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

const outreachKeys = `tiers: {hot: 30, cold: 0}
do_not_profile: silent == true
audiences:
  nurture: {when: 'count("form", "", 10) >= 1', stages: [mql]}
  best: {tiers: [hot]}
advertising: {consent: consent == "yes", never: bounced == true}
rank: {stages: [mql, sql], tiers: {hot: 90}, otherwise: 5}
`

// addressee is a contact of a model with audiences, each on a list of its own.
func addressee(t *testing.T, props ...string) *situation {
	t.Helper()
	s := newSituation(t, "")
	text := `model: outreach
facts:
  email: {from: [contact.email]}
  size: {from: [contact.size], type: number}
  consent: {from: [contact.consent]}
  bounced: {from: [contact.bounced], type: bool}
  silent: {from: [contact.silent], type: bool}
activities: {form: {counter: contact.forms, last: contact.form_at}}
scores: {fit: {rules: [{name: big, when: size >= 50, points: 30}]}}
lifecycle:
  - {stage: lead, when: known(email)}
  - {stage: mql, scores: {fit: 20}}
  - {stage: sql, owner: sales, manual: true}
` + outreachKeys
	m, err := scoring.Parse("outreach.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s.model, s.portal.Lists = m, map[string]string{"nurture": "11", "best": "12"}
	s.portal.Written.Rank = "priority"
	s.has(props...)
	return s
}

// has gives the contact properties, an hour later.
func (s *situation) has(pairs ...string) *situation {
	s.now = s.now.Add(time.Hour)
	s.record.ReadAt = s.now
	for i := 0; i+1 < len(pairs); i += 2 {
		s.record.Contact.Properties[pairs[i]] = pairs[i+1]
	}
	return s
}

// form is a form filled in just now.
func (s *situation) form() *situation {
	s.now = s.now.Add(time.Hour)
	n, _ := strconv.Atoi(s.record.Contact.Properties["forms"])
	for property, value := range map[string]string{"forms": strconv.Itoa(n + 1), "form_at": s.now.Format(time.RFC3339)} {
		s.record.Contact.Properties[property] = value
		s.record.Observations = append(s.record.Observations, workflows.Observation{
			Property: property, Value: value, At: s.now, Known: workflows.KnownHistory, Origin: connector.OriginMachine,
		})
	}
	return s
}

// fits gives what makes an addressee belong on both lists.
func fits() []string { return []string{"size", "100", "consent", "yes"} }

// members are what a plan does to lists, and for what reason: "+nurture audience_joined".
func members(planned workflows.Planned) []string {
	list := []string{}
	for _, a := range planned.Actions {
		if a.Kind != workflows.KindList {
			continue
		}
		sign := "+" + a.To
		if a.To == "" {
			sign = "-" + a.From
		}
		if a.Mode == workflows.ModeShadow {
			sign = "(" + sign + ")"
		}
		list = append(list, sign+" "+string(a.Reason.Code))
	}
	return list
}

func (s *situation) wants(want ...string) workflows.Planned {
	s.t.Helper()
	planned := s.plan()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, members(planned)); diff != "" {
		s.t.Errorf("at %s (-want +got):\n%s", s.now.Format(time.DateTime), diff)
	}
	again := s.plan()
	if len(again.Actions) > 0 || again.Reason.Code != workflows.ReasonUnchanged && again.Reason.Code != scoring.ReasonUnprofiled {
		s.t.Errorf("planned again: %v, %s", brief(again), again.Reason.Code)
	}
	return planned
}

func TestAudience_follows(t *testing.T) {
	for name, tc := range map[string]struct {
		props  []string
		happen func(*situation)
		want   []string
	}{
		"both":               {fits(), func(s *situation) { s.form() }, []string{"+nurture audience_joined", "+best audience_joined"}},
		"no form":            {fits(), func(*situation) {}, []string{"+best audience_joined"}},
		"another stage":      {fits(), func(s *situation) { s.form().has("stage", "sql") }, []string{"+best audience_joined"}},
		"another tier":       {[]string{"size", "10", "consent", "yes"}, func(s *situation) { s.form() }, []string{}},
		"nobody asked":       {[]string{"size", "100"}, func(s *situation) { s.form() }, []string{}},
		"refused":            {[]string{"size", "100", "consent", "no"}, func(s *situation) { s.form() }, []string{}},
		"bounced":            {append(fits(), "bounced", "true"), func(s *situation) { s.form() }, []string{}},
		"bounced no more":    {append(fits(), "bounced", "false"), func(*situation) {}, []string{"+best audience_joined"}},
		"list is not mapped": {fits(), func(s *situation) { delete(s.portal.Lists, "best"); s.form() }, []string{"+nurture audience_joined"}},
		"not to be profiled": {append(fits(), "silent", "true"), func(s *situation) { s.form() }, []string{}},
		"off":                {fits(), func(s *situation) { s.portal.Modes[workflows.ClassList] = workflows.ModeOff; s.form() }, []string{}},
		"shadow": {
			fits(), func(s *situation) { s.portal.Modes[workflows.ClassList] = workflows.ModeShadow; s.form() },
			[]string{"(+nurture) audience_joined", "(+best) audience_joined"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := addressee(t, tc.props...)
			tc.happen(s)
			s.wants(tc.want...)
		})
	}
}

// joined is an addressee whom leadsync has put on both lists.
func joined(t *testing.T) *situation {
	t.Helper()
	s := addressee(t, fits()...).form()
	s.wants("+nurture audience_joined", "+best audience_joined")
	return s
}

func TestAudience_leaves(t *testing.T) {
	for name, tc := range map[string]struct {
		happen func(*situation)
		want   []string
	}{
		"nothing happens":           {func(s *situation) { s.has() }, []string{}},
		"sales takes over":          {func(s *situation) { s.has("stage", "sql") }, []string{"-nurture audience_left"}},
		"the window is over":        {func(s *situation) { s.now = s.now.AddDate(0, 0, 11) }, []string{"-nurture audience_left"}},
		"smaller than thought":      {func(s *situation) { s.has("size", "1") }, []string{"-best audience_left"}},
		"consent withdrawn":         {func(s *situation) { s.has("consent", "no") }, []string{"-best no_consent", "-nurture no_consent"}},
		"consent is gone":           {func(s *situation) { delete(s.record.Contact.Properties, "consent"); s.has() }, []string{"-best no_consent", "-nurture no_consent"}},
		"bounced":                   {func(s *situation) { s.has("bounced", "true") }, []string{"-best no_consent", "-nurture no_consent"}},
		"not to be profiled":        {func(s *situation) { s.has("silent", "true") }, []string{"-best do_not_profile", "-nurture do_not_profile"}},
		"neither profile nor write": {func(s *situation) { s.has("silent", "true", "consent", "no") }, []string{"-best no_consent", "-nurture no_consent"}},
		"the list is another":       {func(s *situation) { s.portal.Lists["best"] = "13"; s.has() }, []string{"-best audience_left", "+best audience_joined"}},
		"the list is unmapped":      {func(s *situation) { delete(s.portal.Lists, "best"); s.has("size", "1") }, []string{"-best audience_left"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := joined(t)
			tc.happen(s)
			s.wants(tc.want...)
		})
	}
}

// Whoever loses consent leaves every list of the model, whoever put them there, before anything else and past every limit.
func TestAudience_withdrawalGoesFirst(t *testing.T) {
	s := addressee(t, "consent", "yes")
	s.wants()
	planned := s.has("consent", "no", "size", "100").wants("-nurture no_consent", "-best no_consent")
	for i, e := range planned.Entries {
		if list := e.Kind == workflows.KindList; list != (i < 2) || e.Released != list {
			t.Errorf("entry %d is %s, released %v", i, e.Key, e.Released)
		}
	}
	if len(planned.Entries) < 3 {
		t.Errorf("the stage did not move: %v", brief(planned))
	}
	s.has("consent", "yes").wants("+best audience_joined")
	left := s.has("size", "1").wants("-best audience_left")
	if i := slices.IndexFunc(left.Entries, func(e workflows.OutboxEntry) bool { return e.Kind == workflows.KindList }); left.Entries[i].Released {
		t.Error("an ordinary removal passes the limit")
	}
}

// What was put there before an audience was taken out of the model is taken off with the consent.
func TestAudience_outOfTheModel(t *testing.T) {
	s := joined(t)
	text := string(s.model.Canonical())
	m, err := scoring.Parse("later.yaml", []byte(strings.Replace(text, `"nurture"`, `"other"`, 1)))
	if err != nil || len(m.Audiences()) != 2 || m.Audiences()[1].Name != "other" && m.Audiences()[0].Name != "other" {
		t.Fatalf("%v\n%s", err, text)
	}
	s.model, s.portal.Lists["other"] = m, "13"
	s.has().wants("+other audience_joined")
	planned := s.has("consent", "no").plan()
	if diff := cmp.Diff([]string{"-best no_consent", "-nurture no_consent", "-other no_consent"}, slices.Sorted(slices.Values(members(planned)))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAudience_modes(t *testing.T) {
	const off, shadow, live = workflows.ModeOff, workflows.ModeShadow, workflows.ModeOn
	in := func(s *situation, mode workflows.Mode, pairs ...string) *situation {
		s.portal.Modes[workflows.ClassList] = mode
		return s.has(pairs...)
	}
	t.Run("shadow, then on", func(t *testing.T) {
		s := in(addressee(t, fits()...), shadow)
		s.wants("(+best) audience_joined")
		in(s, live).wants("+best audience_joined")
	})
	t.Run("left in shadow, then on", func(t *testing.T) {
		s := in(joined(t), shadow, "size", "1")
		s.wants("(-best) audience_left")
		in(s, live).wants("-best audience_left")
	})
	t.Run("left in shadow and back", func(t *testing.T) {
		s := in(joined(t), shadow, "size", "1")
		s.wants("(-best) audience_left")
		in(s, shadow, "size", "100").wants("(+best) audience_joined")
		in(s, live).wants()
	})
	t.Run("withdrawn in shadow, then on", func(t *testing.T) {
		s := in(joined(t), shadow, "consent", "no")
		s.wants("(-best) no_consent", "(-nurture) no_consent")
		in(s, live).wants("-best no_consent", "-nurture no_consent")
	})
	t.Run("withdrawn while off, then on", func(t *testing.T) {
		s := in(joined(t), off, "consent", "no")
		s.wants()
		in(s, live).wants("-best no_consent", "-nurture no_consent")
	})
	t.Run("joined in shadow, left when on", func(t *testing.T) {
		s := in(addressee(t, fits()...), shadow)
		s.wants("(+best) audience_joined")
		in(s, live, "size", "1").wants()
	})
}

// A held contact is on no audience, and that it has no consent by another model is only noted.
func TestAudience_held(t *testing.T) {
	s := addressee(t, fits()...)
	state := workflows.Baseline(s.portal, s.model, s.record, s.now)
	if !state.Addressed {
		t.Error("the baseline does not know of the consent")
	}
	s.record.State = &state
	if got := members(s.has().plan()); len(got) != 0 {
		t.Errorf("a held contact: %v", got)
	}
	s.has("consent", "no").wants("-nurture no_consent", "-best no_consent") // which is a change of the contact
}

func TestAudience_looksAgain(t *testing.T) {
	s := addressee(t, fits()...).form()
	if at, want := s.plan().LookAt, s.now.AddDate(0, 0, 10).Truncate(time.Hour); !at.Equal(want) {
		t.Errorf("looks again at %s, want %s", at, want)
	}
}

func TestOutreach_Inherit(t *testing.T) {
	ours := workflows.Outreach{Audiences: map[string]workflows.Membership{"best": {List: "12", Key: "contact/2/list/12"}}}
	theirs := workflows.Outreach{Addressed: true, Audiences: map[string]workflows.Membership{
		"best": {List: "12", Key: "contact/1/list/12"}, "nurture": {List: "11", Key: "contact/1/list/11"},
	}}
	want := workflows.Outreach{Addressed: true, Audiences: map[string]workflows.Membership{
		"best": {List: "12", Key: "contact/2/list/12"}, "nurture": {List: "11", Key: "contact/1/list/11"},
	}}
	if diff := cmp.Diff(want, ours.Inherit(theirs)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(ours, ours.Inherit(workflows.Outreach{})); diff != "" {
		t.Errorf("of nothing (-want +got):\n%s", diff)
	}
}

// What waits for a contact that was merged into this one is not sent after the withdrawal.
func TestAudience_ofAMergedContact(t *testing.T) {
	s := joined(t)
	s.record.State.Audiences["best"] = workflows.Membership{List: "12", Key: "contact/3/list/12"}
	planned := s.has("consent", "no").plan()
	if !slices.Contains(planned.CancelKeys, "contact/3/list/12") || slices.Contains(planned.CancelKeys, "contact/7/list/11") {
		t.Errorf("cancels %v", planned.CancelKeys)
	}
}

func TestRank_isWrittenWhenItIsAnother(t *testing.T) {
	s := addressee(t, "size", "100")
	priority := func(planned workflows.Planned) string {
		for _, e := range planned.Entries {
			if e.Key == "contact/7/rank" {
				return string(e.State) + " " + decoded[workflows.UpdatePayload](t, e).Properties["priority"]
			}
		}
		return "untouched"
	}
	for _, step := range []struct {
		name, want string
		happen     func()
	}{
		{"it becomes an MQL", "ready 90", func() {}},
		{"nothing", "untouched", func() {}},
		{"smaller", "ready 5", func() { s.has("size", "1") }},
		{"sales has it", "untouched", func() { s.has("stage", "sql") }},
		{"out of the stages", "ready ", func() { s.has("stage", "lead") }},
		{"nothing again", "untouched", func() {}},
		{"in shadow", "shadow 90", func() {
			s.portal.Modes[workflows.ClassScore] = workflows.ModeShadow
			s.has("stage", "sql", "size", "100")
		}},
		{"on again", "ready 90", func() { s.portal.Modes[workflows.ClassScore] = workflows.ModeOn }},
		{"another property", "ready 90", func() {
			s.portal.Written.Rank, s.portal.Written.Missing = "priority", ""
			s.record.State.RankProperty = "old"
		}},
		{"off", "untouched", func() { s.portal.Modes[workflows.ClassScore] = workflows.ModeOff; s.has("stage", "lead") }},
	} {
		step.happen()
		if got := priority(s.plan()); got != step.want {
			t.Errorf("%s: %q, want %q", step.name, got, step.want)
		}
	}
}

// The priority is taken back with the scores.
func TestRank_isTakenBack(t *testing.T) {
	s := addressee(t, "size", "100")
	s.plan()
	planned := s.has("silent", "true").plan()
	props := decoded[workflows.UpdatePayload](t, entryOf(t, planned, workflows.KindUpdate, workflows.ClassScore)).Properties
	if value, named := props["priority"]; !named || value != "" || s.record.State.Priority != "" {
		t.Errorf("%v is left, remembered %q", props, s.record.State.Priority)
	}
}

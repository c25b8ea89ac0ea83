package section_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"leadsync/cmd/leadsync/audit/section"
)

const text = `name: &n "a: b"
same: *n
nothing: ~
texts: [x, 1.50, true]
one: x
yes: true
points: -12.125
times: 7
lasts: 90d
ages: {30d: 50, 2w: 10, 1m: 5}
soon: 1wd
later: 2w
said: {en: hello, de: hallo}
list: [{a: 1}, {a: 2, b: 3}]
sections: {z: {a: 1}, y: {a: 2}}
`

func load(t *testing.T, text string, known ...string) section.Section {
	t.Helper()
	s, err := section.Load([]byte(text), "file", known...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSection(t *testing.T) {
	s := load(t, text)
	two := s.List("list", "a", "b")
	days, working := s.Span("soon")
	weeks, calendar := s.Span("later")
	points := s.Points("points")
	for name, ok := range map[string]bool{
		"text":         s.Text("name") == "a: b" && s.Text("same") == "a: b",
		"null":         !s.Has("nothing") && s.Text("nothing") == "" && s.Points("nothing") == nil,
		"texts":        slices.Equal(s.Texts("texts"), []string{"x", "1.50", "true"}) && slices.Equal(s.Texts("one"), []string{"x"}) && s.Texts("none") == nil,
		"yes":          s.Yes("yes") && !s.Yes("one") && !s.Yes("none"),
		"points":       s.Thousandths("points") == -12125 && *points == -12125,
		"whole":        s.Whole("times") == 7 && s.Whole("none") == 0,
		"duration":     s.Duration("lasts") == 90*24*time.Hour && s.Duration("none") == 0,
		"durations":    slices.Equal(s.Child("ages").Durations(), []time.Duration{720 * time.Hour, 336 * time.Hour, time.Minute}),
		"days":         days == 1 && working == "wd" && weeks == 14 && calendar == "d",
		"language":     s.ByLanguage("said")["de"] == "hallo" && s.ByLanguage("one")[""] == "x",
		"list":         len(two) == 2 && two[1].Text("b") == "3",
		"named":        s.Named("sections")[0].Name == "z" && s.Named("sections")[1].Text("a") == "2",
		"kinds":        s.IsList("texts") && !s.IsList("one") && s.IsSection("said") && !s.IsSection("texts"),
		"text map":     s.TextMap("said")["en"] == "hello",
		"nobody fails": s.Err() == nil,
	} {
		if !ok {
			t.Errorf("%s is not as it should be (%v)", name, s.Err())
		}
	}
}

func TestSection_refuses(t *testing.T) {
	for name, test := range map[string]struct {
		read func(section.Section)
		want string
	}{
		"an unknown key":       {func(s section.Section) { s.Child("said", "en") }, `file.said: the auditor does not know "de"`},
		"an unknown key later": {func(s section.Section) { s.Child("said").Only("de") }, `file.said: the auditor does not know "en"`},
		"a text as section":    {func(s section.Section) { s.Child("one") }, "file.one: is a string, number or yes/no where keys are wanted"},
		"a list as section":    {func(s section.Section) { s.Child("texts") }, "file.texts: is a list where keys"},
		"a section as text":    {func(s section.Section) { s.Text("said") }, "file.said: is a section where a text is wanted"},
		"a text as list":       {func(s section.Section) { s.List("one") }, "file.one: is no list"},
		"a list of sections":   {func(s section.Section) { s.Texts("list") }, "file.list: is no list of texts"},
		"no number":            {func(s section.Section) { s.Thousandths("one") }, "file.one: is no number"},
		"no whole number":      {func(s section.Section) { s.Whole("points") }, "file.points: is no whole number"},
		"no duration":          {func(s section.Section) { s.Duration("one") }, "file.one: is no duration"},
		"an unknown unit":      {func(s section.Section) { s.Duration("soon") }, `file.soon: has a unit that the auditor does not know: "wd"`},
		"no days":              {func(s section.Section) { s.Span("times") }, "file.times: has a unit that the auditor does not know: \"\""},
		"the first mistake":    {func(s section.Section) { s.Fail("x", "first"); s.Fail("y", "second") }, "file.x: first"},
	} {
		t.Run(name, func(t *testing.T) {
			s := load(t, text)
			test.read(s)
			if s.Err() == nil || !strings.HasPrefix(s.Err().Error(), test.want) {
				t.Errorf("got %v", s.Err())
			}
		})
	}
	for name, bad := range map[string]string{"no YAML": "a: [", "empty": "", "only a comment": "# nothing"} {
		if _, err := section.Load([]byte(bad), "file"); err == nil || !strings.HasPrefix(err.Error(), "read file: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s := load(t, "a: 1\nb: 2.0005", "a"); s.Err() == nil {
		t.Error("an unknown key at the top passes")
	}
	s := load(t, "b: 2.0005")
	if s.Thousandths("b"); s.Err() == nil {
		t.Error("four decimals pass")
	}
}

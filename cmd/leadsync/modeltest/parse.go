package modeltest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"leadsync/scoring"
	"leadsync/scoring/calendar"
)

// Parse reads a file of stories and, by load, the model that it names; a relative name is looked for beside the
// file. The error is a *scoring.Problems with every mistake at once, each with file, line, column, key, what is
// wrong and what to do; or it says that the model could not be read.
func Parse(path string, text []byte, load func(path string) (*scoring.Model, error)) (*File, error) {
	r := &reader{file: path, zone: time.UTC}
	root, ok := r.load(text)
	if !ok {
		return nil, r.sorted()
	}
	f := &File{Path: path, language: "en"}
	keys := map[string]child{}
	known := []string{"model", "stories", "language", "time_zone", "country", "region"}
	for _, c := range r.children(root) {
		keys[c.name] = c
		if !slices.Contains(known, c.name) {
			r.unknown(c, known)
		}
	}
	for _, key := range []string{"model", "stories"} {
		if _, ok := keys[key]; !ok && root.node.Kind == yaml.MappingNode {
			r.fail(field{key, root.node}, "add "+key+":", "%s is missing", key)
		}
	}
	if c, ok := keys["model"]; ok {
		if err := r.loadModel(f, c.field, load); err != nil {
			return nil, err
		}
	}
	r.place(f, keys)
	if c, ok := keys["stories"]; ok && f.Model != nil {
		f.Stories = r.stories(c.field)
	}
	if err := r.sorted(); err != nil {
		return nil, err
	}
	return f, nil
}

func (r *reader) loadModel(f *File, c field, load func(path string) (*scoring.Model, error)) error {
	path := r.text(c)
	if path == "" {
		return nil
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(r.file), path)
	}
	m, err := load(path)
	if err != nil {
		return fmt.Errorf("load model of %s (line %d): %w", r.file, c.node.Line, err)
	}
	f.Model, r.model = m, m
	return nil
}

// place reads language, time zone and calendar, which say when tasks are due and what they are called.
func (r *reader) place(f *File, keys map[string]child) {
	if c, ok := keys["language"]; ok {
		f.language = r.choice(c.field, []string{"en", "de"})
	}
	if c, ok := keys["time_zone"]; ok {
		if zone, err := time.LoadLocation(r.text(c.field)); err != nil {
			r.fail(c.field, "write an IANA name such as Europe/Berlin", "%s is no time zone", shape(c.node))
		} else {
			r.zone = zone
		}
	}
	f.zone = r.zone
	settings := calendar.Settings{Zone: r.zone}
	at := child{}
	for key, into := range map[string]*string{"region": &settings.Region, "country": &settings.Country} {
		if c, ok := keys[key]; ok {
			*into, at = r.text(c.field), c
		}
	}
	if c, ok := keys["country"]; ok {
		at = c
	}
	var err error
	if f.calendar, err = calendar.New(settings); err != nil {
		r.fail(at.field, "write a country and region with holidays, or leave both out", "%v", err)
	}
}

func (r *reader) stories(f field) []Story {
	var stories []Story
	seen := map[string]bool{}
	for _, item := range r.items(f) {
		s := r.story(item)
		if s.Name != "" && seen[s.Name] {
			r.fail(item, "give every story a name of its own", "there is a story %q already", s.Name)
		}
		seen[s.Name] = true
		stories = append(stories, s)
	}
	if f.node.Kind == yaml.SequenceNode && len(stories) == 0 {
		r.fail(f, "tell at least one story", "there are no stories")
	}
	return stories
}

func (r *reader) story(f field) Story {
	s := Story{Line: f.node.Line}
	known := []string{"name", "facts", "story"}
	given := map[string]bool{}
	for _, c := range r.children(f) {
		given[c.name] = true
		switch c.name {
		case "name":
			s.Name = r.text(c.field)
		case "facts":
			s.facts = r.facts(c.field)
		case "story":
			s.steps = r.steps(c.field)
		default:
			r.unknown(c, known)
		}
	}
	for _, key := range []string{"name", "story"} {
		if !given[key] && f.node.Kind == yaml.MappingNode {
			r.fail(field{join(f.key, key), f.node}, "add "+key+":", "%s is missing", key)
		}
	}
	return s
}

// facts reads facts by their names in the model, as values of the CRM's properties.
func (r *reader) facts(f field) []factChange {
	declared := r.model.Facts()
	var names []string
	for _, d := range declared {
		names = append(names, d.Name)
	}
	var changes []factChange
	for _, c := range r.children(f) {
		i := slices.IndexFunc(declared, func(d scoring.Fact) bool { return d.Name == c.name })
		if i < 0 {
			r.fail(field{c.key, c.mark}, suggest(c.name, names), "the model has no fact %s", c.name)
			continue
		}
		source, ok := r.source(c, declared[i])
		if value, good := r.value(c.field, declared[i].Type); ok && good {
			changes = append(changes, factChange{source, value})
		}
	}
	return changes
}

// source is the property that a fact is written to: the first that holds it as it is.
func (r *reader) source(c child, d scoring.Fact) (string, bool) {
	if d.Count != "" {
		r.fail(field{c.key, c.mark}, "leave it out; a deal is told by `deal: open`, `won` or `lost`", "%s is counted, not given", c.name)
		return "", false
	}
	for _, s := range d.From {
		if !strings.Contains(s, "@") {
			return s, true
		}
	}
	r.fail(field{c.key, c.mark}, "leave it out and give the address", "%s is part of an address", c.name)
	return "", false
}

// value reads a fact in the CRM's writing; an empty one is a cleared fact.
func (r *reader) value(f field, t scoring.FactType) (string, bool) {
	if f.isNull() {
		return "", true
	}
	switch t {
	case scoring.TypeNumber:
		if _, err := strconv.ParseFloat(f.node.Value, 64); f.isText() && err == nil {
			return f.node.Value, true
		}
		r.fail(f, "write a number such as 250", "%s is %s, not a number", name(f.key), shape(f.node))
	case scoring.TypeBool:
		if f.isText() && (f.node.Value == "true" || f.node.Value == "false") {
			return f.node.Value, true
		}
		r.fail(f, "write true or false", "%s is %s, not true or false", name(f.key), shape(f.node))
	case scoring.TypeTime:
		if at, ok := r.moment(f); ok {
			return at.UTC().Format(time.RFC3339), true
		}
	case scoring.TypeText:
		text := r.text(f)
		return text, text != ""
	}
	return "", false
}

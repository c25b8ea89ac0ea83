package scoring

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// What the for of a piece of work can be besides a person and an assignment.
const (
	ForOwner     = "owner"      // the owner of the contact
	ForDealOwner = "deal_owner" // the owner of the newest open deal
)

// calling is what assignments and people can be called.
var calling = regexp.MustCompile(`^[a-z][a-z0-9]*([ ._-][a-z0-9]+)*$`)

// assignments reads who does the work (C21).
func (p *modelParser) assignments(f field) {
	p.notEmpty(f)
	items := p.entries(f)
	for _, item := range items {
		p.called(field{item.key, item.mark}, item.name)
		keys := p.fields(item.field, "entries", "sets_owner")
		a := assignment{name: item.name, setsOwner: p.yes(keys["sets_owner"])}
		if item.node.Kind == yaml.MappingNode && !keys["entries"].present() {
			p.fail(item.field, "add entries: with a list of people, such as [{people: [ada, jonas]}]", "the assignment %s says nothing about who does the work", item.name)
		}
		each(keys["entries"], func(f field) { a.entries = p.assignmentEntries(f) })
		p.model.assignments = append(p.model.assignments, a)
	}
	people := p.model.Workers()
	for _, item := range items {
		if slices.Contains(people, item.name) {
			p.fail(field{item.key, item.mark}, "call the assignment something else: for: names one or the other", "%s is a person too", item.name)
		}
	}
}

// called checks the name of an assignment or a person.
func (p *modelParser) called(f field, name string) {
	if name == ForOwner || name == ForDealOwner {
		p.fail(f, "choose another name", "%s is the owner of the contact or of its deal already", name)
		return
	}
	p.seen(f).pattern = calling
	if !calling.MatchString(name) {
		p.fail(f, "use small letters and digits, such as ada or inside sales", "%q cannot be a name", name)
	}
}

func (p *modelParser) assignmentEntries(f field) []assignmentEntry {
	var list []assignmentEntry
	all := 0 // the entry for everybody, from 1
	for i, item := range p.items(f) {
		keys := p.fields(item, "when", "people")
		if item.node.Kind != yaml.MappingNode {
			continue
		}
		if all > 0 {
			p.fail(item, "give that entry a when:, or put it last", "entry %d has no condition, so this one can never apply", all)
		}
		if !keys["people"].present() {
			p.fail(item, "add people: with a list of names, or of names with weights", "the entry says nothing about who does the work")
		}
		e := assignmentEntry{when: p.standing(keys["when"])}
		each(keys["people"], func(f field) { e.people = p.people(f) })
		if !keys["when"].present() && all == 0 {
			all = i + 1
		}
		list = append(list, e)
	}
	if f.node.Kind == yaml.SequenceNode && len(f.node.Content) == 0 {
		p.fail(f, "add an entry, such as {people: [ada, jonas]}", "entries is empty")
	}
	return list
}

// people reads those who share the work: names, or names with weights.
func (p *modelParser) people(f field) []ticketed {
	const heaviest, most = 100, 200
	var list []ticketed
	if f.node.Kind == yaml.MappingNode {
		p.notEmpty(f)
		for _, item := range p.entries(f) {
			p.called(field{item.key, item.mark}, item.name)
			list = append(list, ticketed{item.name, int(p.whole(item.field, 1, 1, heaviest))})
		}
	} else {
		for _, item := range p.items(f) {
			name := p.text(item)
			switch {
			case name == "": // reported as an empty text
			case slices.ContainsFunc(list, func(one ticketed) bool { return one.person == name }):
				p.fail(item, fmt.Sprintf("name each person once; {%s: 2} gives two turns", name), "%s is named twice", name)
			default:
				p.called(item, name)
				list = append(list, ticketed{name, 1})
			}
		}
		if f.node.Kind == yaml.SequenceNode && len(f.node.Content) == 0 {
			p.fail(f, "add a name, or remove the entry", "nobody is named")
		}
	}
	if len(list) > most {
		p.fail(f, fmt.Sprintf("keep %d", most), "there are %d people in one entry", len(list))
	}
	return list
}

// worker reads the for of a piece of work: ForOwner, ForDealOwner, an assignment or a person. The portal knows the
// people, so a name that is nothing else is taken for one, unless it is a slip of something that is there.
func (p *modelParser) worker(f field) string {
	name := p.text(f)
	if name == "" {
		return ""
	}
	p.seen(f).pattern = calling
	known := slices.Concat([]string{ForOwner, ForDealOwner}, p.model.Assignments())
	if slices.Contains(known, name) {
		p.model.dealOwner = p.model.dealOwner || name == ForDealOwner
		return name
	}
	plain := strings.NewReplacer(" ", "", "_", "", "-", "", ".", "").Replace
	i := slices.IndexFunc(known, func(other string) bool { return editDistance(plain(name), plain(other)) <= 1 })
	switch {
	case i >= 0 && !slices.Contains(p.model.Workers(), name):
		p.fail(f, fmt.Sprintf("did you mean %s?", known[i]), "%q is no assignment of the model", name)
	case !calling.MatchString(name):
		p.fail(f, "write owner, deal_owner, the name of an assignment, or that of a person as the portal has it", "%q cannot be a name", name)
	default:
		p.model.workers = append(p.model.workers, name)
	}
	return name
}

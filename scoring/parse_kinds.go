package scoring

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

func (p *modelParser) activities(f field) {
	below := map[string]bool{}
	list := p.entries(f)
	for _, item := range list {
		below[item.name] = true
	}
	for _, item := range list {
		p.named(field{item.key, item.mark}, item.name, label)
		k := p.kind(item, below)
		p.model.kindIndex[item.name] = len(p.model.kinds)
		p.model.kinds = append(p.model.kinds, k)
	}
	for i := range p.model.kinds {
		if p.model.kinds[i].machine.times > 0 {
			p.model.watched = append(p.model.watched, i)
		}
	}
}

// kind reads a kind of activity. below are the names of all kinds, so that one that stands further down is told
// from one that does not exist.
func (p *modelParser) kind(item entry, below map[string]bool) kindRule {
	k := kindRule{ActivityKind: ActivityKind{Kind: item.name}}
	keys := p.fields(item.field, "counter", "last", "first", "object", "of", "where", "any_of", "attributes", "machine")
	switch {
	case keys["of"].present() || keys["any_of"].present():
		p.madeKind(&k, item, keys, below)
		return k
	case keys["where"].present():
		p.fail(keys["where"], "add of: with the kind that it is about, or test it where the activity is used", "where belongs to a kind made of another")
	}
	p.kindSource(&k, item, keys)
	k.bases = []int{len(p.model.kinds)}
	k.attributes = map[string]attribute{}
	if f := keys["attributes"]; f.present() {
		p.attributes(f, &k)
	}
	if k.Counter != nil {
		k.Counter.NameProperty = k.Attributes["name"]
	}
	k.machine = p.machine(keys["machine"])
	return k
}

// kindSource reads how the CRM tells of a kind.
func (p *modelParser) kindSource(k *kindRule, item entry, keys map[string]field) {
	switch {
	case keys["counter"].present() && keys["object"].present():
		p.fail(keys["object"], "give either counter or object", "%s is both a counter and an object", item.name)
	case keys["counter"].present() || keys["last"].present() && !keys["object"].present():
		k.Counter = p.counter(keys)
	case keys["object"].present():
		k.Object = p.choice(keys["object"], "", "call", "meeting", "email", "note", "task", "communication")
		for _, name := range []string{"last", "first"} {
			if keys[name].present() {
				p.fail(keys[name], "leave it out: objects have times of their own", "%s belongs to a counter", name)
			}
		}
	case item.node.Kind == yaml.MappingNode:
		p.fail(item.field, "add counter: contact.PROPERTY or last: contact.PROPERTY (best both), or object: call, or of: or any_of: with kinds above it", "%s has no source", item.name)
	}
}

// attributes reads what an activity is described by: properties of the record or of the contact, and what is made
// of other attributes.
func (p *modelParser) attributes(f field, k *kindRule) {
	for _, item := range readFirst(p.entries(f)) {
		p.named(field{item.key, item.mark}, item.name, identifier)
		if _, inherited := k.attributes[item.name]; inherited {
			p.fail(field{item.key, item.mark}, "choose another name", "%s has an attribute %s from what it is made of", k.Kind, item.name)
			continue
		}
		if item.node.Kind == yaml.MappingNode || k.made() {
			k.attributes[item.name] = p.madeAttribute(item, k)
			continue
		}
		property := p.text(item.field)
		if k.Counter != nil {
			property = p.contactProperty(item.field)
		}
		if k.Attributes == nil {
			k.Attributes = map[string]string{}
		}
		k.Attributes[item.name] = property
		k.attributes[item.name] = attribute{property: property}
	}
}

// madeKind reads a kind that is made of others.
func (p *modelParser) madeKind(k *kindRule, item entry, keys map[string]field, below map[string]bool) {
	for _, name := range []string{"counter", "last", "first", "object", "machine"} {
		if keys[name].present() {
			p.fail(keys[name], "remove it here, it belongs to a kind that has a source of its own", "%s is made of other kinds and has no %s", item.name, name)
		}
	}
	switch of, where := keys["of"], keys["where"]; {
	case of.present() && keys["any_of"].present():
		p.fail(keys["any_of"], "split it into two kinds", "%s has both of and any_of", item.name)
		return
	case of.present():
		if from, ok := p.kindAbove(of, item.name, below); ok {
			k.from = []int{from}
		}
		if !where.present() && !keys["attributes"].present() {
			p.fail(item.field, "add where: with a condition over its attributes", "%s is the same as what it is made of", item.name)
		}
	default:
		k.anyOf = true
		p.members(k, keys["any_of"], below)
		if where.present() {
			p.fail(where, "make another kind below: of: "+item.name+" with this where", "where belongs to of, not to any_of")
		}
	}
	p.inherit(k, keys["any_of"])
	p.describeMade(k, keys)
}

// describeMade reads what a made kind has of its own: attributes, and which activities are of it.
func (p *modelParser) describeMade(k *kindRule, keys map[string]field) {
	if k.attributes == nil {
		return // of a mistake above: what its attributes are nobody knows
	}
	if f := keys["attributes"]; f.present() {
		p.attributes(f, k)
	}
	if !k.anyOf {
		k.where = p.condition(keys["where"], scope{model: p.model, attributes: k.attributes, kind: k.Kind})
	}
}

// members reads the kinds that a kind is all of.
func (p *modelParser) members(k *kindRule, f field, below map[string]bool) {
	list := p.items(f)
	sure := true
	for _, item := range list {
		from, ok := p.kindAbove(item, k.Kind, below)
		sure = sure && ok
		if ok && slices.Contains(k.from, from) {
			p.fail(item, "keep one of them", "%s is listed twice", p.model.kinds[from].Kind)
			continue
		}
		if ok {
			k.from = append(k.from, from)
		}
	}
	if f.node.Kind == yaml.SequenceNode && len(list) < 2 {
		p.fail(f, "list at least two kinds, or use of: for a part of one", "any_of lists %d", len(list))
	}
	if !sure {
		k.from = nil
	}
}

// kindAbove reads the name of a kind that has been declared already.
func (p *modelParser) kindAbove(f field, own string, below map[string]bool) (int, bool) {
	name := p.text(f)
	i, ok := p.model.kindIndex[name]
	switch {
	case ok || name == "":
	case name == own:
		p.fail(f, "name another kind", "%s is made of itself", name)
	case below[name]:
		p.fail(f, "move "+name+" above "+own, "%s stands below %s", name, own)
	default:
		p.fail(f, didYouMean(name, p.model.kindNames()), "unknown activity %q", name)
	}
	return i, ok
}

// inherit gives a made kind the sources and attributes of what it is made of.
func (p *modelParser) inherit(k *kindRule, f field) {
	if !k.made() {
		return
	}
	attributes := map[string]attribute{}
	for _, from := range k.from {
		one := &p.model.kinds[from]
		k.bases = append(k.bases, one.bases...)
		if one.attributes == nil {
			return
		}
		for _, name := range slices.Sorted(maps.Keys(one.attributes)) {
			if other, twice := attributes[name]; twice && !other.same(one.attributes[name]) {
				p.fail(f, "give the attributes different names", "the attribute %s of %s means something else than that of the kinds before", name, one.Kind)
			}
			attributes[name] = one.attributes[name]
		}
	}
	slices.Sort(k.bases)
	k.bases = slices.Compact(k.bases)
	k.attributes = attributes
}

// machine reads how fast somebody must be to be a machine.
func (p *modelParser) machine(f field) machineRule {
	if !f.present() {
		return machineRule{}
	}
	const least, most, longest = 2, 1000, 24 * time.Hour
	keys := p.fields(f, "times", "within")
	if f.node.Kind == yaml.MappingNode {
		for _, name := range []string{"times", "within"} {
			if !keys[name].present() {
				p.fail(f, "add "+name+":, such as {times: 4, within: 1m}", "machine has no %s", name)
			}
		}
	}
	rule := machineRule{times: int(p.whole(keys["times"], least, least, most))}
	if number, unit, ok := p.duration(keys["within"], "s", "m", "h"); ok {
		length := time.Duration(number) * unitLength(unit)
		if length > longest {
			p.fail(keys["within"], "use at most 24h; seconds or minutes are usual", "%s is too long for a burst", keys["within"].node.Value)
		}
		rule.within = length.Microseconds()
	}
	return rule
}

// counter reads the properties of a roll-up: how often, when last, or both.
func (p *modelParser) counter(keys map[string]field) *Counter {
	return &Counter{
		Property:      p.contactProperty(keys["counter"]),
		LastProperty:  p.contactProperty(keys["last"]),
		FirstProperty: p.contactProperty(keys["first"]),
	}
}

// contactSource is contact.PROPERTY as a pattern.
var contactSource = regexp.MustCompile(`^contact\.[a-z][a-z0-9_]*$`)

// contactProperty reads contact.PROPERTY and returns the property.
func (p *modelParser) contactProperty(f field) string {
	name := p.text(f)
	p.seen(f).pattern = contactSource
	property := strings.TrimPrefix(name, "contact.")
	if name != "" && !contactSource.MatchString(name) {
		p.fail(f, "write contact.PROPERTY with the internal name of the property", "%q is not a property of the contact", name)
	}
	return property
}

// occasion reads activity and where.
func (p *modelParser) occasion(keys map[string]field) (kind int, where *condition, ok bool) {
	name := p.text(keys["activity"])
	if kind, ok = p.model.kindIndex[name]; !ok {
		if name != "" {
			p.fail(keys["activity"], didYouMean(name, p.model.kindNames()), "unknown activity %q", name)
		}
		return 0, nil, false
	}
	if s, known := p.model.attributeScope(kind); known {
		where = p.condition(keys["where"], s)
	}
	return kind, where, true
}

package scoring

import (
	"maps"
	"slices"

	"go.yaml.in/yaml/v4"
)

// madeAttribute reads an attribute that is made of another one of the kind: the first word whose patterns are found in it.
func (p *modelParser) madeAttribute(item entry, k *kindRule) attribute {
	if item.node.Kind != yaml.MappingNode {
		p.fail(item.field, "write {of: ATTRIBUTE, options: {WORD: [PATTERN]}}", "%s is %s, but an attribute of %s can only be made of another one", item.name, shape(item.node), k.Kind)
		return attribute{}
	}
	keys := p.fields(item.field, "of", "options")
	if !keys["of"].present() {
		p.fail(item.field, "add of: with the attribute that it is made of", "%s is made of nothing", item.name)
	}
	if !keys["options"].present() {
		p.fail(item.field, "add options: with words and the patterns that lead to them", "%s has no words", item.name)
	}
	made := &madeAttribute{of: p.text(keys["of"]), wording: newWording(item.name), id: p.model.madeAttributes}
	p.model.madeAttributes++
	p.readAttribute(keys["of"], k, made.of)
	if f := keys["options"]; f.present() {
		p.findings(f, made)
	}
	return attribute{made: made}
}

// readAttribute checks that an attribute can be made of the one of that name.
func (p *modelParser) readAttribute(f field, k *kindRule, name string) {
	var names []string
	for _, one := range slices.Sorted(maps.Keys(k.attributes)) {
		if k.attributes[one].made == nil {
			names = append(names, one)
		}
	}
	other, known := k.attributes[name]
	switch {
	case name == "" || known && other.made == nil:
	case known:
		p.fail(f, "make it of "+other.made.of, "%s is made of another attribute itself", name)
	default:
		p.fail(f, didYouMean(name, names), "unknown attribute %s of %s", name, k.Kind)
	}
}

// findings reads words with the patterns of has_word that lead to them.
func (p *modelParser) findings(f field, made *madeAttribute) {
	p.notEmpty(f)
	owner := map[string]string{}
	for _, item := range p.entries(f) {
		mark := field{item.key, item.mark}
		p.seen(mark).pattern = wordPattern
		if word := p.word(mark); made.wording.has(word) {
			p.fail(mark, "keep one of them; case makes no difference", "%s is given twice", item.name)
			continue
		}
		made.wording.add(item.name)
		option := Option{Word: item.name}
		var patterns []string
		for _, one := range p.wordItems(item.field) {
			text := p.text(one)
			spellings := wordPatterns(text)
			if text != "" && len(spellings) == 0 {
				p.fail(one, "write a word with letters or digits", "%q has no word in it", text)
			}
			if other, taken := owner[foldCase(text)]; taken && text != "" {
				p.fail(one, "give it to one of them", "%q leads to %s already", text, other)
			}
			owner[foldCase(text)] = item.name
			patterns = append(patterns, spellings...)
			option.Labels = append(option.Labels, text)
		}
		made.source = append(made.source, option)
		made.patterns = append(made.patterns, patterns)
	}
}

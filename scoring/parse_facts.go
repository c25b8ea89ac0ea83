package scoring

import (
	"regexp"

	"go.yaml.in/yaml/v4"

	"leadsync/scoring/vocabulary"
)

func (p *modelParser) facts(f field) {
	p.notEmpty(f)
	for _, item := range p.entries(f) {
		p.named(field{item.key, item.mark}, item.name, identifier)
		p.model.factIndex[item.name] = len(p.model.facts)
		p.model.facts = append(p.model.facts, p.fact(item))
	}
}

func (p *modelParser) fact(item entry) Fact {
	fact := Fact{Name: item.name, Type: TypeNumber}
	keys := p.fields(item.field, "from", "type", "count", "deals", "options", "vocabulary", "otherwise")
	read := false
	for _, name := range []string{"from", "type", "deals", "options", "vocabulary", "otherwise"} {
		read = read || keys[name].present()
	}
	switch {
	case keys["count"].present() && read:
		p.fail(keys["count"], "give either count, or from and what belongs to it", "%s is both counted and read", item.name)
	case keys["count"].present():
		fact.Count = p.choice(keys["count"], "", "open_deals", "won_deals", "lost_deals", "known_properties", "recycled")
		fact.From = []string{"count." + fact.Count}
	case keys["deals"].present():
		p.ofDeals(&fact, keys)
	case keys["from"].present():
		fact.Type = FactType(p.choice(keys["type"], string(TypeText), string(TypeText), string(TypeNumber), string(TypeBool), string(TypeTime)))
		fact.From = p.sources(keys["from"])
		p.worded(&fact, keys)
	case item.node.Kind == yaml.MappingNode:
		p.fail(item.field, "add from: [contact.PROPERTY] or count: open_deals", "%s has no source", item.name)
	}
	return fact
}

// source is a property of the contact or of its company.
var source = regexp.MustCompile(`^(contact|company)\.[a-z0-9_]+(@domain)?$`)

func (p *modelParser) sources(f field) []string {
	var from []string
	for _, item := range p.items(f) {
		p.seen(item).pattern = source
		name := p.text(item)
		if name != "" && !source.MatchString(name) {
			p.fail(item, "write contact.PROPERTY or company.PROPERTY with the internal name of the property", "%q is not a property", name)
		}
		from = append(from, name)
	}
	if f.node.Kind == yaml.SequenceNode && len(from) == 0 {
		p.fail(f, "write from: [contact.PROPERTY]", "from lists nothing")
	}
	return from
}

// worded reads how the texts of a fact become words: by options or by a vocabulary.
func (p *modelParser) worded(fact *Fact, keys map[string]field) {
	options, named, otherwise := keys["options"], keys["vocabulary"], keys["otherwise"]
	switch {
	case options.present() && named.present():
		p.fail(named, "keep one of them", "%s has both options and a vocabulary", fact.Name)
		return
	case options.present():
		fact.wording = p.options(options, fact.Name)
	case named.present():
		fact.Vocabulary = p.choice(named, "", vocabulary.Names()...)
		fact.wording = vocabularyWording(fact.Name, fact.Vocabulary)
	case otherwise.present():
		p.fail(otherwise, "add options: or vocabulary:, or remove it", "otherwise belongs to options or to a vocabulary")
		return
	default:
		return
	}
	if fact.Type != TypeText {
		p.fail(keys["type"], "remove type:, or the words", "only texts have words, and %s is %s", fact.Name, describe(fact.Type))
		fact.wording = nil
		return
	}
	if word := p.word(otherwise); word != "" && fact.wording != nil {
		fact.wording.otherwise = fact.wording.add(word)
		fact.Otherwise = fact.wording.names[fact.wording.otherwise]
	}
}

// vocabularyWording is the wording by a vocabulary, nil if there is none of that name.
func vocabularyWording(fact, name string) *wording {
	v, err := vocabulary.Open(name)
	if err != nil {
		return nil // reported where the name stands
	}
	w := newWording(fact, v.Words()...)
	w.vocabulary = v
	return w
}

// wordPattern is what a word of a model can be: any text without spaces to spare.
var wordPattern = regexp.MustCompile(`^\S+( \S+)*$`)

// word reads a word of the model's own; an absent key gives "".
func (p *modelParser) word(f field) string {
	if !f.present() {
		return ""
	}
	word := p.text(f)
	if word != "" && !wordPattern.MatchString(f.node.Value) {
		p.fail(f, "write words with single spaces between them", "%q cannot be a word", f.node.Value)
		return ""
	}
	return word
}

// options reads words with their labels. All words are there before the labels, so that a label that is another
// word is found whatever the order.
func (p *modelParser) options(f field, of string) *wording {
	p.notEmpty(f)
	w := newWording(of)
	list := p.entries(f)
	for _, item := range list {
		mark := field{item.key, item.mark}
		p.seen(mark).pattern = wordPattern
		word := p.word(mark)
		if _, twice := w.byLabel[labelKey(word)]; twice && word != "" {
			p.fail(mark, "keep one of them; case makes no difference", "%s is given twice", item.name)
		}
		w.add(word)
	}
	for _, item := range list {
		own, known := w.byLabel[labelKey(item.name)]
		option := Option{Word: item.name}
		for _, label := range p.wordItems(item.field) {
			text := p.text(label)
			option.Labels = append(option.Labels, text)
			if !known {
				continue // the word is the mistake
			}
			p.label(label, w, own, text)
		}
		w.options = append(w.options, option)
	}
	return w
}

// wordItems reads a list that holds at least one text.
func (p *modelParser) wordItems(f field) []field {
	items := p.items(f)
	if f.node.Kind == yaml.SequenceNode && len(items) == 0 {
		p.fail(f, "list at least one text", "%s lists nothing", last(f.key))
	}
	return items
}

// label ties a label to its word.
func (p *modelParser) label(f field, w *wording, own int, text string) {
	key := labelKey(text)
	other, taken := w.byLabel[key]
	switch {
	case key == "": // reported as an empty text
	case !taken:
		w.byLabel[key] = own
	case other != own:
		p.fail(f, "give it to one of them", "%q belongs to %s already", text, w.names[other])
	case key != labelKey(w.names[own]):
		p.fail(f, "keep one of them; case and space make no difference", "%q is listed twice", text)
	}
}

// words reads lists of words.
func (p *modelParser) words(f field) {
	p.notEmpty(f)
	for _, item := range p.entries(f) {
		mark := field{item.key, item.mark}
		p.named(mark, item.name, identifier)
		if _, taken := p.model.factIndex[item.name]; taken {
			p.fail(mark, "choose another name", "%s is a fact already", item.name)
		}
		var words []string
		seen := map[string]bool{}
		for _, one := range p.wordItems(item.field) {
			word := p.text(one)
			if key := foldCase(word); word != "" && seen[key] {
				p.fail(one, "keep one of them; case makes no difference", "%q is listed twice", word)
			} else {
				seen[key] = true
			}
			words = append(words, word)
		}
		p.model.lists = append(p.model.lists, newWordList(item.name, words))
	}
	p.model.ownLists = len(p.model.lists)
}

// readFirst puts attributes that are made of others behind those that are read.
func readFirst(list []entry) []entry {
	var read, made []entry
	for _, item := range list {
		if item.node.Kind == yaml.MappingNode {
			made = append(made, item)
			continue
		}
		read = append(read, item)
	}
	return append(read, made...)
}

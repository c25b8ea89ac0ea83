package agreement

import (
	"bytes"
	"encoding/json"
	"fmt"

	"leadsync/scoring"
)

// file is a model as its canonical text has it. Every key is named here: one that a later language adds is an error
// until the agreement says it, so nothing that both sides agreed on is left out in silence.
type file struct {
	Model      string            `json:"model"`
	ApprovedBy map[string]string `json:"approved_by"`
	Grid       string            `json:"grid"`
	TimeZone   string            `json:"time_zone"`
	PushStep   json.Number       `json:"push_step"`

	Facts      map[string]fact     `json:"facts"`
	Words      map[string][]string `json:"words"`
	Activities map[string]activity `json:"activities"`

	Scores    map[string]score `json:"scores"`
	Grades    map[string]axis  `json:"grades"`
	Tiers     map[string]tier  `json:"tiers"`
	Gates     map[string]gate  `json:"gates"`
	Lifecycle []stage          `json:"lifecycle"`
	Variants  []variant        `json:"variants"`

	LeadStatus  []status              `json:"lead_status"`
	Assignments map[string]assignment `json:"assignments"`
	FollowUps   []followUp            `json:"follow_ups"`
	Response    []clock               `json:"response"`
	Misjudged   *misjudged            `json:"misjudged"`
	Overrides   *overrides            `json:"overrides"`
	Handover    *handover             `json:"handover"`
	Audiences   map[string]audience   `json:"audiences"`
	Advertising *advertising          `json:"advertising"`
	Rank        *rank                 `json:"rank"`
	Companies   *companies            `json:"companies"`

	DoNotProfile string      `json:"do_not_profile"`
	Invariants   []invariant `json:"invariants"`
}

// read gives the file of a model.
func read(m *scoring.Model) (*file, error) {
	var f file
	if err := strictly(m.Canonical(), &f); err != nil {
		return nil, fmt.Errorf("read the canonical text of model %q: %w", m.Name(), err)
	}
	return &f, nil
}

// strictly decodes what has no keys but those of into.
func strictly(b []byte, into any) error {
	from := json.NewDecoder(bytes.NewReader(b))
	from.DisallowUnknownFields()
	return from.Decode(into)
}

// words is a text in one language or several.
type words map[string]string

// UnmarshalJSON takes a text alone for English.
func (w *words) UnmarshalJSON(b []byte) error {
	var alone string
	if json.Unmarshal(b, &alone) == nil {
		*w = words{"en": alone}
		return nil
	}
	return json.Unmarshal(b, (*map[string]string)(w))
}

type fact struct {
	From       []string `json:"from"`
	Type       string   `json:"type"`
	Vocabulary string   `json:"vocabulary"`
	Options    pairs    `json:"options"`
	Otherwise  string   `json:"otherwise"`
	Count      string   `json:"count"`
	Deals      string   `json:"deals"`
}

type activity struct {
	Counter    string               `json:"counter"`
	Last       string               `json:"last"`
	First      string               `json:"first"`
	Object     string               `json:"object"`
	Attributes map[string]attribute `json:"attributes"`
	Machine    *struct {
		Times  json.Number `json:"times"`
		Within string      `json:"within"`
	} `json:"machine"`
	Of    string   `json:"of"`
	Where string   `json:"where"`
	AnyOf []string `json:"any_of"`
}

// attribute is the source of an attribute, or how it is made of another.
type attribute struct {
	From    string `json:"-"`
	Of      string `json:"of"`
	Options pairs  `json:"options"`
}

// UnmarshalJSON takes a text alone for the source.
func (a *attribute) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &a.From) == nil {
		return nil
	}
	type plain attribute
	return strictly(b, (*plain)(a))
}

type score struct {
	Maximum json.Number `json:"maximum"`
	Minimum json.Number `json:"minimum"`
	Rules   []rule      `json:"rules"`
}

// rule is a rule of a score, or a group of them.
type rule struct {
	Name       string      `json:"name"`
	When       string      `json:"when"`
	Activity   string      `json:"activity"`
	Where      string      `json:"where"`
	Points     json.Number `json:"points"`
	Cap        json.Number `json:"cap"`
	Window     string      `json:"window"`
	HalfLife   string      `json:"half_life"`
	AtLeast    json.Number `json:"at_least"`
	AtMost     *most       `json:"at_most"`
	Loses      *loss       `json:"loses"`
	Steps      pairs       `json:"steps"`
	Supporting bool        `json:"supporting"`
	Silence    string      `json:"silence"`
	After      string      `json:"after"`
	Every      string      `json:"every"`

	Group   string      `json:"group"`
	Maximum json.Number `json:"maximum"`
	Minimum json.Number `json:"minimum"`
	Rules   []rule      `json:"rules"`
}

// most is how many count: the latest, or the earliest of each period.
type most struct {
	Times json.Number `json:"times"`
	Per   string      `json:"per"`
}

// UnmarshalJSON takes a number alone for the latest.
func (m *most) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &m.Times) == nil {
		return nil
	}
	type plain most
	return strictly(b, (*plain)(m))
}

type loss struct {
	Points json.Number `json:"points"`
	Every  string      `json:"every"`
}

// pairs are names, each with a value as it stands in the file, in its order.
type pairs []struct {
	name  string
	value json.RawMessage
}

// UnmarshalJSON keeps the order of the file, which means something: that of steps is the order of the ages, that of
// options decides which word is found first.
func (p *pairs) UnmarshalJSON(b []byte) error {
	from := json.NewDecoder(bytes.NewReader(b))
	if _, err := from.Token(); err != nil {
		return err
	}
	for from.More() {
		name, err := from.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := from.Decode(&value); err != nil {
			return err
		}
		*p = append(*p, struct {
			name  string
			value json.RawMessage
		}{fmt.Sprint(name), value})
	}
	return nil
}

// axis is a letter or a number of grades: the score, and the bounds by mark.
type axis map[string]json.RawMessage

// tier has grades, or the least sum.
type tier struct {
	grades []string
	sum    json.Number
}

// UnmarshalJSON takes a number for the sum.
func (t *tier) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &t.sum) == nil {
		return nil
	}
	return json.Unmarshal(b, &t.grades)
}

type gate struct {
	Requires     string   `json:"requires"`
	Forbids      string   `json:"forbids"`
	Complete     []string `json:"complete"`
	Confirmation bool     `json:"confirmation"`
	Ask          words    `json:"ask"`
}

type stage struct {
	Stage     string                 `json:"stage"`
	Owner     scoring.Side           `json:"owner"`
	When      string                 `json:"when"`
	Scores    map[string]json.Number `json:"scores"`
	Gates     []string               `json:"gates"`
	Direct    string                 `json:"direct"`
	Manual    bool                   `json:"manual"`
	SideTrack bool                   `json:"side_track"`
}

type variant struct {
	Name      string           `json:"name"`
	When      string           `json:"when"`
	Scores    map[string]score `json:"scores"`
	Grades    map[string]axis  `json:"grades"`
	Tiers     map[string]tier  `json:"tiers"`
	Gates     map[string]gate  `json:"gates"`
	Lifecycle []stage          `json:"lifecycle"`
}

type status struct {
	Status   string `json:"status"`
	OnStage  string `json:"on_stage"`
	Activity string `json:"activity"`
	Where    string `json:"where"`
}

type assignment struct {
	SetsOwner bool `json:"sets_owner"`
	Entries   []struct {
		When   string `json:"when"`
		People people `json:"people"`
	} `json:"entries"`
}

// people are names, some with a weight.
type people []string

// UnmarshalJSON writes a weight behind the name.
func (p *people) UnmarshalJSON(b []byte) error {
	var names []string
	if json.Unmarshal(b, &names) == nil {
		*p = names
		return nil
	}
	var weights map[string]json.Number
	if err := json.Unmarshal(b, &weights); err != nil {
		return err
	}
	for _, name := range sorted(weights) {
		*p = append(*p, fmt.Sprintf("%s ×%s", name, weights[name]))
	}
	return nil
}

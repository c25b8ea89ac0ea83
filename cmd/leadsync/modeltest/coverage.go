package modeltest

import (
	"slices"

	"leadsync/scoring"
	"leadsync/workflows"
)

// The kinds of thing that a story can reach.
const (
	coversRule     = "score rule"
	coversHolds    = "gate that holds back"
	coversLets     = "gate that lets through"
	coversVariant  = "variant"
	coversStage    = "stage"
	coversStatus   = "lead status"
	coversFollowUp = "follow-up"
	coversAudience = "audience"
)

// Item is something of a model that a story can reach.
type Item struct {
	What string `json:"what"`
	Name string `json:"name"`
}

// Coverage says what of one model the stories of all files reached.
type Coverage struct {
	Model string `json:"model"` // the model's own name
	// Version tells models of one name apart.
	Version   string `json:"version"`
	Reached   int    `json:"reached"`
	Items     int    `json:"items"`
	Unreached []Item `json:"unreached"` // in the order of the model
	// Outcomes are how the stories ended that ended with a deal won or lost, the best band first.
	Outcomes []Outcome `json:"outcomes"`
}

// coverage collects what the stories reach.
type coverage struct {
	model    *scoring.Model
	seen     map[Item]bool
	outcomes map[string]Outcome
}

func newCoverage(m *scoring.Model) *coverage {
	return &coverage{model: m, seen: map[Item]bool{}, outcomes: map[string]Outcome{}}
}

// items are all that a story can reach. A gate is only tested by a lead that it holds back and one that passes.
func (c *coverage) items() []Item {
	var items []Item
	for _, x := range c.model.Criteria() {
		switch x.What {
		case "score rule":
			items = append(items, Item{coversRule, x.Name})
		case "gate":
			items = append(items, Item{coversHolds, x.Name}, Item{coversLets, x.Name})
		}
	}
	for _, v := range c.model.Variants() {
		items = append(items, Item{coversVariant, v})
	}
	for _, s := range c.model.Stages() {
		items = append(items, Item{coversStage, s.Name})
	}
	for _, s := range c.model.Statuses() {
		items = append(items, Item{coversStatus, s})
	}
	for _, f := range c.model.FollowUps() {
		items = append(items, Item{coversFollowUp, f.Name})
	}
	for _, a := range c.model.Audiences() {
		items = append(items, Item{coversAudience, a.Name})
	}
	told := map[Item]bool{} // variants can have rules and gates of one name
	return slices.DeleteFunc(items, func(i Item) bool {
		again := told[i]
		told[i] = true
		return again
	})
}

func (c *coverage) result() Coverage {
	items := c.items()
	left := slices.DeleteFunc(slices.Clone(items), func(i Item) bool { return c.seen[i] })
	return Coverage{
		Model: c.model.Name(), Version: c.model.Version(),
		Items: len(items), Reached: len(items) - len(left), Unreached: append([]Item{}, left...),
		Outcomes: c.bands(),
	}
}

// see takes what an evaluation says. A rule of which nothing is left, for want of evidence, is not reached.
func (c *coverage) see(e scoring.Evaluation) {
	c.seen[Item{coversVariant, e.Variant}] = true
	for _, s := range e.Scores {
		sums := map[string]scoring.Points{}
		for _, l := range s.Lines {
			sums[l.Rule] += l.Result
		}
		for rule, sum := range sums { // in any order: they only set marks
			if rule != "" && sum != 0 {
				c.seen[Item{coversRule, s.Name + ": " + rule}] = true
			}
		}
	}
	for _, v := range e.Stages {
		for _, check := range v.Checks {
			switch {
			case check.Kind != scoring.CheckGate && check.Kind != scoring.CheckConfirmation:
			case check.State == scoring.True:
				c.seen[Item{coversLets, check.Name}] = true
			default:
				c.seen[Item{coversHolds, check.Name}] = true
			}
		}
	}
}

// act takes what was planned. What is closed covers the closing rule, not the rule that once made the task.
func (c *coverage) act(a workflows.Action) {
	if a.Reason.Code == workflows.ReasonAudienceJoined {
		c.seen[Item{coversAudience, a.Rule}] = true
		return
	}
	if a.Mode == workflows.ModeOn && a.Rule != "" && a.Kind != workflows.KindClose {
		c.seen[Item{coversFollowUp, a.Rule}] = true
	}
}

// stand takes where the lead stands. A rule that closes reminders leaves no trace of its own: leaving the status
// before may have closed them already.
func (c *coverage) stand(stage, status string) {
	c.seen[Item{coversStage, stage}] = true
	c.seen[Item{coversStatus, status}] = true
	for _, f := range c.model.FollowUps() {
		if f.CloseTasks && (f.OnStatus != "" && f.OnStatus == status || f.OnStage != "" && f.OnStage == stage) {
			c.seen[Item{coversFollowUp, f.Name}] = true
		}
	}
}

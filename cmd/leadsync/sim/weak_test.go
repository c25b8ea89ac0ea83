package sim_test

import (
	"math/rand/v2"

	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/workflows"
)

// weakClient is what of a weakness lives in the client.
func weakClient(w workflows.Weakness) hubspot.Weak {
	return hubspot.Weak{
		Repeats: w.Without(workflows.NoBlindRepeat), Uncompared: w.Without(workflows.AnswerCompared),
		SilentAbsent: w.Without(workflows.SilenceIsNotAbsence), Overwrites: w.Without(workflows.Untouched),
	}
}

// marked makes a client for an account without unique keys.
func marked(settings hubspot.Config) func(kinds, plain map[connector.ObjectType]bool) (service.CRM, error) {
	return func(kinds, plain map[connector.ObjectType]bool) (service.CRM, error) {
		settings.Unkeyed, settings.PlainKey = kinds, plain
		return hubspot.New(settings)
	}
}

// world is what kind of account a story happens in.
type world struct {
	marked bool // it has no unique keys: nothing refuses a second creation
}

// world draws it, apart from everything else that is left to chance.
func (p *play) world() world {
	r := rand.New(rand.NewPCG(p.o.Seed, 3))
	w := world{marked: r.IntN(3) == 0 || p.dice.topic == creationsLate || p.dice.topic == creationsLost && r.IntN(2) == 0}
	if p.o.Weak.Without(workflows.UniqueKey) { // the keys are there, and nobody enforces them
		w.marked = true
	}
	return w
}

// settings are the portal's keys in the configuration that hang on the world.
func (w world) settings() string {
	if w.marked {
		return "    without_unique_keys: marker\n"
	}
	return ""
}

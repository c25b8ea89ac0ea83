package simulator

import (
	"fmt"
	"slices"
	"strconv"
)

// Pipeline is a deal pipeline with its stages in order.
type Pipeline struct {
	ID           string  `json:"id"`
	Label        string  `json:"label"`
	DisplayOrder int     `json:"displayOrder"`
	Stages       []Stage `json:"stages"`
}

// Stage is one stage of a pipeline. Metadata holds strings: isClosed and
// probability (hubspot-api 8).
type Stage struct {
	ID               string            `json:"id"`
	Label            string            `json:"label"`
	DisplayOrder     int               `json:"displayOrder"`
	Metadata         map[string]string `json:"metadata"`
	WritePermissions string            `json:"writePermissions"`
}

func makeStages(rows ...[3]string) []Stage {
	var out []Stage
	for i, r := range rows {
		closed := r[2] == "1.0" || r[2] == "0.0"
		out = append(out, Stage{
			ID: r[0], Label: r[1], DisplayOrder: i, WritePermissions: "CRM_PERMISSIONS_ENFORCEMENT",
			Metadata: map[string]string{"isClosed": strconv.FormatBool(closed), "probability": r[2]},
		})
	}
	return out
}

// defaultPipelines are HubSpot's own and one that an admin made, whose ids are
// numbers (hubspot-api 8).
func defaultPipelines() map[string][]Pipeline {
	return map[string][]Pipeline{Deals: {
		{ID: "default", Label: "Sales Pipeline", Stages: makeStages(
			[3]string{"appointmentscheduled", "Appointment Scheduled", "0.2"}, [3]string{"qualifiedtobuy", "Qualified To Buy", "0.4"},
			[3]string{"presentationscheduled", "Presentation Scheduled", "0.6"}, [3]string{"decisionmakerboughtin", "Decision Maker Bought-In", "0.8"},
			[3]string{"contractsent", "Contract Sent", "0.9"}, [3]string{"closedwon", "Closed Won", "1.0"}, [3]string{"closedlost", "Closed Lost", "0.0"},
		)},
		{ID: "74230118", Label: "Partner Sales", DisplayOrder: 1, Stages: makeStages(
			[3]string{"147110231", "Introduced", "0.2"}, [3]string{"147110232", "Joint Offer", "0.5"},
			[3]string{"147110233", "Signed", "1.0"}, [3]string{"147110234", "Dropped", "0.0"},
		)},
	}}
}

// Pipelines returns the pipelines of a type.
func (a *Account) Pipelines(typ string) []Pipeline {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.pipes[canonicalType(typ)])
}

// AddPipeline adds a deal pipeline; its ids must be new.
func (a *Account) AddPipeline(p Pipeline) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range p.Stages {
		if _, taken := a.stage(s.ID); taken {
			return fmt.Errorf("add pipeline %q: stage %q: %w", p.ID, s.ID, ErrConflict)
		}
	}
	p.DisplayOrder = len(a.pipes[Deals])
	a.pipes[Deals] = append(a.pipes[Deals], p)
	a.syncStageOptions()
	return nil
}

func (a *Account) stage(id string) (Stage, bool) {
	for _, p := range a.pipes[Deals] {
		for _, s := range p.Stages {
			if s.ID == id {
				return s, true
			}
		}
	}
	return Stage{}, false
}

// syncStageOptions shows pipelines and stages as the options of the deal properties.
func (a *Account) syncStageOptions() {
	t := a.tables[Deals]
	var pipes, stages []Option
	for _, p := range a.pipes[Deals] {
		pipes = append(pipes, Option{Label: p.Label, Value: p.ID, DisplayOrder: p.DisplayOrder})
		for _, s := range p.Stages {
			stages = append(stages, Option{Label: s.Label, Value: s.ID, DisplayOrder: len(stages)})
		}
	}
	t.props["pipeline"].Options, t.props["dealstage"].Options = pipes, stages
}

// strayStage says when a deal's stage would not be one of its pipeline.
func (a *Account) strayStage(t *table, r *record, changes []change) string {
	if t.name != Deals {
		return ""
	}
	pipeline, stage := "default", ""
	if r != nil {
		pipeline, stage = r.text("pipeline"), r.text("dealstage")
	}
	for _, c := range changes {
		switch c.key {
		case t.key("pipeline"):
			pipeline = c.val
		case t.key("dealstage"):
			stage = c.val
		}
	}
	for _, p := range a.pipes[Deals] {
		if p.ID == pipeline && (stage == "" || slices.ContainsFunc(p.Stages, func(s Stage) bool { return s.ID == stage })) {
			return ""
		}
	}
	return fmt.Sprintf("Stage %q is not a stage of pipeline %q.", stage, pipeline)
}

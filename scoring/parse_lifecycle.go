package scoring

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"
)

func (p *modelParser) lifecycle(f field) {
	owner := SideMarketing
	for _, item := range p.items(f) {
		keys := p.fields(item, "stage", "owner", "when", "scores", "gates", "direct", "manual", "side_track")
		stage := stageRule{Stage: Stage{Name: p.text(keys["stage"]), SideTrack: p.yes(keys["side_track"]), Manual: p.yes(keys["manual"])}}
		owner = Side(p.choice(keys["owner"], string(p.ownerAbove(stage.Name, owner)), string(SideMarketing), string(SideSales)))
		stage.Owner = owner
		p.stageName(item, keys, stage.Name)
		stage.scores = p.thresholds(keys["scores"])
		stage.gates = p.stageGates(keys["gates"])
		stage.when = p.condition(keys["when"], scope{model: p.model})
		stage.direct = p.condition(keys["direct"], scope{model: p.model})
		p.stageCriteria(item, keys, stage.Stage)
		p.model.stageIndex[stage.Name] = len(p.model.stages)
		p.model.stages = append(p.model.stages, stage)
	}
	if most := 100; len(p.model.stages) > most {
		p.fail(f, fmt.Sprintf("keep %d", most), "there are %d stages", len(p.model.stages))
	}
	if _, ok := p.model.stageIndex["mql"]; !ok && p.base == nil && f.node.Kind == yaml.SequenceNode {
		p.fail(f, "add a stage mql with scores, gates or a condition, agreed by marketing and sales (S37)", "there is no definition of mql")
	}
}

// ownerAbove is who answers for a stage that does not say so itself: the owner of the stage before it; in a variant
// that of the same stage at the top of the file.
func (p *modelParser) ownerAbove(stage string, before Side) Side {
	if p.base != nil {
		if i, ok := p.base.stageIndex[stage]; ok {
			return p.base.stages[i].Owner
		}
	}
	return before
}

func (p *modelParser) stageName(item field, keys map[string]field, name string) {
	if !keys["stage"].present() {
		if item.node.Kind == yaml.MappingNode {
			p.fail(item, "add stage: and a name", "the stage has no name")
		}
		return
	}
	if name == "" {
		return
	}
	p.named(keys["stage"], name, label)
	if _, twice := p.model.stageIndex[name]; twice {
		p.fail(keys["stage"], "keep one of them", "the stage %s is given twice", name)
	}
}

// stageCriteria refuses a stage that nothing reaches, and a stage that says two things.
func (p *modelParser) stageCriteria(item field, keys map[string]field, stage Stage) {
	var criteria []field
	for _, name := range []string{"when", "scores", "gates", "direct"} {
		if keys[name].present() {
			criteria = append(criteria, keys[name])
		}
	}
	switch {
	case stage.Manual && len(criteria) > 0:
		p.fail(criteria[0], "remove manual or the criteria", "only people set %s, yet it has criteria", stage.Name)
	case stage.Manual && stage.Name == "mql":
		p.fail(keys["manual"], "give scores, gates or a condition (S37)", "there is no definition of mql")
	case !stage.Manual && len(criteria) == 0 && item.node.Kind == yaml.MappingNode:
		p.fail(item, "add when:, scores:, gates: or direct:, or manual: true if only people set it", "the stage %s has no criterion", stage.Name)
	}
}

func (p *modelParser) thresholds(f field) []threshold {
	if !f.present() {
		return nil
	}
	p.notEmpty(f)
	var list []threshold
	for _, item := range p.entries(f) {
		i := slices.Index(p.model.ScoreNames(), item.name)
		if i < 0 && len(p.model.scores) == 0 {
			continue // reported where the scores should be
		}
		if i < 0 {
			p.fail(field{item.key, item.mark}, didYouMean(item.name, p.model.ScoreNames()), "unknown score %s", item.name)
			continue
		}
		score := &p.model.scores[i]
		want, ok := p.points(item.field)
		if ok && score.maximum != nil && want > *score.maximum {
			p.fail(item.field, "lower the threshold or raise the maximum", "%s points cannot be reached: the maximum of %s is %s", want, item.name, score.maximum)
		}
		list = append(list, threshold{score: i, want: want})
	}
	return list
}

func (p *modelParser) stageNames() []string {
	return stageNames(p.model.stages)
}

// stageOf reads the name of a stage.
func (p *modelParser) stageOf(f field) string {
	name := p.text(f)
	if _, ok := p.model.stageIndex[name]; !ok && name != "" && len(p.model.stages) > 0 {
		p.fail(f, didYouMean(name, p.stageNames()), "unknown stage %q", name)
	}
	return name
}

func (p *modelParser) leadStatus(f field) {
	for _, item := range p.items(f) {
		keys := p.fields(item, "status", "on_stage", "activity", "where")
		rule := statusRule{StatusRule: StatusRule{Status: p.text(keys["status"])}}
		switch {
		case !keys["status"].present() && item.node.Kind == yaml.MappingNode:
			p.fail(item, "add status: and a name", "the lead status has no name")
		case rule.Status != "":
			p.named(keys["status"], rule.Status, label)
		}
		switch {
		case keys["on_stage"].present() && keys["activity"].present():
			p.fail(keys["activity"], "split it into two entries with the same status", "the entry has both on_stage and activity")
		case keys["on_stage"].present():
			rule.OnStage = p.stageOf(keys["on_stage"])
		case keys["activity"].present():
			_, rule.where, _ = p.occasion(keys)
			rule.Activity = p.text(keys["activity"])
		}
		if keys["where"].present() && !keys["activity"].present() {
			p.fail(keys["where"], "add activity:, or remove where", "where needs an activity")
		}
		p.repeatedStatus(item, rule)
		p.model.statusRules = append(p.model.statusRules, rule)
		if !slices.Contains(p.model.statuses, rule.Status) {
			p.model.statuses = append(p.model.statuses, rule.Status)
		}
	}
}

// repeatedStatus refuses two entries that say the same. A status may have several causes.
func (p *modelParser) repeatedStatus(item field, rule statusRule) {
	for _, other := range p.model.statusRules {
		if other.StatusRule == rule.StatusRule && whereKey(other.where) == whereKey(rule.where) && rule.Status != "" {
			p.fail(item, "keep one of them", "the lead status %s is given twice with the same cause", rule.Status)
			return
		}
	}
}

func whereKey(c *condition) string {
	if c == nil {
		return ""
	}
	return c.key
}

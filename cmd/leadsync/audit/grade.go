package audit

import "maps"

// What grade and tier are called among the scores; no score has a space in its name.
const (
	gradeName = "the grade"
	tierName  = "the tier"
)

// writes are the properties that rule 8 writes, by the names of scores, grade and tier.
func (a *auditor) writes() map[string]string {
	properties := maps.Clone(a.in.Mapping.Scores)
	if a.in.Mapping.Grade != "" && a.model.graded {
		properties[gradeName] = a.in.Mapping.Grade
	}
	if a.in.Mapping.Tier != "" && a.model.tiered {
		properties[tierName] = a.in.Mapping.Tier
	}
	return properties
}

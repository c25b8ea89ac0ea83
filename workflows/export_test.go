package workflows

import "leadsync/scoring"

// HashFacts is what releases before prints remembered of a held contact.
func HashFacts(p *Portal, m *scoring.Model, lead scoring.Lead) string { return hashFacts(p, m, lead) }

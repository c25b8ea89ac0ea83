package sim_test

import "leadsync/workflows"

// written: the scores that leadsync has written last are those that stand in the account, and nothing that it had sent
// before has come over them. Nobody else writes them. What the account still carries out is waited for elsewhere (landed);
// what it carries out later than leadsync waits for it is not promised (SECURITY.md).
func (p *play) written() {
	if p.aloft.Load() > 0 || p.dice.beyond {
		return
	}
	eachSettled(p, `kind = 'update' AND class = 'score'`, func(contact string, u workflows.UpdatePayload) { p.stands(contact, u.Properties) })
}

// stands compares the properties of a contact with what was written.
func (p *play) stands(contact string, wrote map[string]string) {
	o, ok := p.account.Object(contacts, contact)
	if !ok || o.Archived || o.ID != contact {
		return
	}
	for name, value := range wrote {
		if now := o.Properties[name]; now != value {
			p.violate(checkWrong, "leadsync has written %s of contact %s as %q, but it is %q", name, contact, value, now)
		}
	}
}

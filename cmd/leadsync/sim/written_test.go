package sim_test

import (
	"context"
	"encoding/json"
)

// written: the scores that leadsync has written last are those that stand in the account, and nothing that it had sent
// before has come over them. Nobody else writes them. What the account still carries out is waited for elsewhere (landed);
// what it carries out later than leadsync waits for it is not promised (SECURITY.md).
func (p *play) written() {
	if p.aloft.Load() > 0 || p.dice.beyond {
		return
	}
	rows, err := p.beside().QueryContext(context.Background(), `SELECT contact, payload FROM outbox WHERE kind = 'update' AND class = 'score' AND state = 'settled'`)
	if err != nil {
		p.violate(checkRun, "read the outbox: %v", err)
		return
	}
	defer rows.Close()
	for rows.Next() {
		var contact, text string
		var payload struct {
			Properties map[string]string `json:"properties"`
		}
		if rows.Scan(&contact, &text) != nil || json.Unmarshal([]byte(text), &payload) != nil {
			p.violate(checkRun, "an update of contact %s cannot be read", contact)
			return
		}
		p.stands(contact, payload.Properties)
	}
	if err := rows.Err(); err != nil {
		p.violate(checkRun, "read the outbox: %v", err)
	}
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

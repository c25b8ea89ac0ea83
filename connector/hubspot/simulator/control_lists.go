package simulator

import "fmt"

// addList makes a list: {"name": ..., "type": "contacts", "kind": "MANUAL",
// "where": [{"property": ..., "operator": ..., "values": [...]}]}.
func (c control) addList() (any, error) {
	var in struct {
		List
		Actor Actor `json:"actor"`
	}
	if err := c.as(&in, &in.Actor); err != nil {
		return nil, err
	}
	id, err := c.a.CreateList(in.Actor, in.List)
	return map[string]string{"id": id}, err
}

// as reads a body whose absent actor is user 1; the API itself cannot be played.
func (c control) as(into any, actor *Actor) error {
	*actor = Actor{Kind: User, ID: "1"}
	if err := c.read(into); err != nil {
		return err
	}
	switch actor.Kind {
	case User, System, Integration, Import:
		return nil
	case API:
	}
	return fmt.Errorf("actor kind %q: use user, integration, import or system: %w", actor.Kind, ErrInvalid)
}

func (c control) lists() (any, error) { return c.a.Lists(), nil }

// members shows who is on a list.
func (c control) members() (any, error) {
	ids, err := c.a.ListMembers(c.r.PathValue("id"))
	return map[string][]string{"members": ids}, err
}

func (c control) joinList() (any, error) { return c.changeList(c.a.AddToList) }

func (c control) leaveList() (any, error) { return c.changeList(c.a.RemoveFromList) }

// changeList takes {"ids": [...]}.
func (c control) changeList(do func(actor Actor, list string, ids ...string) error) (any, error) {
	var in struct {
		Actor Actor    `json:"actor"`
		IDs   []string `json:"ids"`
	}
	if err := c.as(&in, &in.Actor); err != nil {
		return nil, err
	}
	if err := do(in.Actor, c.r.PathValue("id"), in.IDs...); err != nil {
		return nil, err
	}
	return c.members()
}

// addWorkflow takes the fields of Workflow: name, type, enabled, when or onChange, sets.
func (c control) addWorkflow() (any, error) {
	var in struct {
		Workflow
		Actor Actor `json:"actor"`
	}
	if err := c.as(&in, &in.Actor); err != nil {
		return nil, err
	}
	id, err := c.a.AddWorkflow(in.Actor, in.Workflow)
	return map[string]string{"id": id}, err
}

// workflows shows every workflow and how many records it has enrolled.
func (c control) workflows() (any, error) {
	type one struct {
		Workflow
		Enrolled int `json:"enrolled"`
	}
	out := []one{}
	for _, w := range c.a.Workflows() {
		out = append(out, one{w, c.a.Enrolled(w.ID)})
	}
	return out, nil
}

// switchWorkflow takes {"enabled": true or false}.
func (c control) switchWorkflow() (any, error) {
	var in struct {
		Actor   Actor `json:"actor"`
		Enabled bool  `json:"enabled"`
	}
	if err := c.as(&in, &in.Actor); err != nil {
		return nil, err
	}
	return map[string]bool{"enabled": in.Enabled}, c.a.SetWorkflowEnabled(in.Actor, c.r.PathValue("id"), in.Enabled)
}

// unique takes {"type": "tasks", "allowed": false}: whether unique properties of ours are possible.
func (c control) unique() (any, error) {
	var in struct {
		Type    string `json:"type"`
		Allowed bool   `json:"allowed"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	return map[string]bool{"allowed": in.Allowed}, c.a.SetUniqueAllowed(in.Type, in.Allowed)
}

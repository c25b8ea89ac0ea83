package workflows

import (
	"leadsync/scoring"
)

// ListPayload is the payload of KindList: the account's id of the list, its name in the portal's mapping, and
// whether the contact shall be on it or off it.
type ListPayload struct {
	List string `json:"list"`
	Name string `json:"name"`
	Add  bool   `json:"add"`
}

// lists plans the memberships of one follow-up (rule 11). A name that the portal does not map is left out;
// Describe has said so.
func (pl *planner) lists(f scoring.FollowUp) {
	mode := pl.Portal.Mode(ClassList)
	if mode == ModeOff {
		return
	}
	for _, name := range f.Lists.Add {
		pl.list(f.Name, name, true, mode)
	}
	for _, name := range f.Lists.Remove {
		pl.list(f.Name, name, false, mode)
	}
}

func (pl *planner) list(rule, name string, add bool, mode Mode) {
	id := pl.Portal.Lists[name]
	if id == "" {
		return
	}
	a := Action{
		Class: ClassList, Mode: mode, Kind: KindList, Key: "contact/" + string(pl.Record.ID) + "/list/" + id, Rule: rule,
		Reason: scoring.Reason{Code: ReasonListRemove, Params: map[string]string{"rule": rule, "list": name}},
	}
	if add {
		a.To, a.Reason.Code = name, ReasonListAdd
	} else {
		a.From = name
	}
	pl.add(a, ListPayload{List: id, Name: name, Add: add})
}

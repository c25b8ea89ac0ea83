package agreement

import "encoding/json"

// followUp is what follows from a status, a stage or an activity.
type followUp struct {
	Name         string `json:"name"`
	OnStatus     string `json:"on_status"`
	OnStage      string `json:"on_stage"`
	OnActivity   *kind  `json:"on_activity"`
	After        string `json:"after"`
	While        string `json:"while"`
	ObsoleteWhen string `json:"obsolete_when"`
	Task         *task  `json:"task"`
	Deal         *deal  `json:"deal"`
	CloseTasks   bool   `json:"close_tasks"`
	BackTo       string `json:"back_to"`
	Lists        *lists `json:"lists"`
}

type kind struct {
	Kind  string `json:"kind"`
	Where string `json:"where"`
}

// UnmarshalJSON takes a name alone for the kind.
func (k *kind) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &k.Kind) == nil {
		return nil
	}
	type plain kind
	return strictly(b, (*plain)(k))
}

type task struct {
	Kind     string `json:"kind"`
	For      string `json:"for"`
	Due      string `json:"due"`
	DueFact  string `json:"due_fact"`
	Priority string `json:"priority"`
	Subject  words  `json:"subject"`
	Body     words  `json:"body"`
	Queue    string `json:"queue"`
	Remind   string `json:"remind"`
	Ladder   []step `json:"ladder"`
	Then     *then  `json:"then"`
}

type step struct {
	Due      string `json:"due"`
	Priority string `json:"priority"`
	Subject  words  `json:"subject"`
	Body     words  `json:"body"`
}

type then struct {
	Status string `json:"status"`
	BackTo string `json:"back_to"`
}

type deal struct {
	Name       words            `json:"name"`
	Pipeline   pipelines        `json:"pipeline"`
	Stage      string           `json:"stage"`
	Amount     string           `json:"amount"`
	CloseIn    string           `json:"close_in"`
	For        string           `json:"for"`
	UnlessOpen string           `json:"unless_open"`
	Properties map[string]words `json:"properties"`
}

type pipeline struct {
	When     string `json:"when"`
	Pipeline string `json:"pipeline"`
	Stage    string `json:"stage"`
}

// pipelines are those in which a deal can begin.
type pipelines []pipeline

// UnmarshalJSON takes a name alone for the only one.
func (p *pipelines) UnmarshalJSON(b []byte) error {
	var alone string
	if json.Unmarshal(b, &alone) == nil {
		*p = pipelines{{Pipeline: alone}}
		return nil
	}
	return strictly(b, (*[]pipeline)(p))
}

type lists struct {
	Add    []string `json:"add"`
	Remove []string `json:"remove"`
}

type said struct {
	Subject words `json:"subject"`
	Body    words `json:"body"`
}

type clock struct {
	Name       string `json:"name"`
	Stage      string `json:"stage"`
	First      string `json:"first"`
	Within     string `json:"within"`
	Remind     string `json:"remind"`
	EscalateTo string `json:"escalate_to"`
	Reminder   *said  `json:"reminder"`
	Escalation *said  `json:"escalation"`
	Team       string `json:"team"`
	Source     string `json:"source"`
}

type misjudged struct {
	Stages []string `json:"stages"`
	Source string   `json:"source"`
	Ends   []end    `json:"ends"`
}

type end struct {
	Status   string `json:"status"`
	BackTo   string `json:"back_to"`
	Outcome  string `json:"outcome"`
	Wants    string `json:"wants"`
	Ask      *said  `json:"ask"`
	Due      string `json:"due"`
	CoolDown string `json:"cool_down"`
}

type overrides struct {
	Keep   string      `json:"keep"`
	Until  string      `json:"until"`
	Notice string      `json:"notice"`
	Rounds json.Number `json:"rounds"`
}

type handover struct {
	Confirm       string   `json:"confirm"`
	Accepted      []string `json:"accepted"`
	Rejected      []string `json:"rejected"`
	Reason        string   `json:"reason"`
	Problem       string   `json:"problem"`
	BackTo        string   `json:"back_to"`
	EscalateAfter string   `json:"escalate_after"`
	EscalateTo    string   `json:"escalate_to"`
	Ask           *said    `json:"ask"`
	Strict        bool     `json:"strict"`
	Missing       bool     `json:"missing"`
}

type audience struct {
	When   string   `json:"when"`
	Stages []string `json:"stages"`
	Tiers  []string `json:"tiers"`
}

type advertising struct {
	Consent string `json:"consent"`
	Never   string `json:"never"`
}

type rank struct {
	Stages    []string               `json:"stages"`
	Tiers     map[string]json.Number `json:"tiers"`
	Grades    map[string]json.Number `json:"grades"`
	Otherwise json.Number            `json:"otherwise"`
}

type companies struct {
	Lifecycle string `json:"lifecycle"`
}

type invariant struct {
	Name  string `json:"name"`
	Never string `json:"never"`
	Ask   words  `json:"ask"`
}

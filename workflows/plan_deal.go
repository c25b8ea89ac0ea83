package workflows

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// DealState is what is remembered about deals that could not be opened.
type DealState struct {
	// Unplaced are rules that wanted a deal and had no pipeline for it (rule 23).
	Unplaced []UnplacedDeal `json:"unplaced_deals,omitempty"`
}

// UnplacedDeal is a rule that wanted a deal and had no pipeline for it.
type UnplacedDeal struct {
	Rule  string    `json:"rule"`
	Since time.Time `json:"since"` // business time
}

// DealPayload is the payload of KindDeal: the deal, what the rule itself gives of its further properties, and which
// open deals it is not made beside.
type DealPayload struct {
	connector.Deal
	Own        map[string]string `json:"own,omitempty"`
	UnlessOpen scoring.OpenDeals `json:"unless_open,omitempty"`
}

// deal plans what a deal rule asks for when its time has come: a deal under the key of the rule's next episode, which
// is counted then, unless there is one that it is to be done with.
func (pl *planner) deal(f scoring.FollowUp, key string, episode int, reason scoring.Reason) {
	chosen, placed := pl.Model.DealPipeline(f, pl.Lead, pl.Now)
	pipeline, _, mapped := pl.Portal.begins(chosen)
	if id, ok := pl.openDeal(f.Deal.UnlessOpen, pipeline); ok {
		pl.place(f.Name)
		pl.dealless(f.Name, ReasonDealExists, map[string]string{"deal": string(id)})
		return
	}
	switch {
	case !placed:
		pl.dealless(f.Name, ReasonNoPipeline, map[string]string{})
	case !mapped:
		pl.dealless(f.Name, ReasonPipelineUnmapped, map[string]string{"pipeline": chosen.Pipeline, "begins": chosen.Stage})
	}
	if !placed || !mapped {
		pl.displace(f.Name)
		return
	}
	pl.place(f.Name)
	pl.out.State.Episodes[f.Name] = episode
	pl.open(f, chosen, key, reason)
}

// open plans one deal.
func (pl *planner) open(f scoring.FollowUp, chosen scoring.DealPipeline, key string, reason scoring.Reason) {
	pipeline, stage, _ := pl.Portal.begins(chosen)
	owner := pl.dealGoesTo(f.Deal.For)
	d := DealPayload{UnlessOpen: f.Deal.UnlessOpen, Own: pl.dealTexts(f.Deal), Deal: connector.Deal{
		Key: key, Name: title(scoring.Expand(pl.text(f.Deal.Name), pl.dealValues(longestTitleValue)), longestTitle),
		Pipeline: pipeline, Stage: stage, CloseAt: pl.closeAt(owner, f.Deal.CloseIn), OwnerID: owner,
		Contact: pl.Record.ID, Company: pl.dealCompany(), Extra: pl.Portal.DealProperties,
	}}
	if strings.TrimSpace(d.Name) == "" {
		d.Name = "#" + string(pl.Record.ID) // the CRM wants a name
	}
	a := Action{
		Class: ClassDeal, Mode: pl.Portal.Mode(ClassDeal), Kind: KindDeal, Key: key, Rule: f.Name, To: chosen.Pipeline,
		Reason: reason,
	}
	var why scoring.ReasonCode
	if d.Amount, why = pl.amount(f.Deal.Amount); why != "" {
		a.Lacks = []scoring.Reason{{Code: why, Params: map[string]string{"rule": f.Name, "fact": f.Deal.Amount}}}
	}
	pl.add(a, d)
}

// dealless records why a deal rule makes no deal.
func (pl *planner) dealless(rule string, code scoring.ReasonCode, params map[string]string) {
	params["rule"] = rule
	pl.out.Actions = append(pl.out.Actions, Action{
		Class: ClassDeal, Mode: ModeOff, Kind: KindDeal, Rule: rule, Reason: scoring.Reason{Code: code, Params: params},
	})
}

// openDeal is the open deal that a rule is satisfied with; the one with the lowest id, so that the answer is
// repeatable. Those of the company come after the contact's own.
func (pl *planner) openDeal(scope scoring.OpenDeals, pipeline string) (connector.ObjectID, bool) {
	candidates := [][]connector.Object{pl.Record.Deals}
	if scope == scoring.OpenCompany {
		candidates = append(candidates, pl.Record.CompanyDeals[pl.dealCompany()])
	}
	for _, deals := range candidates {
		open := slices.DeleteFunc(slices.Clone(deals), func(d connector.Object) bool { return !pl.Portal.satisfies(d, scope, pipeline) })
		if len(open) > 0 {
			return slices.MinFunc(open, byNumber).ID, true
		}
	}
	return "", false
}

// dealCompany is the contact's primary company, or the one that the mirror links if the contact names none.
func (pl *planner) dealCompany() connector.ObjectID {
	if primary, ok := pl.Portal.Primary(pl.Record); ok {
		return primary.ID
	}
	return pl.company()
}

// satisfies reports whether a deal of the contact, or of its company, is one that a rule does not make another beside.
func (p *Portal) satisfies(d connector.Object, scope scoring.OpenDeals, pipeline string) bool {
	return p.open(d) && (scope != scoring.OpenSamePipeline || d.Properties[p.Names.DealPipeline] == pipeline)
}

// byNumber orders records by their ids, which are decimal numbers of any length.
func byNumber(a, b connector.Object) int {
	if len(a.ID) != len(b.ID) {
		return len(a.ID) - len(b.ID)
	}
	return strings.Compare(string(a.ID), string(b.ID))
}

// dealGoesTo is who owns a deal. It belongs to somebody for months, so nobody stands in for who is absent today.
func (pl *planner) dealGoesTo(whom string) string {
	pl.charge = charge{}
	return pl.working(pl.wanted(whom, scoring.Due{Span: scoring.Span{Unit: scoring.UnitDays}}))
}

// closeAt is when a deal is expected to close: so many days from now by the portal's calendar, or so many working days in
// its owner's.
func (pl *planner) closeAt(owner string, in scoring.Span) time.Time {
	if in.Unit == scoring.UnitWorkingDays {
		return pl.whenDue(owner, scoring.Due{Span: in}, false)
	}
	return pl.Portal.Calendar.SameTime(pl.Now, in.N).UTC()
}

// amount is the amount of a deal as the CRM reads it, exact and without an exponent; empty if the rule names no fact, and
// if nobody knows it or it is negative, for which there is a reason.
func (pl *planner) amount(fact string) (text string, why scoring.ReasonCode) {
	v := pl.Lead.Facts[fact]
	switch {
	case fact == "":
		return "", ""
	case !v.Known() || v.Type != scoring.TypeNumber:
		return "", ReasonAmountUnknown
	case v.Number < 0:
		return "", ReasonAmountNegative
	}
	return strconv.FormatFloat(v.Number, 'f', -1, 64), ""
}

// dealTexts are the further properties that the rule gives a deal. One of which nothing is left says nothing.
func (pl *planner) dealTexts(rule *scoring.DealRule) map[string]string {
	if len(rule.Properties) == 0 {
		return nil
	}
	values, texts := pl.dealValues(longestBodyValue), map[string]string{}
	for _, one := range rule.Properties {
		if text := strings.TrimSpace(cut(plain(scoring.Expand(pl.text(one.Text), values)), longestBody)); text != "" {
			texts[one.Name] = text
		}
	}
	return texts
}

// dealValues are the values of placeholders, each cut to a length. A fact that nobody knows is an empty text.
func (pl *planner) dealValues(most int) map[string]string {
	values := pl.placeholders()
	for _, f := range pl.Model.Facts() {
		if _, known := values["fact."+f.Name]; !known {
			values["fact."+f.Name] = ""
		}
	}
	return fitting(values, most)
}

// displace remembers that a rule had no pipeline for the deal that it wanted.
func (pl *planner) displace(rule string) {
	st := &pl.out.State
	if !slices.ContainsFunc(st.Unplaced, func(u UnplacedDeal) bool { return u.Rule == rule }) {
		st.Unplaced = append(slices.Clone(st.Unplaced), UnplacedDeal{Rule: rule, Since: pl.Now})
	}
}

// place forgets that a rule had no pipeline.
func (pl *planner) place(rule string) {
	st := &pl.out.State
	st.Unplaced = slices.DeleteFunc(slices.Clone(st.Unplaced), func(u UnplacedDeal) bool { return u.Rule == rule })
}

// unplaced are the deals that could not be opened and are wanted still, as something for people to look at: the contact
// stands where the rule's cause put it and has no open deal.
func (pl *planner) unplaced() []scoring.Check {
	var checks []scoring.Check
	st := &pl.out.State
	for _, u := range slices.Clone(st.Unplaced) {
		i := slices.IndexFunc(pl.Model.FollowUps(), func(f scoring.FollowUp) bool { return f.Name == u.Rule && f.Deal != nil })
		if i < 0 || !pl.wantsDeal(pl.Model.FollowUps()[i]) {
			pl.place(u.Rule)
			continue
		}
		checks = append(checks, scoring.Check{Kind: scoring.CheckInvariant, Name: UnplacedName(u.Rule)})
	}
	return checks
}

func (pl *planner) wantsDeal(f scoring.FollowUp) bool {
	st := &pl.out.State
	if _, ok := pl.openDeal(scoring.OpenAny, ""); ok {
		return false
	}
	return (f.OnStatus == "" || f.OnStatus == st.Status) && (f.OnStage == "" || f.OnStage == st.Stage)
}

// Unplaced reports whether a contact still lacks the deal that a rule had no pipeline for, as the mirror shows it: lead is
// what it has of the contact now.
func Unplaced(p *Portal, m *scoring.Model, r LeadRecord, lead scoring.Lead, rule string) bool {
	if r.State == nil || !slices.ContainsFunc(r.State.Unplaced, func(u UnplacedDeal) bool { return u.Rule == rule }) {
		return false
	}
	return !slices.ContainsFunc(r.Deals, p.open) && slices.ContainsFunc(m.FollowUps(), func(f scoring.FollowUp) bool {
		return f.Name == rule && f.Deal != nil && (f.OnStatus == "" || f.OnStatus == lead.Status) && (f.OnStage == "" || f.OnStage == lead.Stage)
	})
}

// UnplacedName is what a deal without a pipeline is called among the invariants that a contact breaks.
func UnplacedName(rule string) string { return "no pipeline: " + rule }

package sim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"leadsync/cmd/leadsync/audit"
	"leadsync/cmd/leadsync/audit/naive"
	"leadsync/cmd/leadsync/demomodel"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
	"leadsync/scoring"
	"leadsync/scoring/vocabulary"
	"leadsync/workflows"
)

// settles is how long everything may take to settle after the last fault.
const settles = 15 * time.Minute

// watch is what is looked at on the way.
type watch struct {
	calmed   time.Time
	searched map[string]time.Time // by kind of record: the last search that was answered
	missed   bool                 // what happened may have been missed, and has to be swept
	judged   int                  // of the journal
	rested   time.Time            // when a worker last found nothing to do
}

// called looks at a request before the account does.
func (w *worker) called(req *http.Request) {
	if w.refused && writes(req) {
		w.violate(checkRevoked, "%s calls %s %s after the account had rejected its token", w.name, req.Method, req.URL.Path)
	}
}

// answered looks at an answer that a worker has got.
func (w *worker) answered(req *http.Request, resp *http.Response, body []byte, mark int) {
	if resp.StatusCode < 300 && strings.HasSuffix(req.URL.Path, "/contacts/batch/read") {
		var asked struct {
			Inputs                            []struct{ ID string }
			Properties, PropertiesWithHistory []string
		}
		// Who asks for the past of a counter alone has not seen the status.
		if json.Unmarshal(body, &asked) == nil && slices.Contains(slices.Concat(asked.Properties, asked.PropertiesWithHistory), "hs_lead_status") {
			for _, x := range asked.Inputs {
				w.seen[x.ID] = mark
			}
		}
	}
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
		w.refused = true
	case resp.StatusCode < 300:
		w.refused = false
	}
	if parts := strings.Split(req.URL.Path, "/"); resp.StatusCode < 300 && parts[len(parts)-1] == "search" {
		w.searched[parts[len(parts)-2]] = time.Now()
	}
}

// writes reports whether a request changes something in the account.
func writes(req *http.Request) bool {
	return writesPath(req.URL.Path) || req.Method == http.MethodPatch || req.Method == http.MethodDelete || req.Method == http.MethodPut
}

func writesPath(path string) bool {
	return slices.ContainsFunc([]string{"/create", "/update", "/archive"}, func(end string) bool { return strings.HasSuffix(path, end) })
}

// written looks at what a request has changed: a status that somebody chose is not overwritten by a worker that has
// seen it since, unless something newer asks for it.
func (w *worker) written(req *http.Request, mark int) {
	if !strings.HasSuffix(req.URL.Path, "/contacts/batch/update") {
		return
	}
	journal := w.account.Journal()
	for _, e := range journal[mark:] {
		if e.Actor.Kind != simulator.API || e.Type != contacts || e.Property != "hs_lead_status" || e.Seq <= w.judged {
			continue
		}
		w.judged = e.Seq
		for _, u := range slices.Backward(journal[:e.Seq-1]) {
			if u.ID != e.ID || u.Type != contacts || u.Property != e.Property {
				continue
			}
			if u.Actor.Kind == simulator.User && u.New != "" && w.seen[e.ID] >= u.Seq && !w.active(e.ID, journal[u.Seq:]) {
				w.violate(checkPeople, "%s sets the status of %s to %q over %q, which a person has chosen and it has seen", w.name, e.ID, e.New, u.New)
			}
			break
		}
	}
}

// active reports whether a call or meeting of a contact was made in a part of the journal.
func (p *play) active(contact string, journal []simulator.Entry) bool {
	return slices.ContainsFunc(journal, func(e simulator.Entry) bool {
		if e.Op != simulator.OpCreate || e.Type != simulator.Calls && e.Type != simulator.Meetings {
			return false
		}
		return slices.ContainsFunc(p.account.Associations(e.Type, e.ID, contacts), func(l simulator.Link) bool { return l.ID == contact })
	})
}

// settled reports whether all is done that there is to do.
func (p *play) settled() bool { return p.unsettled() == "" }

// unsettled says what is still under way.
func (p *play) unsettled() string {
	if w := p.account.Pending(); w.Total() > 0 {
		return fmt.Sprintf("the account has %+v", w)
	}
	if p.rested.Before(p.calmed.Add(time.Millisecond)) {
		return "nobody has looked since"
	}
	for _, typ := range []string{"contacts", "companies", "deals", "calls", "meetings", "tasks"} {
		if at := p.searched[typ]; p.missed && !p.o.Weak.Without(workflows.Sweep) && at.Before(p.calmed.Add(p.dice.latest())) {
			return typ + " were not swept"
		}
	}
	working := slices.ContainsFunc(p.workers, func(w *worker) bool { return w.svc.Runner(portalName).State() == service.StateWorking })
	if !working {
		return "nobody works the account"
	}
	b, err := p.store.Backlog(context.Background(), "48000001", p.now())
	switch {
	case err != nil:
		return err.Error()
	case b.Due+b.Waiting > 0:
		return fmt.Sprintf("%d records are due, %d wait", b.Due, b.Waiting)
	case b.Outbox[workflows.StateReady]+b.Outbox[workflows.StateSending] > 0:
		return fmt.Sprintf("%v in the outbox", b.Outbox)
	}
	return ""
}

// judge looks at everything in the end.
func (p *play) judge() {
	p.audit()
	p.twice()
	p.known()
	p.kept()
}

// audit asks the second opinion about every contact.
func (p *play) audit() {
	in := p.auditInput()
	report := audit.Run(in)
	for _, f := range report.Findings {
		if p.disturbed[f.Contact] {
			continue
		}
		check := checkWrong
		if strings.Contains(f.What, "duplicate") || strings.Contains(f.What, "twice") {
			check = checkDoubled
		}
		p.violate(check, "%s", f)
	}
}

// auditInput puts the story into steps: what happened until everything had settled is one.
func (p *play) auditInput() audit.Input {
	journal := slices.Clone(p.account.Journal())
	n, steps := 0, []time.Time(nil)
	for _, s := range p.steps {
		for ; n < s.seq; n++ {
			if journal[n].Seq > p.goLive {
				journal[n].At = s.at
			}
		}
		steps = append(steps, s.at)
	}
	w, _ := service.NewPortal(p.config().Portals[0], p.config().Limits, hubspot.Names(), connector.Account{TimeZone: "Europe/Berlin"})
	for _, s := range p.kit.model.Stages() {
		if !s.SideTrack {
			w.Order = append(w.Order, s.Name)
		}
	}
	w.CompanyOrder = w.Order
	m := audit.Mapping{
		Stages: w.Stages, Statuses: w.Statuses, Order: w.Order, Outcomes: w.Outcomes, Scores: w.Written.Scores,
		Grade: w.Written.Grade, Tier: w.Written.Tier, RankProperty: w.Written.Rank,
		ReasonsProperty: w.Written.Reasons, KeyProperty: "leadsync_key", Sources: w.Sources,
		ScoredAtProperty: w.Written.ScoredAt, LastReasonProperty: w.Written.LastReason,
		ResponsibleProperty: w.Written.Responsible, MissingProperty: w.Written.Missing,
		CompanyOrder: w.CompanyOrder, CompanyClass: string(w.Mode(workflows.ClassCompany)),
		Pipelines: map[string]string{"sales": "default"}, DealStages: map[string]string{"sales": "appointmentscheduled"},
		LostReason: w.Names.DealLostReason, Lists: w.Lists, Queues: w.Queues, Language: w.Language, FallbackOwner: w.FallbackOwner,
		TimeZone: "Europe/Berlin", People: map[string]string{},
		Calendar: audit.Calendar{Place: "DE-BY", DueAt: 9 * 60, People: map[string]audit.Worker{}},
	}
	return audit.Input{
		Model: demomodel.Text(), Journal: journal, Account: p.account, GoLive: p.goLive, GoLiveAt: p.steps[0].at, Steps: steps, Mapping: m, Words: words(),
	}
}

// words are the tables that the auditor shares with leadsync.
func words() naive.Words {
	open := map[string]*vocabulary.Vocabulary{}
	return naive.Words{
		FreeMail: scoring.FreeMail(),
		Word: func(name, text string) (string, bool) {
			if open[name] == nil {
				v, err := vocabulary.Open(name)
				if err != nil {
					return "", false
				}
				open[name] = v
			}
			return open[name].Word(text)
		},
	}
}

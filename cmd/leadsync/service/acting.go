package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"leadsync/connector"
	"leadsync/workflows"
)

type automates interface {
	Automations(ctx context.Context) ([]connector.Automation, error)
}

// Acting is what else acts on the stage and the lead status of contacts: a bulk change of stage can enrol
// thousands in somebody's nurture mails. Stage and status are switched on only after an operator has written
// Code into the configuration, which says that this very list was read.
type Acting struct {
	// Readable is false if the token may not read the account's workflows. Then only the checklist remains.
	Readable bool `json:"readable"`
	// Automations are the active ones that enrol on, or set, a property that we write, and those of which that
	// cannot be told.
	Automations []connector.Automation `json:"automations"`
	// Checklist is what no API tells and somebody has to look at.
	Checklist []string `json:"checklist"`
	// Code identifies the list. It changes when such an automation appears, disappears or changes its properties.
	Code string `json:"code"`
}

// ActingOn asks the account what else acts on the properties that are written in this portal.
func ActingOn(ctx context.Context, crm automates, p *workflows.Portal) (Acting, error) {
	a := Acting{Readable: true, Checklist: checklist(p)}
	all, err := crm.Automations(ctx)
	switch {
	case errors.Is(err, connector.ErrForbidden), errors.Is(err, connector.ErrNotFound):
		a.Readable = false
		a.Checklist = append(a.Checklist, fmt.Sprintf(
			"Workflows (Automation > Workflows): which enrol on, or set, %s or %s? Would a bulk change enrol contacts in mails? (The token may not read them: scope automation.)",
			p.Names.Stage, p.Names.Status))
	case err != nil:
		return a, fmt.Errorf("read the account's workflows: %w", err)
	}
	watched := alsoWritten(p)
	for _, auto := range all {
		if auto.Active && (auto.Type == connector.TypeContact || auto.Type == "" || auto.Type == connector.TypeCompany) &&
			(len(auto.Unread) > 0 || overlaps(auto.Enrols, watched) || overlaps(auto.Sets, watched)) {
			a.Automations = append(a.Automations, auto)
		}
	}
	slices.SortFunc(a.Automations, func(x, y connector.Automation) int { return strings.Compare(x.ID, y.ID) })
	a.Code = a.code(p)
	return a, nil
}

// alsoWritten are the properties of ours and the account's on which others may act.
func alsoWritten(p *workflows.Portal) []string {
	watched := []string{p.Names.Stage, p.Names.Status}
	if len(p.CompanyOrder) > 0 {
		watched = append(watched, p.Names.CompanyStage)
	}
	for _, name := range p.Written.Scores {
		watched = append(watched, name)
	}
	return watched
}

func overlaps(names, watched []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return n != "" && slices.Contains(watched, n) })
}

// code covers what a person has to think about again when it changes, and nothing else: a workflow that is
// merely renamed keeps it.
func (a Acting) code(p *workflows.Portal) string {
	var b strings.Builder
	fmt.Fprintf(&b, "1 %s %s %s %v\n", p.ID, p.Names.Stage, p.Names.Status, a.Readable)
	if len(p.CompanyOrder) > 0 {
		fmt.Fprintf(&b, "companies %s\n", p.Names.CompanyStage)
	}
	for _, auto := range a.Automations {
		fmt.Fprintf(&b, "%q %q %q %q\n", auto.ID, slices.Sorted(slices.Values(auto.Enrols)), slices.Sorted(slices.Values(auto.Sets)),
			slices.Sorted(slices.Values(auto.Unread)))
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:6])
}

// checklist is HubSpot's own automation of the lifecycle stage, which no API shows (hubspot-api 6.1).
func checklist(p *workflows.Portal) []string {
	list := []string{
		"Settings > Objects > Contacts > Lifecycle stage: does HubSpot set a stage for new contacts and companies? leadsync sees it as theirs.",
		"The same page: does a created deal make its contacts opportunities, and a won one customers? leadsync takes what is further ahead as the truth.",
		"The same page: is the stage of a company handed on to its contacts? One company can then move many contacts.",
		"Lists, sequences, ads audiences and other integrations that use " + p.Names.Stage + " or " + p.Names.Status + ": what follows when many contacts change at once?",
	}
	if len(p.CompanyOrder) > 0 {
		list = append(list, "Settings > Objects > Companies > Lifecycle stage: does HubSpot sync the stages of companies and contacts itself? Then leadsync would write the same, "+
			"and a company that it moves takes all of its contacts along: switch one of the two off.")
	}
	return list
}

// acknowledged keeps stage and status, also of companies, in shadow until somebody has read what else acts on them.
func (d *describer) acknowledged(ctx context.Context) error {
	if d.cfg.Simulated() || !slices.ContainsFunc(acknowledgedClasses(), func(c workflows.Class) bool { return d.portal.Mode(c) == workflows.ModeOn }) {
		return nil
	}
	acting, err := ActingOn(ctx, d.crm, d.portal)
	switch {
	case errors.Is(err, connector.ErrUnauthorized), errors.Is(err, connector.ErrThrottled), errors.Is(err, connector.ErrDown):
		return err
	case err != nil && d.cfg.Acknowledged != "": // an interface that fails must not stop what was agreed to
		d.find("run `leadsync doctor` when the account answers again",
			"the account's workflows cannot be read (%v); the acknowledgement is taken as it stands", err)
		return nil
	case err == nil && acting.Code == d.cfg.Acknowledged:
		return nil
	}
	remedy := "read what `leadsync doctor` lists, then write the code below it as `acknowledged` in this portal"
	if err == nil {
		remedy = "read what `leadsync doctor` lists, then write acknowledged: \"" + acting.Code + "\" in this portal"
	}
	d.unacknowledged(remedy)
	return nil
}

// acknowledgedClasses are those that others act on.
func acknowledgedClasses() []workflows.Class {
	return []workflows.Class{workflows.ClassStage, workflows.ClassStatus, workflows.ClassCompany}
}

// unacknowledged puts the classes that others act on into shadow.
func (d *describer) unacknowledged(remedy string) {
	text := "nobody has acknowledged yet what else acts on stage and status"
	if d.cfg.Acknowledged != "" {
		text = "what else acts on stage and status has changed since it was acknowledged"
	}
	for _, class := range acknowledgedClasses() {
		if d.portal.Mode(class) == workflows.ModeOn {
			d.block(class, remedy, "%s", text)
		}
	}
}

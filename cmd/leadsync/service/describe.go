package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"leadsync/cmd/leadsync/config"
	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// ErrWrongAccount stops a portal before anything is written.
var ErrWrongAccount = errors.New("the token belongs to another account")

// Finding is something about an account that somebody should know. Blocking ones stop a class of effect.
type Finding struct {
	Blocking bool   `json:"blocking"`
	Text     string `json:"text"`
	Remedy   string `json:"remedy"`
}

// Description is an account as it was found.
type Description struct {
	Account  connector.Account
	Portal   *workflows.Portal
	Findings []Finding
	// PlainKey are the kinds of record whose key property exists without being unique.
	PlainKey map[connector.ObjectType]bool
}

// Describe asks the account who it is and what its stages, statuses, pipelines and properties are, and makes
// the portal from that and the configuration. What cannot work is a finding; a class of effect that would
// fail or be unsafe is put back into shadow. A token for another account is an error before all else.
func Describe(ctx context.Context, c *config.Config, p config.Portal, m *scoring.Model, conn Connection) (*Description, error) {
	account, err := conn.CRM.Account(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask who the token belongs to: %w", err)
	}
	if account.ID != p.Account {
		return nil, fmt.Errorf("%w: portal %q is configured as account %s, the token is for %s; nothing was written",
			ErrWrongAccount, p.Name, p.Account, account.ID)
	}
	d := describer{cfg: p, model: m, crm: conn.CRM, blocked: map[workflows.Class]bool{}, plain: map[connector.ObjectType]bool{}}
	if d.portal, err = NewPortal(p, c.Limits, conn.Names, account); err != nil {
		return nil, err
	}
	if err := d.contacts(ctx); err != nil {
		return nil, err
	}
	if err := d.others(ctx); err != nil {
		return nil, err
	}
	if err := d.optional(ctx); err != nil {
		return nil, err
	}
	if err := d.people(ctx); err != nil {
		return nil, err
	}
	if err := d.acknowledged(ctx); err != nil {
		return nil, err
	}
	return &Description{Account: account, Portal: d.portal, Findings: d.findings, PlainKey: d.plain}, nil
}

// NewPortal makes a portal from its configuration alone, in the model's words; the order of the stages is
// added by Describe.
func NewPortal(cfg config.Portal, limits config.Limits, names connector.Names, account connector.Account) (*workflows.Portal, error) {
	zone := cfg.TimeZone
	if zone == "" {
		zone = account.TimeZone
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("time zone %q of account %s: %w; set time_zone for portal %q", zone, account.ID, err, cfg.Name)
	}
	p := &workflows.Portal{
		ID: cfg.Account, Name: cfg.Name, Language: cfg.Language, Names: names,
		Modes: maps.Clone(cfg.Effects), Limits: limits.PerHour(), Shares: limits.Shares(), NewContacts: limits.NewContactsPerHour,
		Stages: maps.Clone(cfg.Stages), Statuses: maps.Clone(cfg.Statuses), Outcomes: map[string]string{}, Pipelines: map[string]workflows.Pipeline{},
		Lists: maps.Clone(cfg.Lists), Queues: maps.Clone(cfg.Queues), Marked: map[connector.ObjectType]bool{},
		Sources: map[string][]string{}, DealProperties: cfg.DealProperties,
		Off: cfg.Off, FirstLoadHistory: cfg.FirstLoadHistory, HoldImports: cfg.HoldImports, Submissions: cfg.Submissions, PageVisits: cfg.PageVisits, KeyProperty: cfg.Properties.Key,
		Written: workflows.Written{
			Scores: map[string]string{workflows.TotalScore: cfg.Properties.Score, "fit": cfg.Properties.Fit, "engagement": cfg.Properties.Engagement},
			Grade:  cfg.Properties.Grade, Tier: cfg.Properties.Tier,
			Reasons: cfg.Properties.Reasons, ScoredAt: cfg.Properties.ScoredAt, LastReason: cfg.Properties.LastReason,
			Responsible: cfg.Properties.Responsible, Missing: cfg.Properties.Missing, Rank: cfg.Properties.Rank,
		},
		FallbackOwner: cfg.FallbackOwner,
	}
	if err := setCalendar(p, cfg.Calendar, location); err != nil {
		return nil, fmt.Errorf("calendar of portal %q: %w", cfg.Name, err)
	}
	p.Names.DealLostReason = cfg.LostReason
	for word, values := range cfg.Dispositions {
		for _, v := range values {
			p.Outcomes[v] = word
		}
	}
	for name, target := range cfg.Pipelines {
		p.Pipelines[name] = workflows.Pipeline{ID: target.ID, Stage: target.Stage, Stages: target.Stages}
	}
	for fact, source := range cfg.Facts {
		p.Sources[fact] = []string{source}
	}
	return p, nil
}

type describer struct {
	cfg      config.Portal
	model    *scoring.Model
	crm      describes
	portal   *workflows.Portal
	blocked  map[workflows.Class]bool
	plain    map[connector.ObjectType]bool // kinds whose key property exists and is not unique
	findings []Finding
	company  map[string]connector.Property // nil if they may not be read
}

func (d *describer) find(remedy, text string, args ...any) {
	d.findings = append(d.findings, Finding{Text: fmt.Sprintf(text, args...), Remedy: remedy})
}

// block puts a class that is on back into shadow.
func (d *describer) block(class workflows.Class, remedy, text string, args ...any) {
	if d.portal.Mode(class) != workflows.ModeOn && !d.blocked[class] {
		d.find(remedy, text, args...)
		return
	}
	d.portal.Modes[class], d.blocked[class] = workflows.ModeShadow, true
	d.findings = append(d.findings, Finding{
		Blocking: true, Text: fmt.Sprintf(text, args...) + fmt.Sprintf(" (effect %q stays in shadow)", class), Remedy: remedy,
	})
}

func (d *describer) contacts(ctx context.Context) error {
	props, err := d.crm.Properties(ctx, connector.TypeContact)
	if err != nil {
		return fmt.Errorf("read contact properties: %w", err)
	}
	byName := propertiesByName(props)
	company, err := d.crm.Properties(ctx, connector.TypeCompany)
	if err != nil && !errors.Is(err, connector.ErrForbidden) {
		return fmt.Errorf("read company properties: %w", err)
	}
	if err == nil {
		d.company = propertiesByName(company)
	}
	d.stages(byName[d.portal.Names.Stage])
	d.companies()
	d.options(workflows.ClassStatus, "lead status", d.portal.Statuses, byName[d.portal.Names.Status])
	d.unread()
	d.sources(byName)
	for _, want := range d.portal.ContactProperties(d.model) {
		if _, ok := byName[want]; !ok {
			d.find("create it, or point the fact or activity at another property (portal key `facts`, or the model)",
				"contact property %q does not exist in the account; what is made of it stays unknown", want)
		}
	}
	d.written(byName)
	return nil
}

// written checks the properties of our own.
func (d *describer) written(byName map[string]connector.Property) {
	if p, ok := byName[d.portal.Written.LastReason]; !ok || p.ReadOnly {
		d.find("run `leadsync doctor --create`, or choose another property under `properties`",
			"contact property %q cannot be written; why a stage or status was moved is not shown in the CRM", d.portal.Written.LastReason)
		d.portal.Written.LastReason = "" // a move must not fail for its explanation
	}
	d.portal.Written.Responsible = d.rank("responsible", byName[d.portal.Written.Responsible], d.portal.Written.Responsible, sides(d.portal.Written.Responsible))
	d.missing(byName)
	d.priority(byName)
	d.portal.Written.Grade = d.rank("grade", byName[d.portal.Written.Grade], d.portal.Written.Grade, d.model.Grades())
	d.portal.Written.Tier = d.rank("tier", byName[d.portal.Written.Tier], d.portal.Written.Tier, d.model.Tiers())
	written := slices.Sorted(maps.Values(d.portal.Written.Scores))
	written = append(written, d.portal.Written.Reasons, d.portal.Written.ScoredAt)
	for _, name := range written {
		if name == "" {
			continue
		}
		p, ok := byName[name]
		switch {
		case !ok:
			d.block(workflows.ClassScore, "run `leadsync check --create`", "contact property %q does not exist", name)
		case p.ReadOnly:
			d.block(workflows.ClassScore, "choose another property under `properties`", "contact property %q is read-only", name)
		}
	}
}

// unread names what the model speaks of and this portal cannot give it.
func (d *describer) unread() {
	for _, status := range d.model.Statuses() {
		if d.portal.Statuses[status] == "" {
			d.find("map it under `statuses`", "lead status %q of the model is not mapped in portal %q; it is never set or seen", status, d.cfg.Name)
		}
	}
}

// stages learns the account's own order of the model's stages (requirements, part 13, point 5).
func (d *describer) stages(p connector.Property) {
	d.options(workflows.ClassStage, "lifecycle stage", d.portal.Stages, p)
	for _, s := range d.model.Stages() {
		if d.portal.Stages[s.Name] == "" {
			d.block(workflows.ClassStage, "map it under `stages`", "stage %q of the model is not mapped in portal %q", s.Name, d.cfg.Name)
		}
	}
	d.portal.Order = d.inOrder(p)
}

func (d *describer) options(class workflows.Class, what string, mapping map[string]string, p connector.Property) {
	if p.Name == "" {
		d.block(class, "check the account's properties and the token's scopes", "the property of the %s does not exist", what)
		return
	}
	var known []string
	for _, o := range p.Options {
		known = append(known, o.Value)
	}
	for _, name := range slices.Sorted(maps.Keys(mapping)) {
		if !slices.Contains(known, mapping[name]) {
			d.block(class, "map it to one of: "+strings.Join(known, ", "),
				"%s %q is mapped to %q, which the account does not have", what, name, mapping[name])
			delete(mapping, name)
		}
	}
}

func (d *describer) others(ctx context.Context) error {
	for _, c := range []struct {
		class workflows.Class
		t     connector.ObjectType
	}{{workflows.ClassTask, connector.TypeTask}, {workflows.ClassDeal, connector.TypeDeal}} {
		props, err := d.crm.Properties(ctx, c.t)
		if err != nil && !errors.Is(err, connector.ErrForbidden) {
			return fmt.Errorf("read %s properties: %w", c.t, err)
		}
		key := propertiesByName(props)[d.cfg.Properties.Key]
		if !key.Unique {
			d.keyless(c.class, c.t, key)
		}
	}
	d.wayBack()
	if err := d.lists(ctx); err != nil {
		return err
	}
	return d.deals(ctx)
}

func propertiesByName(props []connector.Property) map[string]connector.Property {
	out := make(map[string]connector.Property, len(props))
	for _, p := range props {
		out[p.Name] = p
	}
	return out
}

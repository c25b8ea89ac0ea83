package main

import (
	"fmt"
	"os"
	"time"

	sheet "leadsync/cmd/leadsync/explained"
	"leadsync/workflows"
)

// showPage writes the explanation as a page.
func (x *explainer) showPage(env *environment, e *explanation, language string) error {
	zone, err := time.LoadLocation(x.cfg.TimeZone)
	if err != nil {
		return fmt.Errorf("time zone %q: %w; set time_zone for portal %q", x.cfg.TimeZone, err, x.cfg.Name)
	}
	page := e.page(language, zone)
	if x.options.html == "-" {
		return sheet.Write(env.stdout, page)
	}
	if err := writePage(x.options.html, page); err != nil {
		return err
	}
	tell(env.stdout, "wrote %s\n", x.options.html)
	return nil
}

// writePage writes a file that only its owner reads: it tells about a person.
func writePage(name string, page sheet.Page) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the operator names it
	if err != nil {
		return fmt.Errorf("write page: %w; name another file with --html", err)
	}
	if err := sheet.Write(file, page); err != nil {
		_ = file.Close() // the first error says more
		return err
	}
	return file.Close()
}

// page is the explanation in the words of the page.
func (e *explanation) page(language string, zone *time.Location) sheet.Page {
	page := sheet.Page{
		Language: say(language, "en", "de"), Zone: zone, Contact: orWord(e.name, string(e.Contact)), ID: string(e.Contact),
		Stage: e.Stage, Status: e.Status, Evaluation: e.Evaluation, Notes: e.notes(language), Unfinished: e.unfinished(language),
	}
	if e.barred {
		page.Notes = append(page.Notes, e.barrier(language))
	}
	if e.AsOf != nil {
		page.Headings, page.Limits = e.AsOf.heading(language), e.AsOf.limits(language)
		for _, g := range e.AsOf.groups(language) {
			sign := map[workflows.Basis]string{workflows.OfThen: "✓", workflows.Inferred: "≈", workflows.OfToday: "!", workflows.Unknown: "?"}[g.Basis]
			page.Basis = append(page.Basis, sheet.Basis{Title: g.Title, Sign: sign, Items: g.Items})
		}
	}
	if e.by != nil && !e.Evaluation.Unprofiled {
		page.Outlook = sheet.Look(e.by, e.lead, e.at)
	}
	for _, d := range e.Decisions {
		page.Decisions = append(page.Decisions, sheet.Decision{No: d.No, At: d.At, Model: d.Model, Lines: decisionLines(d, language)})
	}
	return page
}

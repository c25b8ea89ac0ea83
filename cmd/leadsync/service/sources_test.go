package service_test

import (
	"strings"
	"testing"

	"leadsync/scoring"
)

// Criteria that can never be met, because what they ask for has no source in the account, are named.
func TestDescribe_criteriaWithoutASource(t *testing.T) {
	a := newActing(t)
	model, err := scoring.Parse("model.yaml", []byte(`
model: sources
facts:
  email:    {from: [contact.email]}
  shoe:     {from: [contact.shoe_size], type: number}
  size:     {from: [company.head_count, contact.numemployees], type: number}
  revenue:  {from: [company.no_such_revenue], type: number}
activities:
  form:    {counter: contact.num_conversion_events, last: contact.recent_conversion_date}
  webinar: {last: contact.last_webinar}
  open:    {counter: contact.hs_email_open, last: contact.hs_email_last_open_date}
  mail:    {object: email, attributes: {text: hs_email_text}}
scores:
  fit: {rules: [{name: size, when: size > 50, points: 10}, {name: shoe, when: shoe > 40, points: 10}]}
  engagement:
    rules:
      - {name: form, activity: form, points: 10}
      - {name: webinar, activity: webinar, points: 10}
      - {name: open, activity: open, points: 10}
gates:
  rich: {requires: 'revenue > 5 or count("webinar") > 3'}
lifecycle:
  - {stage: lead, when: known(email)}
  - {stage: mql, scores: {engagement: 10}, gates: [rich]}
  - {stage: sql, owner: sales, direct: 'days_since_last("open") < 3'}
lead_status:
  - {status: new, on_stage: sql}
  - {status: attempted, activity: webinar}
`))
	if err != nil {
		t.Fatal(err)
	}
	a.model = model
	d := a.describe("activities: {open: off, opne: off}")
	var got []string
	for _, f := range d.Findings {
		if strings.Contains(f.Text, "no source") || strings.Contains(f.Text, "switched off") || strings.Contains(f.Text, "people wrote") {
			got = append(got, f.Text)
			if f.Blocking || f.Remedy == "" {
				t.Errorf("%+v", f)
			}
		}
	}
	want := []string{
		`score rule "fit: shoe" has no source in portal "a": fact shoe (contact.shoe_size does not exist)`,
		`score rule "engagement: webinar" has no source in portal "a": activity webinar (contact property last_webinar does not exist)`,
		`score rule "engagement: open" has no source in portal "a": activity open is switched off`,
		`gate "rich" has no source in portal "a": fact revenue (company.no_such_revenue does not exist); activity webinar (contact property last_webinar does not exist)`,
		`stage "sql" has no source in portal "a": activity open is switched off`,
		`lead status "attempted" has no source in portal "a": activity webinar (contact property last_webinar does not exist)`,
		`"opne" is switched off, but the model has no such activity`,
		`attribute "text" of activity "mail" holds what people wrote; it is never read`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

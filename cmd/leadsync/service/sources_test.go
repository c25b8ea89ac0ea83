package service_test

import (
	"strings"
	"testing"

	"leadsync/scoring"
)

// Criteria that ask for what has no source in the account are named.
func TestDescribe_criteriaWithoutASource(t *testing.T) {
	a := newActing(t)
	model, err := scoring.Parse("model.yaml", []byte(`
model: sources
facts:
  email:    {from: [contact.email]}
  shoe:     {from: [contact.shoe_size], type: number}
  size:     {from: [company.head_count, contact.numemployees], type: number}
  revenue:  {from: [company.no_such_revenue], type: number}
  objects:  {from: [contact.no_such_objection], type: bool}
do_not_profile: objects == true
activities:
  form:    {counter: contact.num_conversion_events, last: contact.recent_conversion_date}
  webinar: {last: contact.last_webinar}
  open:    {counter: contact.hs_email_open, last: contact.hs_email_last_open_date}
  mail:    {object: email, attributes: {text: hs_email_text}}
  either:  {any_of: [form, open]}
  neither: {any_of: [webinar, open]}
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
  - {status: touched, activity: either}
  - {status: lost, activity: neither}
`))
	if err != nil {
		t.Fatal(err)
	}
	a.model = model
	d := a.describe("activities: {open: off, opne: off, either: off}")
	var got []string
	for _, f := range d.Findings {
		if strings.Contains(f.Text, "no source") || strings.Contains(f.Text, "switched off") || strings.Contains(f.Text, "people wrote") {
			got = append(got, f.Text)
			if f.Blocking != strings.Contains(f.Text, "do_not_profile") || f.Remedy == "" { // nobody could object
				t.Errorf("%+v", f)
			}
		}
	}
	want := []string{
		`score rule "fit: shoe" asks for what has no source in portal "a": fact shoe (contact.shoe_size does not exist)`,
		`score rule "engagement: webinar" asks for what has no source in portal "a": activity webinar (contact property last_webinar does not exist)`,
		`score rule "engagement: open" asks for what has no source in portal "a": activity open is switched off`,
		`gate "rich" asks for what has no source in portal "a": fact revenue (company.no_such_revenue does not exist); activity webinar (contact property last_webinar does not exist)`,
		`stage "sql" asks for what has no source in portal "a": activity open is switched off`,
		`lead status "attempted" asks for what has no source in portal "a": activity webinar (contact property last_webinar does not exist)`,
		`lead status "lost" asks for what has no source in portal "a": activity webinar (contact property last_webinar does not exist); activity open is switched off`,
		`do_not_profile (objects == true) asks for what has no source in portal "a", so whoever objects there is profiled all the same: fact objects (contact.no_such_objection does not exist) (effect "score" stays in shadow)`,
		`"opne" is switched off, but the model has no such activity`,
		`"either" is switched off, but it is made of other activities`,
		`attribute "text" of activity "mail" holds what people wrote; it is never read`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

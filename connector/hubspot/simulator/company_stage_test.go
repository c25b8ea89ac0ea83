package simulator_test

import "testing"

// The stage of a company moves forward only by API, as that of a contact does (hubspot-api 6.1): a request that moves
// it back succeeds and changes nothing. Cleared, it takes any. People move it as they like.
func TestCompanyStage_forwardOnly(t *testing.T) {
	w := newWorld(t)
	id, err := w.CreateCompany(rep, map[string]string{"name": "Pumpen AG", "lifecyclestage": "opportunity"})
	must(t, err)
	const companies = "/crm/objects/2026-09/companies"
	for _, step := range []struct{ write, want string }{
		{"lead", "opportunity"}, {"customer", "customer"}, {"opportunity", "customer"}, {"", ""}, {"lead", "lead"},
	} {
		w.ask(200, "POST", companies+"/batch/update", inputs(`{"id":"`+id+`","properties":{"lifecyclestage":"`+step.write+`"}}`))
		if got := w.prop("companies", id, "lifecyclestage"); got != step.want {
			t.Errorf("after writing %q: %q, want %q", step.write, got, step.want)
		}
	}
	must(t, w.Set(rep, "companies", id, map[string]string{"lifecyclestage": "customer"}))
	must(t, w.Set(rep, "companies", id, map[string]string{"lifecyclestage": "subscriber"}))
	if got := w.prop("companies", id, "lifecyclestage"); got != "subscriber" {
		t.Errorf("a person moved it to %q", got)
	}
}

package workflows_test

import "testing"

// Whose turn it is is shown although another model took over before what the first one had gathered was written.
func TestReevaluator_showsWhatWasDropped(t *testing.T) {
	b := newBench(t)
	b.pusher.Portal.Written.Responsible = "turn"
	w := living(b, 150, false, func(int) map[string]string { return with(reach("lead"), "budget", "500") })
	if turn := b.crm.props[nth(0)]["turn"]; turn != "marketing" {
		t.Fatalf("to begin with it is the turn of %q", turn)
	}
	adopt(b, w, vips(t))
	b.once(w)
	adopt(b, w, changedModel(t, "or vip'}", "or vip or budget >= 100'}", "points: 3}", "points: 4}"))
	b.finish(w)
	for i := range 150 {
		if props := b.crm.props[nth(i)]; props["lifecyclestage"] != "salesqualifiedlead" || props["turn"] != "sales" {
			t.Fatalf("contact %d: %v", i, props)
		}
	}
}

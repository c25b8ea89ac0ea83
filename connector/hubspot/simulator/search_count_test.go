package simulator_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// A search says how many records there are without looking at each: whatever happened to them, that many are found, by a
// time and behind an id of one instant.
func TestSearchCounts(t *testing.T) {
	for _, lag := range []time.Duration{0, 3 * time.Second} {
		t.Run(lag.String(), func(t *testing.T) { searchCounts(t, lag) })
	}
}

func searchCounts(t *testing.T, lag time.Duration) {
	w := newWorld(t, func(o *simulator.Options) { o.SearchLag = lag })
	rng := rand.New(rand.NewPCG(1, 1))
	start := w.now.now()
	var ids []string
	for range 40 {
		ids = append(ids, w.contact())
	}
	for i := range 400 {
		w.wall.add(time.Second)
		if rng.IntN(3) > 0 {
			w.now.add(time.Second)
		}
		at := rng.IntN(len(ids))
		switch id := ids[at]; rng.IntN(12) {
		case 0:
			must(t, w.Archive(rep, "contacts", id))
			if rng.IntN(2) == 0 {
				must(t, w.Restore(rep, "contacts", id))
				continue
			}
			ids = slices.Delete(ids, at, at+1)
		case 1:
			ids = append(ids, w.contact())
		case 2:
			must(t, w.SetModified("contacts", id, start.Add(time.Duration(rng.IntN(9))*time.Second)))
		case 3:
			if other := ids[rng.IntN(len(ids))]; other != id && len(ids) > 20 {
				merged, err := w.Merge(rep, "contacts", id, other)
				must(t, err)
				ids = slices.DeleteFunc(ids, func(old string) bool { return old == id || old == other })
				ids = append(ids, merged)
			}
		case 4:
			must(t, w.PrivacyDelete(rep, "contacts", id))
			ids = append(slices.Delete(ids, at, at+1), w.contact())
		default:
			must(t, w.Set(rep, "contacts", id, map[string]string{"firstname": strconv.Itoa(i)}))
		}
		since := start.Add(time.Duration(rng.IntN(60)) * time.Second).UnixMilli()
		for _, q := range []string{
			fmt.Sprintf(`"filterGroups":[{"filters":[{"propertyName":"lastmodifieddate","operator":"GT","value":"%d"}]},{"filters":[{"propertyName":"lastmodifieddate","operator":"EQ","value":"%d"},{"propertyName":"hs_object_id","operator":"NEQ","value":"1"}]}],"sorts":["lastmodifieddate"]`, since, since),
			fmt.Sprintf(`"filterGroups":[{"filters":[{"propertyName":"lastmodifieddate","operator":"EQ","value":"%d"},{"propertyName":"hs_object_id","operator":"GT","value":"%s"}]}],"sorts":["hs_object_id"]`, since, ids[0]),
		} {
			r := w.ask(200, "POST", contacts+"/search", `{"limit":200,`+q+`}`)
			if found := r.ids(); r.body["total"] != float64(len(found)) {
				t.Fatalf("after %d deeds %v of %v are found by %s", i+1, len(found), r.body["total"], q)
			}
		}
	}
	w.wall.add(time.Minute)
	r := w.ask(200, "POST", contacts+"/search", `{"limit":200,"filterGroups":[{"filters":[{"propertyName":"lastmodifieddate","operator":"GTE","value":"0"}]}],"sorts":["lastmodifieddate"]}`)
	if found := r.ids(); len(found) != len(ids) {
		t.Errorf("%d of %d are found", len(found), len(ids))
	}
}

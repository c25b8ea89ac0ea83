package hubspot

import (
	"context"
	"fmt"
	"slices"

	"leadsync/connector"
)

// A batch answer can leave an input out: it is neither among the results nor among the errors, as in a 207 that
// has neither (hubspot-api 11.2). Silence is not absence. Taken for it, links would be removed, records purged
// and creations repeated; so what an answer is silent about is asked once more, and then we do not know.

// absences are what the entries of an answer say about inputs that are not there.
type absences struct {
	ids     map[string]bool
	unnamed int // entries that say so without naming an input
}

func absent(entries []fault) absences {
	a := absences{ids: make(map[string]bool)}
	for _, f := range entries {
		before := len(a.ids)
		for _, key := range []string{"ids", "id", "fromObjectId"} {
			for _, id := range f.Context[key] {
				a.ids[string(id)] = true
			}
		}
		if len(a.ids) == before {
			a.unnamed++
		}
	}
	return a
}

// silentAbout are the inputs that the answer says nothing about. An entry without names is about whatever is
// missing: batch/read has one entry for all of them.
func (a recordsAnswer) silentAbout(inputs []string, nameOf func(record) string) []string {
	gone := absent(a.Errors)
	if gone.unnamed > 0 {
		return nil
	}
	for _, rec := range a.Results {
		gone.ids[nameOf(rec)] = true // answered
	}
	return slices.DeleteFunc(slices.Clone(inputs), func(in string) bool { return gone.ids[in] })
}

// batchReadAll is batchRead for callers to whom an absent record means something: every input is either among
// the results or reported as not there, or the call fails.
func (c *Client) batchReadAll(ctx context.Context, b batchReading, op string, nameOf func(record) string) (recordsAnswer, error) {
	var all recordsAnswer
	for range 2 {
		out, err := c.batchRead(ctx, b)
		if err == nil {
			err = out.onlyAbsence(op)
		}
		if err != nil {
			return recordsAnswer{}, err
		}
		all.Results, all.Errors = append(all.Results, out.Results...), append(all.Errors, out.Errors...)
		if b.inputs = out.silentAbout(b.inputs, nameOf); len(b.inputs) == 0 || c.weak.SilentAbsent {
			return all, nil
		}
	}
	return recordsAnswer{}, silence(op, len(b.inputs))
}

// silence is the error of an answer that twice says nothing about n of the inputs.
func silence(op string, n int) error {
	return &connector.Error{
		Kind: connector.ErrUnavailable, Op: op, Message: fmt.Sprintf("the answer says nothing about %d of the records asked for", n),
	}
}

func recordID(rec record) string { return string(rec.ID) }

package workflows

import (
	"context"
	"fmt"
	"time"

	"leadsync/connector"
)

// arrivalWindow is the span in which the contacts that other programs make are counted.
const arrivalWindow = time.Hour

type arrivalStore interface {
	// Arrivals counts the new contacts of other programs since a business time, and those that wait to be seen first,
	// up to one more than most.
	Arrivals(ctx context.Context, portal connector.PortalID, since time.Time, most int) (seen, waiting int, err error)
}

// arrivals finds the contacts of a batch that another program made and nobody has looked at yet, and says whether they
// are too many at once to be news (rule 26).
func (r *Reconciler) arrivals(ctx context.Context, f Fence, records []LeadRecord, fresh freshly) (map[connector.ObjectID]bool, error) {
	names, most, arrived := r.Portal.Names, r.Portal.NewContacts, map[connector.ObjectID]bool{}
	if r.Arrivals == nil || most == 0 || names.Source == "" || names.Integrated == "" {
		return arrived, nil
	}
	for _, record := range records {
		contact, found := fresh.contacts.Found[record.ID]
		if found && record.State == nil && contact.Properties[names.Source] == names.Integrated {
			arrived[record.ID] = false
		}
	}
	if len(arrived) == 0 {
		return arrived, nil
	}
	seen, waiting, err := r.Arrivals.Arrivals(ctx, f.Portal, fresh.at.Add(-arrivalWindow), most)
	if err != nil {
		return nil, fmt.Errorf("count arrivals: %w", err)
	}
	for id := range arrived {
		arrived[id] = seen+max(waiting, len(arrived)) > most
	}
	return arrived, nil
}

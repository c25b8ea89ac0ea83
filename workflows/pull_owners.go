package workflows

import (
	"context"
	"fmt"

	"leadsync/connector"
)

// timer tells when owners work, for a CRM that knows.
type timer interface {
	WorkTimes(ctx context.Context, owners []connector.Owner) ([]connector.Owner, error)
}

// timed adds zones and working hours to the owners, if the portal gives work to people by name. A CRM that refuses to
// tell leaves them out: then the portal's own apply, and doctor says so. One that cannot tell now is asked again, since
// due times would go to and fro otherwise.
func (p *Puller) timed(ctx context.Context, owners []connector.Owner) ([]connector.Owner, error) {
	crm, ok := p.CRM.(timer)
	if !ok || len(p.Portal.People) == 0 {
		return owners, nil
	}
	with, err := crm.WorkTimes(ctx, owners)
	switch {
	case refused(err):
		return owners, nil
	case err != nil:
		return nil, fmt.Errorf("read working hours of owners: %w", err)
	}
	return with, nil
}

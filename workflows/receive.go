package workflows

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"leadsync/connector"
)

type inbox interface {
	Receive(ctx context.Context, d Delivery) (Received, error)
	Erase(ctx context.Context, portal connector.PortalID, id connector.ObjectID) error
}

// Receiver takes verified deliveries. It stores before it answers and decides nothing.
type Receiver struct {
	Store inbox
	// Known are the portals of this installation; events of others are refused.
	Known []connector.PortalID
	// Wake tells the worker of a portal that there is work; it must not block.
	Wake func(connector.PortalID)
	// Now is the business time of a portal, to tell how late events arrive; nil counts nothing.
	Now func(connector.PortalID) time.Time
	// Watched maps a portal to the properties of contacts of which every value matters, the passing ones too.
	Watched map[connector.PortalID][]string
	Pass    Pass
	// Weak switches defences off, in the simulation only.
	Weak Weakness
}

// Receive stores one verified request and marks the records that it names due, one transaction per portal
// that it mentions (undocumented whether a request can mix portals: hubspot-api 3.1). When it returns nil,
// everything is durable. An error means that nothing of the failing portal was stored; the CRM delivers
// again. Events of unknown portals are counted as ignored and not stored. A privacy deletion erases what is
// known of the contact, the delivery that names it included, before the answer.
func (r *Receiver) Receive(ctx context.Context, body []byte, events []connector.Event) (Received, error) {
	var total Received
	byPortal := map[connector.PortalID][]connector.Event{}
	var portals []connector.PortalID
	for _, e := range events {
		if !slices.Contains(r.Known, e.Portal) {
			total.Ignored++
			continue
		}
		if byPortal[e.Portal] == nil {
			portals = append(portals, e.Portal)
		}
		byPortal[e.Portal] = append(byPortal[e.Portal], e)
	}
	slices.Sort(portals)
	for _, portal := range portals {
		d := delivery(portal, body, byPortal[portal], len(portals) == 1 && total.Ignored == 0)
		d.Watched = r.Watched[portal]
		if r.Now != nil {
			d.At = r.Now(portal)
		}
		got, err := r.Store.Receive(ctx, d)
		if err != nil && !r.Weak.Without(StoreFirst) {
			return total, fmt.Errorf("store delivery of portal %q: %w", portal, err)
		}
		r.Pass.at(PointReceived)
		if err := r.erase(ctx, portal, byPortal[portal]); err != nil {
			return total, err
		}
		total.Fresh += got.Fresh
		total.Duplicate += got.Duplicate
		total.Echo += got.Echo
		total.Ignored += got.Ignored
		if got.Fresh > 0 {
			r.Wake(portal)
		}
	}
	return total, nil
}

// erase obeys privacy deletions. It also does so for a delivery that comes once more, because the first time may
// have ended in between.
func (r *Receiver) erase(ctx context.Context, portal connector.PortalID, events []connector.Event) error {
	for _, e := range events {
		if e.Kind != connector.EventPrivacy || e.Type != connector.TypeContact || e.ID == "" {
			continue
		}
		if err := r.Store.Erase(ctx, portal, e.ID); err != nil {
			return fmt.Errorf("erase contact %q: %w", e.ID, err)
		}
	}
	return nil
}

// delivery is one portal's part of a request; the whole body if there is only one portal in it.
func delivery(portal connector.PortalID, body []byte, events []connector.Event, whole bool) Delivery {
	if !whole {
		raws := make([]json.RawMessage, len(events))
		for i, e := range events {
			raws[i] = e.Raw
		}
		body, _ = json.Marshal(raws) // raw events were decoded once already, so they are valid JSON
	}
	sum := sha256.Sum256(body)
	return Delivery{Portal: portal, Key: hex.EncodeToString(sum[:]), Body: body, Events: events}
}

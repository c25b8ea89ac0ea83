package workflows

import (
	"fmt"
	"time"

	"leadsync/connector"
)

// Order is what is recorded of an operator's command: who gave it and why, both as they say themselves.
type Order struct {
	By, Because string
}

// Params are the order's part of the reason that is recorded, beside the key.
func (o Order) Params(key string) map[string]string {
	params := map[string]string{"key": key}
	switch {
	case o.By != "" && o.Because != "":
		params["note"] = fmt.Sprintf(" (%s: %s)", o.By, o.Because)
	case o.By != "" || o.Because != "":
		params["note"] = fmt.Sprintf(" (%s)", o.By+o.Because)
	}
	for name, value := range map[string]string{"by": o.By, "because": o.Because} {
		if value != "" {
			params[name] = value
		}
	}
	return params
}

// OutboxFilter chooses entries of the outbox; what is empty chooses all but State, which must be said. Since and Until
// are when the entry came into its state (operating time).
type OutboxFilter struct {
	State        EntryState
	Class        Class
	Contact      connector.ObjectID
	Since, Until time.Time
}

// ListedEntry is an entry and how long it has been in its state (operating time).
type ListedEntry struct {
	OutboxEntry

	Since time.Time `json:"since"`
}

// DeliveryFilter chooses stored deliveries by when they came (operating time) and, if Contact is not empty, by an id that
// stands somewhere in them.
type DeliveryFilter struct {
	Since, Until time.Time
	Contact      connector.ObjectID
}

// StoredDelivery is a webhook request as it came, or what is left of it after erasures.
type StoredDelivery struct {
	Key        string
	ReceivedAt time.Time // operating time
	Body       []byte
}

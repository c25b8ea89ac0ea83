package connector

import "time"

// Usage is how much of one daily limit of the account is used, by everybody who shares it.
type Usage struct {
	Name        string // the CRM's own name of the limit
	Limit, Used int    // calls a day
	// Fresh is false if the CRM could not count just now: Used is then an older number, or none.
	Fresh bool
	// Status is the CRM's own word for how it came by the number (HubSpot: SUCCESS, CACHED, FAILURE, ...).
	Status                string
	CollectedAt, ResetsAt time.Time // UTC; zero if the CRM does not say
}

package workflows

import (
	"time"

	"leadsync/connector"
)

// CallCount is how often the CRM was asked one thing for one purpose on one day. Every attempt counts, since
// every attempt is taken from the account's daily limit (hubspot-api 4).
type CallCount struct {
	Day      time.Time         `json:"day,omitzero"` // midnight UTC; not looked at when counts are added
	Purpose  connector.Purpose `json:"purpose"`
	Endpoint string            `json:"endpoint"` // method and path template, no ids
	Bucket   string            `json:"bucket"`
	Calls    int               `json:"calls"`
	Refused  int               `json:"refused"` // of them answered with an error, or not at all
}

package simulator

import "net/http"

const (
	policyDaily    = "DAILY"
	policySecondly = "SECONDLY"
	policyTen      = "TEN_SECONDLY_ROLLING"
)

// Handler serves the CRM API as HubSpot's.
func (a *Account) Handler() http.Handler { return http.NotFoundHandler() }

// Control serves the control API.
func (a *Account) Control() http.Handler { return http.NotFoundHandler() }

package main

import (
	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot"
)

// marked makes a second client with the same settings for an account that turned out to refuse unique keys
// (hubspot-api 7.3). The first one was only used to find that out, so the two never share the account's limits
// at one time.
func marked(settings hubspot.Config) func(kinds, plain map[connector.ObjectType]bool) (service.CRM, error) {
	return func(kinds, plain map[connector.ObjectType]bool) (service.CRM, error) {
		settings.Unkeyed, settings.PlainKey = kinds, plain
		client, err := hubspot.New(settings)
		if err != nil {
			return nil, err
		}
		return client, nil
	}
}

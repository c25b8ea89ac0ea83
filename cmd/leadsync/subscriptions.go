package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/workflows"
)

// subscriptionsCommand writes the webhook component of a HubSpot project app (hubspot-api 3.4). HubSpot takes it
// with `hs project upload`; leadsync manages no subscriptions by API.
func subscriptionsCommand(env *environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "subscriptions",
		Short: "Print the webhook subscriptions that the model needs, as the file that HubSpot's CLI uploads",
		Long: "Prints src/app/webhooks/webhooks-hsmeta.json for a HubSpot project app: one subscription for everything that the model\n" +
			"reads in this portal. Print it again after every change of the model. Asks nobody.",
		Args: exactly(0, "no arguments"),
	}
	portal := portalFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		in, err := loadInstallation(cmd, env)
		if err != nil {
			return err
		}
		p, err := in.choose(*portal)
		if err != nil {
			return err
		}
		if p.Webhooks.TargetURL == "" {
			return fmt.Errorf("portal %q has no webhooks: target_url; write the address that HubSpot shall call", p.Name)
		}
		known, err := service.NewPortal(p, in.cfg.Limits, hubspot.Names(), connector.Account{ID: p.Account, TimeZone: "UTC"})
		if err != nil {
			return err
		}
		file, err := subscriptionFile(known, in, p.Webhooks.TargetURL)
		if err != nil {
			return err
		}
		return printJSON(env.stdout, file)
	}
	return cmd
}

// mostSubscriptions is how many an app may have (hubspot-api 3.1).
const mostSubscriptions = 1000

type webhookFile struct {
	UID    string        `json:"uid"`
	Type   string        `json:"type"`
	Config webhookConfig `json:"config"`
}

type webhookConfig struct {
	Settings      webhookSettings `json:"settings"`
	Subscriptions webhookGroups   `json:"subscriptions"`
}

type webhookSettings struct {
	TargetURL             string `json:"targetUrl"`
	MaxConcurrentRequests int    `json:"maxConcurrentRequests"`
}

type webhookGroups struct {
	CRMObjects       []subscription `json:"crmObjects"`
	LegacyCRMObjects []subscription `json:"legacyCrmObjects"`
	HubEvents        []subscription `json:"hubEvents"`
}

type subscription struct {
	Type     string `json:"subscriptionType"`
	Object   string `json:"objectType,omitempty"`
	Property string `json:"propertyName,omitempty"`
	Active   bool   `json:"active"`
}

// subscriptionFile subscribes to the life of every kind of record that is read, and to every property of it.
func subscriptionFile(p *workflows.Portal, in *installation, target string) (webhookFile, error) {
	groups := webhookGroups{
		LegacyCRMObjects: []subscription{},
		HubEvents:        []subscription{{Type: "contact.privacyDeletion", Active: true}},
	}
	types := append([]connector.ObjectType{connector.TypeContact, connector.TypeCompany, connector.TypeDeal}, p.ActivityTypes(in.model)...)
	for _, t := range types {
		events := []string{"object.creation", "object.deletion", "object.restore", "object.associationChange"}
		if t == connector.TypeContact || t == connector.TypeCompany || t == connector.TypeDeal {
			events = append(events, "object.merge")
		}
		for _, event := range events {
			groups.CRMObjects = append(groups.CRMObjects, subscription{Type: event, Object: string(t), Active: true})
		}
		for _, property := range p.Properties(in.model, t) {
			if !slices.Contains(unsubscribable(), property) {
				groups.CRMObjects = append(groups.CRMObjects, subscription{Type: "object.propertyChange", Object: string(t), Property: property, Active: true})
			}
		}
	}
	slices.SortStableFunc(groups.CRMObjects, func(a, b subscription) int {
		return cmp.Compare(slices.Index(types, connector.ObjectType(a.Object)), slices.Index(types, connector.ObjectType(b.Object)))
	})
	if n := len(groups.CRMObjects) + len(groups.HubEvents); n > mostSubscriptions {
		return webhookFile{}, fmt.Errorf("the model needs %d subscriptions, an app may have %d; take facts out of the model, or poll without webhooks", n, mostSubscriptions)
	}
	return webhookFile{
		UID: "leadsync_webhooks", Type: "webhooks",
		Config: webhookConfig{Settings: webhookSettings{TargetURL: target, MaxConcurrentRequests: 10}, Subscriptions: groups},
	}, nil
}

// unsubscribable are properties of which HubSpot sends no events (hubspot-api 3.3); the sweeps see them.
func unsubscribable() []string {
	return []string{"num_unique_conversion_events", "hs_lastmodifieddate", "lastmodifieddate", "hs_merged_object_ids"}
}

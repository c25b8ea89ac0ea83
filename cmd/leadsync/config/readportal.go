package config

import (
	"fmt"
	"net/url"
	"regexp"
	"time"

	"leadsync/workflows"
)

var (
	nickname   = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	apiVersion = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}(-beta)?$`)
	country    = regexp.MustCompile(`^[A-Z]{2}$`)
	// acknowledgement is a code of doctor: twelve hexadecimal digits.
	acknowledgement = regexp.MustCompile(`^[0-9a-f]{12}$`)

	region = regexp.MustCompile(`^[A-Z0-9]{1,3}$`)
)

// readPortal fills p, which holds the defaults, from one entry of the list.
func readPortal(m *mapping, p *Portal) {
	readIdentity(m, p)
	base := m.address("base_url", &p.BaseURL)
	m.boolean("proxy_from_environment", &p.ProxyFromEnvironment)
	readVersions(m.child("api_versions"), p)
	readWebhooks(m.child("webhooks"), &p.Webhooks)
	readClock(m, p, base)
	readReach(m, p, base)
	readEffects(m.child("effects"), p.Effects)
	if node := m.text("acknowledged", "0123456789ab", &p.Acknowledged); node != nil && !acknowledgement.MatchString(node.Value) {
		m.report("acknowledged", node, fmt.Sprintf("%q is no code", keyText(node)), "run `leadsync doctor` and copy the code that it prints, in quotes")
	}
	choice(m, "language", &p.Language, "language", "en", "de")
	readZone(m, "time_zone", &p.TimeZone)
	readCalendar(m.child("calendar"), &p.Calendar)
	m.number("fallback_owner", &p.FallbackOwner)
	readNames(m.child("stages"), p.Stages)
	readNames(m.child("statuses"), p.Statuses)
	readDispositions(m.child("dispositions"), p.Dispositions)
	readPipelines(m.child("pipelines"), p.Pipelines)
	readIDs(m.child("lists"), "list", p.Lists)
	readIDs(m.child("queues"), "queue", p.Queues)
	choice(m, "without_unique_keys", &p.WithoutUniqueKeys, "way", KeysRefuse, KeysMarker)
	readFacts(m.child("facts"), p.Facts)
	p.Off = readTracking(m.child("activities"))
	readHistory(m.child("history"), p)
	readImports(m, p)
	readSources(m.child("sources"), p)
	readProperties(m.child("properties"), &p.Properties)
	if node := m.text("lost_reason", p.LostReason, &p.LostReason); node != nil && !word.MatchString(node.Value) {
		m.report("lost_reason", node, fmt.Sprintf("%q cannot be a property", node.Value), "write the internal name of a property of deals, such as closed_lost_reason")
	}
	readDealProperties(m.child("deal_properties"), p)
	m.close()
}

func readIdentity(m *mapping, p *Portal) {
	m.require("name", "a short name for people, such as name: acme")
	if node := m.text("name", "acme", &p.Name); node != nil && !nickname.MatchString(node.Value) {
		m.report("name", node, fmt.Sprintf("%q cannot be a name", keyText(node)), "write lower-case letters, digits, - and _")
	}
	choice(m, "crm", &p.CRM, "kind of CRM", "hubspot")
	m.require("account", `the account's own number, such as account: "12345678"`)
	m.number("account", (*string)(&p.Account))
	readAccess(m, p)
}

// readVersions reads versions of single families. Which families there are is the connector's to say.
func readVersions(m *mapping, p *Portal) {
	for _, e := range m.entries {
		m.asked = append(m.asked, e.key.Value)
		if m.checkScalar(e.key.Value, e.value, "a version such as \"2026-03\"", "!!str", "!!timestamp") == nil {
			continue
		}
		if !apiVersion.MatchString(e.value.Value) {
			m.report(e.key.Value, e.value, fmt.Sprintf("%q is no version", keyText(e.value)), `write one such as "2026-03"`)
			continue
		}
		if p.Versions == nil {
			p.Versions = map[string]string{}
		}
		p.Versions[e.key.Value] = e.value.Value
	}
}

func readWebhooks(m *mapping, w *Webhooks) {
	m.boolean("enabled", &w.Enabled)
	m.address("target_url", &w.TargetURL)
	m.number("app_id", &w.AppID)
	m.source("client_secret", &w.ClientSecret)
	m.source("previous_client_secret", &w.PreviousClientSecret)
	m.close()
	if w.Enabled {
		m.require("target_url", "the address that the CRM calls: it is part of the signature")
		if !m.has("client_secret") && !m.has("client_secret_file") {
			m.require("client_secret_env", "the name of the variable with the app's client secret: deliveries are signed with it")
		}
	}
	if w.ClientSecret.IsZero() && !w.PreviousClientSecret.IsZero() && !w.Enabled {
		m.report("client_secret_env", m.node, "is missing, but there is a previous_client_secret",
			"name the current secret, or remove the previous one")
	}
}

// readClock refuses the simulator's clock for anything that might be a real account: it may run fast, and
// tasks would be due in a future that never was.
func readClock(m *mapping, p *Portal, base *url.URL) {
	choice(m, "clock", &p.Clock, "clock", ClockMachine, ClockSimulator)
	if p.Clock == ClockSimulator && (base == nil || !loopback(base.Hostname())) {
		m.report("clock", nil, "the simulator's clock contradicts base_url, which is not on this machine",
			"write clock: machine, or a loopback address as base_url")
	}
}

// readReach wants it said aloud when base_url names a private address. The simulator's clock says so too, for this
// machine.
func readReach(m *mapping, p *Portal, base *url.URL) {
	m.boolean("allow_private_address", &p.AllowPrivateAddress)
	if base != nil && !p.AllowPrivateAddress && !p.Simulated() && private(base.Hostname()) {
		m.report("base_url", nil, "names an address that is not on the public internet", "write allow_private_address: true beside it, if that is meant")
	}
}

func readEffects(m *mapping, effects map[workflows.Class]workflows.Mode) {
	for _, class := range workflows.Classes() {
		mode := effects[class]
		choice(m, string(class), &mode, "mode", workflows.ModeOff, workflows.ModeShadow, workflows.ModeOn)
		effects[class] = mode
	}
	m.close()
}

func readZone(m *mapping, key string, zone *string) {
	node := m.text(key, "Europe/Berlin", zone)
	if node == nil {
		return
	}
	// Local would be the machine's zone, which differs from machine to machine.
	if _, err := time.LoadLocation(node.Value); err != nil || node.Value == "Local" {
		m.report(key, node, fmt.Sprintf("%q is no time zone", node.Value), "write an IANA name such as Europe/Berlin")
	}
}

package config

import (
	"fmt"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v4"
)

var scopeName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9._-]{0,99}$`)

// OAuth is how a portal gets its tokens from an app that the account's administrator installs, instead of a
// token that never expires. The zero value is none.
type OAuth struct {
	// ClientID and ClientSecret are the app's.
	ClientID     string
	ClientSecret SecretSource
	// RedirectURL is the address on this machine to which the browser comes back, exactly as in the app's settings.
	RedirectURL string
	// AuthorizeURL is where the administrator says yes; empty takes HubSpot's, or for another base_url the one there.
	AuthorizeURL string
	// Scopes are asked for; without one of them the account cannot be connected. OptionalScopes may be refused.
	Scopes, OptionalScopes []string
}

// IsZero reports whether the portal uses no OAuth.
func (o OAuth) IsZero() bool { return o.ClientID == "" && o.ClientSecret.Key == "" }

// DefaultScopes are those that everything leadsync does needs (hubspot-api 2.3): tasks, calls and meetings go
// with the scopes of contacts.
func DefaultScopes() []string {
	return []string{
		"oauth", "crm.objects.contacts.read", "crm.objects.contacts.write", "crm.objects.companies.read",
		"crm.objects.deals.read", "crm.objects.deals.write", "crm.objects.owners.read",
		"crm.schemas.contacts.read", "crm.schemas.contacts.write", "crm.schemas.deals.read", "crm.schemas.deals.write",
	}
}

// DefaultOptionalScopes are for what an account may not have: lists.
func DefaultOptionalScopes() []string { return []string{"crm.lists.read", "crm.lists.write"} }

// readAccess reads the one source of a portal's tokens.
func readAccess(m *mapping, p *Portal) {
	m.source("token", &p.Token)
	static := m.has("token") || m.has("token_env") || m.has("token_file")
	node := m.find("oauth")
	switch {
	case node != nil && static:
		m.report("oauth", nil, "contradicts the token", "keep one of the two: a token, or oauth with an app")
	case node == nil && !static:
		m.require("token_env", "token_env: and the name of an environment variable, or token_file: and a path, or oauth: and an app")
	}
	if node != nil {
		readOAuth(m.child("oauth"), &p.OAuth)
	}
}

func readOAuth(m *mapping, o *OAuth) {
	m.require("client_id", "the app's client id, such as client_id: 0a1b2c3d-...")
	m.text("client_id", "0a1b2c3d-...", &o.ClientID)
	m.source("client_secret", &o.ClientSecret)
	if !m.has("client_secret") && !m.has("client_secret_file") {
		m.require("client_secret_env", "client_secret_env: and the name of an environment variable, or client_secret_file: and a path")
	}
	m.require("redirect_url", "an address on this machine, such as http://localhost:8976/callback, as in the app's settings")
	readRedirect(m, &o.RedirectURL)
	m.address("authorize_url", &o.AuthorizeURL)
	o.Scopes, o.OptionalScopes = DefaultScopes(), DefaultOptionalScopes()
	if nodes, given := m.list("scopes"); given {
		o.Scopes = readScopes(m, "scopes", nodes, nil)
		if !slices.Contains(o.Scopes, "oauth") {
			m.report("scopes", nil, `do not hold "oauth", without which no app can be installed`, "add oauth, or remove the key for the default")
		}
	}
	nodes, given := m.list("optional_scopes")
	if !given {
		o.OptionalScopes = slices.DeleteFunc(o.OptionalScopes, func(s string) bool { return slices.Contains(o.Scopes, s) })
	} else {
		o.OptionalScopes = readScopes(m, "optional_scopes", nodes, o.Scopes)
	}
	m.close()
}

// readRedirect keeps the address as it is written: HubSpot compares it letter by letter.
func readRedirect(m *mapping, target *string) {
	const remedy = "write an address on this machine, such as http://localhost:8976/callback, as in the app's settings"
	node := m.text("redirect_url", "http://localhost:8976/callback", target)
	if node == nil {
		return
	}
	u := webAddress(node.Value)
	switch {
	case u == nil:
		m.report("redirect_url", node, "is no URL", remedy)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		m.report("redirect_url", node, "has more than a host, a port and a path", remedy)
	case u.Scheme != "http" || !loopback(u.Hostname()):
		m.report("redirect_url", node, "is not on this machine: `leadsync connect` listens there itself", remedy)
	case u.Port() == "" || u.Port() == "0":
		m.report("redirect_url", node, "has no port to listen on", remedy)
	}
}

// readScopes reads a list of scopes, none of them twice or among the others.
func readScopes(m *mapping, key string, nodes []*yaml.Node, others []string) []string {
	scopes := []string{}
	for i, node := range nodes {
		at := fmt.Sprintf("%s[%d]", key, i)
		if m.checkScalar(at, node, "the name of a scope", "!!str") == nil {
			continue
		}
		switch {
		case !scopeName.MatchString(node.Value):
			m.report(at, node, fmt.Sprintf("%q is no scope", keyText(node)), "write one scope, such as crm.objects.contacts.read")
		case slices.Contains(scopes, node.Value):
			m.report(at, node, fmt.Sprintf("%q is there twice", node.Value), "remove one of the two")
		case slices.Contains(others, node.Value):
			m.report(at, node, fmt.Sprintf("%q is among scopes already", node.Value), "keep it in one of the two lists")
		default:
			scopes = append(scopes, node.Value)
		}
	}
	return scopes
}

// readKeys reads the sources of the keys that encrypt stored credentials. They are needed by OAuth alone.
func readKeys(m *mapping, c *Config) {
	m.source("credentials_key", &c.CredentialsKey)
	m.source("previous_credentials_key", &c.PreviousCredentialsKey)
}

// checkKeys looks at them again when the portals are known.
func checkKeys(m *mapping, c *Config) {
	given := m.has("credentials_key") || m.has("credentials_key_env") || m.has("credentials_key_file")
	if given {
		return
	}
	if slices.ContainsFunc(c.Portals, func(p Portal) bool { return !p.OAuth.IsZero() }) {
		m.require("credentials_key_env", "the source of a key of 32 bytes in base64 (openssl rand -base64 32): "+
			"it encrypts what oauth stores; or credentials_key_file: and a path")
	} else if !c.PreviousCredentialsKey.IsZero() {
		m.report("credentials_key_env", m.node, "is missing, but there is a previous_credentials_key",
			"name the current key, or remove the previous one")
	}
}

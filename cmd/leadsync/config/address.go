package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v4"
)

// checkDatabaseURL looks at a database that is written as a URL. The URL is never repeated in a message: it
// may hold a password.
func (m *mapping) checkDatabaseURL(node *yaml.Node, scheme, source string) {
	if scheme != "postgres" && scheme != "postgresql" {
		m.report("database", node, "this kind of database is not supported", "write a file name for SQLite, or a postgres:// URL")
		return
	}
	u, err := url.Parse(source)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") == "" {
		m.report("database", node, "is no PostgreSQL URL", "write postgres://user@host:5432/database")
		return
	}
	_, password := u.User.Password()
	if password || u.Query().Has("password") {
		m.report("database", node, "a password must not stand in the file",
			"take it out and name its source with database_password_env or database_password_file")
	}
}

// address reads an http or https URL; http only on the loopback address, where nobody listens in. A slash at
// the end is cut off. It gives the URL, or nil if there is none or it is wrong.
func (m *mapping) address(key string, target *string) *url.URL {
	node := m.text(key, "https://leadsync.example.com", target)
	if node == nil {
		return nil
	}
	u := webAddress(node.Value)
	switch {
	case u == nil:
		m.report(key, node, "is no URL", "write https://host/path")
	case u.User != nil:
		m.report(key, node, "a URL with a user or a password", "take everything before the @ out")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		m.report(key, node, "a URL with a query or a fragment", "end it with the path")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		m.report(key, node, fmt.Sprintf("%q is not encrypted", node.Value), "write https://; http:// is for loopback addresses only")
	default:
		*target = strings.TrimRight(node.Value, "/")
		return u
	}
	return nil
}

// webAddress parses an http or https URL with a host, or gives nil.
func webAddress(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil
	}
	return u
}

// private reports whether a host is written as an address that is plainly not on the public internet. What names lead
// to is looked at when a connection is made.
func private(host string) bool {
	a, err := netip.ParseAddr(host)
	if err != nil {
		return strings.EqualFold(host, "localhost")
	}
	a = a.Unmap()
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast()
}

// loopback reports whether a host can only be this machine.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

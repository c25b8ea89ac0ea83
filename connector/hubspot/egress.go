package hubspot

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// Refusals of the transport that NewTransport makes. Neither is worth another attempt before somebody has changed
// the configuration.
var (
	// ErrPrivateAddress: the name of the host led to an address that is not on the public internet.
	ErrPrivateAddress = errors.New("the host's address is not a public one; if that is meant, write allow_private_address: true " +
		"beside base_url")
	// ErrOtherHost: the request is for another host, port or scheme than the configured one.
	ErrOtherHost = errors.New("the request is not for the configured host")
)

// Reach says what kind of address a client may connect to. The zero value is the narrow one.
type Reach int

const (
	// ReachPublic is addresses of the public internet.
	ReachPublic Reach = iota
	// ReachLoopback is also this machine.
	ReachLoopback
	// ReachPrivate is every address, because the operator said so.
	ReachPrivate
)

// Egress says where a transport may connect to.
type Egress struct {
	// BaseURL is the only place that requests may go to: its scheme, host and port.
	BaseURL string
	// Reach bounds the addresses that the host's name may lead to. It is checked when a connection is made, on the
	// address itself: a name that led elsewhere a moment ago helps nobody, nor does another spelling of a number.
	Reach Reach
	// Proxy takes the proxy from HTTP_PROXY, HTTPS_PROXY and NO_PROXY. Then the proxy alone looks up the host, and the
	// proxy's own address is not bounded.
	Proxy bool
	// Resolver looks up names; nil: the machine's.
	Resolver *net.Resolver
}

// NewTransport makes the wire of a client: it connects to one host only, never to an address beyond Reach, and takes
// no proxy from the environment unless asked. It fails when the base URL is none.
func NewTransport(e Egress) (http.RoundTripper, error) {
	base, err := baseURL(e.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("make transport: %w", err)
	}
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("make transport: the default transport was replaced")
	}
	t = t.Clone()
	t.Proxy = nil
	if e.Proxy {
		t.Proxy = http.ProxyFromEnvironment
	}
	t.MaxResponseHeaderBytes = 256 << 10
	gate := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Resolver: e.Resolver, ControlContext: e.Reach.control}
	open := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Resolver: e.Resolver}
	own := withPort(base)
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if e.Proxy && address != own { // requests go to one host only, so this is the proxy
			return open.DialContext(ctx, network, address)
		}
		return gate.DialContext(ctx, network, address)
	}
	return &oneHost{next: t, base: base}, nil
}

// control refuses to connect to an address beyond the reach. The address is the one that the kernel is about to use.
func (r Reach) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !r.Allows(at.Addr()) {
		return ErrPrivateAddress
	}
	return nil
}

// Allows reports whether an address is within the reach.
func (r Reach) Allows(a netip.Addr) bool {
	a = plainAddress(a)
	switch r {
	case ReachPrivate:
		return a.IsValid()
	case ReachLoopback:
		return a.IsLoopback() || public(a)
	case ReachPublic:
		return public(a)
	default:
		return false
	}
}

// ReachOf is the reach that somebody who writes this base URL means: this machine if it says so literally, else the
// public internet.
func ReachOf(base string) Reach {
	u, err := url.Parse(base)
	if err != nil {
		return ReachPublic
	}
	a, err := netip.ParseAddr(u.Hostname())
	if strings.EqualFold(u.Hostname(), "localhost") || err == nil && plainAddress(a).IsLoopback() {
		return ReachLoopback
	}
	return ReachPublic
}

// plainAddress takes the wrappings off an address: IPv4 in IPv6 in the forms that lead to the IPv4 address (mapped, NAT64,
// 6to4), and the zone.
func plainAddress(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if !a.Is6() {
		return a
	}
	b := a.As16()
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(a):
		return netip.AddrFrom4([4]byte(b[12:16]))
	case netip.MustParsePrefix("2002::/16").Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return a
}

// special are the blocks of IANA's registries of special-purpose addresses that netip has no word for, and those that
// lie within the space of ordinary addresses.
func special() []netip.Prefix {
	var blocks []netip.Prefix
	for _, block := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
		"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"2001::/23", "2001:db8::/32", "3fff::/20",
	} {
		blocks = append(blocks, netip.MustParsePrefix(block))
	}
	return blocks
}

// public reports whether a plain address is an ordinary one of the internet.
func public(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	if a.Is6() && !netip.MustParsePrefix("2000::/3").Contains(a) {
		return false
	}
	for _, block := range special() {
		if block.Contains(a) {
			return false
		}
	}
	return true
}

// oneHost lets through only what goes to the configured host.
type oneHost struct {
	next http.RoundTripper
	base *url.URL
}

// RoundTrip implements http.RoundTripper. A request for anywhere else is refused before its headers, which hold the
// token, go anywhere.
func (o *oneHost) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != o.base.Scheme || withPort(req.URL) != withPort(o.base) || req.Host != "" && req.Host != req.URL.Host {
		closeBody(req)
		return nil, errors.Join(errNotSent, ErrOtherHost)
	}
	return o.next.RoundTrip(req)
}

// CloseIdleConnections closes what nobody uses.
func (o *oneHost) CloseIdleConnections() {
	if c, ok := o.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// withPort is the host of an address with its port, in the form in which it is dialled.
func withPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// baseURL parses the root of an API.
func baseURL(text string) (*url.URL, error) {
	base, err := url.Parse(orString(text, DefaultBaseURL))
	if err != nil || base.Hostname() == "" || base.User != nil || (base.Scheme != "https" && base.Scheme != "http") || base.RawQuery != "" {
		return nil, fmt.Errorf("base URL %q is not an http address without user and query", hidden(text))
	}
	return base, nil
}

// hidden is an address as it may stand in an error: without what could be a password.
func hidden(text string) string {
	if i := strings.LastIndexByte(text, '@'); i >= 0 {
		return "***" + text[i:]
	}
	return text
}

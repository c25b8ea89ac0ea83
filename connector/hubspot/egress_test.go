package hubspot_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"leadsync/connector/hubspot"
)

// nameServer answers every question for an address with the next of its answers, and the last one for ever.
type nameServer struct {
	answers []string // several addresses in one answer are separated by spaces
	asked   atomic.Int64
}

func (n *nameServer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, StrictErrors: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go n.serve(ours)
		return theirs, nil
	}}
}

// serve speaks the DNS of streams (RFC 1035 4.2.2): a length, a message.
func (n *nameServer) serve(c net.Conn) {
	defer c.Close()
	for {
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		question := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, question); err != nil {
			return
		}
		end := 12
		for question[end] != 0 {
			end += int(question[end]) + 1
		}
		kind := binary.BigEndian.Uint16(question[end+1:])
		end += 5
		reply := append([]byte{}, question[:end]...)
		copy(reply[2:12], []byte{0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0})
		count := uint16(0)
		for _, a := range n.next(kind) {
			raw := a.AsSlice()
			reply = append(reply, 0xc0, 12, byte(kind>>8), byte(kind), 0, 1, 0, 0, 0, 0, 0, byte(len(raw)))
			reply = append(reply, raw...)
			count++
		}
		binary.BigEndian.PutUint16(reply[6:], count)
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

func (n *nameServer) next(kind uint16) []netip.Addr {
	at := n.asked.Load()
	if kind == 1 { // both kinds are asked at once: they get one answer together
		at = n.asked.Add(1) - 1
	}
	var out []netip.Addr
	for text := range strings.FieldsSeq(n.answers[min(int(at), len(n.answers)-1)]) {
		if a := netip.MustParseAddr(text); a.Is4() == (kind == 1) && (kind == 1 || kind == 28) {
			out = append(out, a)
		}
	}
	return out
}

// TestReach is the table of addresses: which of them are the public internet.
func TestReach(t *testing.T) {
	tests := map[string]struct{ public, loopback bool }{
		"104.18.240.1": {true, true}, "8.8.8.8": {true, true}, "2606:4700::6812:f001": {true, true}, "100.63.255.255": {true, true},
		"100.128.0.0": {true, true}, "172.15.255.255": {true, true}, "172.32.0.0": {true, true}, "223.255.255.255": {true, true},
		"127.0.0.1": {false, true}, "127.255.0.9": {false, true}, "::1": {false, true}, "::ffff:127.0.0.1": {false, true},
		"64:ff9b::7f00:1": {false, true}, "64:ff9b::808:808": {true, true}, "64:ff9b::a00:1": {}, "2002:7f00:1::": {false, true}, "2002:808:808::1": {true, true},
		"2002:a00:1::1": {}, "10.0.0.1": {}, "172.16.0.1": {}, "172.31.255.255": {}, "192.168.1.1": {}, "169.254.169.254": {}, "::ffff:169.254.169.254": {},
		"fe80::1": {}, "fc00::1": {}, "fd00:ec2::254": {}, "fec0::1": {}, "ff02::1": {}, "224.0.0.1": {}, "239.1.1.1": {}, "255.255.255.255": {},
		"0.0.0.0": {}, "0.1.2.3": {}, "::": {}, "::7f00:1": {}, "::ffff:0:0": {}, "100.64.0.1": {}, "100.127.255.254": {}, "192.0.0.8": {},
		"192.0.2.1": {}, "198.18.0.1": {}, "198.19.255.255": {}, "198.51.100.7": {}, "203.0.113.9": {}, "240.0.0.1": {}, "2001:db8::1": {},
		"2001::1": {}, "64:ff9b:1::a00:1": {}, "100::1": {}, "5f00::1": {}, "192.88.99.1": {}, "3fff::1": {}, "fe80::1%eth0": {},
	}
	for text, want := range tests {
		a := netip.MustParseAddr(text)
		if got := hubspot.ReachPublic.Allows(a); got != want.public {
			t.Errorf("%s is public: %v", text, got)
		}
		if got := hubspot.ReachLoopback.Allows(a); got != want.loopback {
			t.Errorf("%s is public or this machine: %v", text, got)
		}
		if !hubspot.ReachPrivate.Allows(a) {
			t.Errorf("%s is not reached when everything is", text)
		}
	}
	if hubspot.ReachPrivate.Allows(netip.Addr{}) || hubspot.Reach(9).Allows(netip.MustParseAddr("8.8.8.8")) {
		t.Error("no address and no reach are let through")
	}
}

// listening is a server on this machine that counts who comes.
func listening(t *testing.T, status int, location string) (address string, hits *atomic.Int64, tokens *atomic.Int64) {
	t.Helper()
	hits, tokens = &atomic.Int64{}, &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		if r.Header.Get("Authorization") != "" {
			tokens.Add(1)
		}
		if location != "" {
			w.Header().Set("Location", location)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL, hits, tokens
}

func egress(t *testing.T, e hubspot.Egress) http.RoundTripper {
	t.Helper()
	wire, err := hubspot.NewTransport(e)
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

// TestEgressAddresses: whatever a name leads to, and however a number is written, what counts is the address at the
// moment of connecting. The server listens on this machine, so every connection that was wrongly allowed arrives.
func TestEgressAddresses(t *testing.T) {
	address, hits, _ := listening(t, 200, "")
	_, port, err := net.SplitHostPort(strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, host string
		answers    []string
		reach      hubspot.Reach
		calls      int
		want       error // of the last call; nil: it arrives

		unknownIsFine bool
	}{
		{"the machine itself", "127.0.0.1", nil, hubspot.ReachPublic, 1, hubspot.ErrPrivateAddress, false},
		{"the machine itself, said", "127.0.0.1", nil, hubspot.ReachLoopback, 1, nil, false},
		{"mapped", "[::ffff:127.0.0.1]", nil, hubspot.ReachPublic, 1, hubspot.ErrPrivateAddress, false},
		{"unspecified", "0.0.0.0", nil, hubspot.ReachPublic, 1, hubspot.ErrPrivateAddress, false},
		{"unspecified, loopback said", "0.0.0.0", nil, hubspot.ReachLoopback, 1, hubspot.ErrPrivateAddress, false},
		{"metadata", "169.254.169.254", nil, hubspot.ReachLoopback, 1, hubspot.ErrPrivateAddress, false},
		{"private", "10.255.255.1", nil, hubspot.ReachLoopback, 1, hubspot.ErrPrivateAddress, false},
		{"carrier", "100.64.0.1", nil, hubspot.ReachPublic, 1, hubspot.ErrPrivateAddress, false},
		{"one number", "2130706433", []string{"127.0.0.1"}, hubspot.ReachPublic, 1, hubspot.ErrPrivateAddress, true},
		{"hexadecimal", "0x7f000001", []string{"127.0.0.1"}, hubspot.ReachPublic, 1, hubspot.ErrPrivateAddress, true},
		{"octal", "0177.0.0.1", []string{"127.0.0.1"}, hubspot.ReachPublic, 1, hubspot.ErrPrivateAddress, true},
		{"a name for it", "api.example.com", []string{"127.0.0.1"}, hubspot.ReachPublic, 1, hubspot.ErrPrivateAddress, false},
		{"a name for it in the other family", "api.example.com", []string{"::1"}, hubspot.ReachPublic, 1, hubspot.ErrPrivateAddress, false},
		{"one of several", "api.example.com", []string{"10.0.0.1 127.0.0.1 fd00::1"}, hubspot.ReachPublic, 1, hubspot.ErrPrivateAddress, false},
		{"a name for it, said", "api.example.com", []string{"127.0.0.1"}, hubspot.ReachPrivate, 1, nil, false},
		{"rebound after the first call", "api.example.com", []string{"127.0.0.1", "10.0.0.1"}, hubspot.ReachLoopback, 2, hubspot.ErrPrivateAddress, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := hubspot.Egress{BaseURL: "http://" + tt.host + ":" + port, Reach: tt.reach}
			if tt.answers != nil {
				e.Resolver = (&nameServer{answers: tt.answers}).resolver()
			}
			before := hits.Load()
			var err error
			wire := egress(t, e)
			for range tt.calls {
				cfg := quick(wire)
				cfg.BaseURL = e.BaseURL
				_, err = newClient(t, cfg).Account(t.Context())
				wire.(interface{ CloseIdleConnections() }).CloseIdleConnections() // the next call connects anew
			}
			arrived := int(hits.Load() - before)
			var unknown *net.DNSError
			if tt.unknownIsFine && arrived == 0 && errors.As(err, &unknown) {
				return // Go's own resolver does not even ask for it; that of the C library gives the address
			}
			if tt.want == nil && arrived != tt.calls || tt.want != nil && (arrived != tt.calls-1 || !errors.Is(err, tt.want)) {
				t.Errorf("%d calls arrived; %v", arrived, err)
			}
			if tt.want != nil && (detail(t, err).Message != "not sent" || !strings.Contains(err.Error(), "allow_private_address: true")) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestEgressRedirects: no answer leads the token anywhere else, neither to another host nor to the same one without
// encryption.
func TestEgressRedirects(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		elsewhere, hits, _ := listening(t, 200, "")
		address, first, tokens := listening(t, status, strings.Replace(elsewhere, "127.0.0.1", "localhost", 1)+"/account-info")
		cfg := quick(nil) // the client's own wire
		cfg.BaseURL = address
		_, err := newClient(t, cfg).Account(t.Context())
		if hits.Load() != 0 || first.Load() != 1 || tokens.Load() != 1 || err == nil {
			t.Errorf("%d: %d went on, %d came, %v", status, hits.Load(), first.Load(), err)
		}
	}
}

// TestEgressOneHost: the wire itself refuses other hosts, so a mistake above it gives no token away.
func TestEgressOneHost(t *testing.T) {
	address, hits, _ := listening(t, 200, "")
	elsewhere, _, _ := listening(t, 200, "")
	wire := egress(t, hubspot.Egress{BaseURL: address, Reach: hubspot.ReachLoopback})
	port := address[strings.LastIndexByte(address, ':'):]
	tests := []struct {
		name, url, host string
		ok              bool
	}{
		{"as configured", address + "/x?y=z", "", true},
		{"another port", elsewhere, "", false},
		{"another name", "http://localhost" + port, "", false},
		{"another scheme", strings.Replace(address, "http://", "https://", 1), "", false},
		{"another host in the header", address, "api.example.com", false},
		{"a user that looks like the host", "http://127.0.0.1" + port + "@example.com/", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := hits.Load()
			u, err := url.Parse(tt.url)
			if err != nil {
				t.Fatal(err)
			}
			req := (&http.Request{Method: "GET", URL: u, Header: http.Header{"Authorization": {"Bearer x"}}, Host: tt.host}).WithContext(t.Context())
			resp, err := wire.RoundTrip(req)
			if err == nil {
				resp.Body.Close()
			}
			if tt.ok != (err == nil) || !tt.ok && (!errors.Is(err, hubspot.ErrOtherHost) || hits.Load() != before) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestEgressProxy: a proxy of the environment is used when the configuration says so, and only then.
func TestEgressProxy(t *testing.T) {
	proxy, seen, _ := listening(t, 200, "")
	t.Setenv("HTTP_PROXY", proxy)
	t.Setenv("NO_PROXY", "")
	// http.ProxyFromEnvironment reads the environment once in a process, and nothing here has asked it before: NewTransport
	// takes the variables at the first call that may use them.
	for _, asked := range []bool{false, true} {
		before := seen.Load()
		cfg := quick(egress(t, hubspot.Egress{BaseURL: "http://crm.example.com", Proxy: asked, Resolver: (&nameServer{answers: []string{"10.0.0.1"}}).resolver()}))
		cfg.BaseURL = "http://crm.example.com"
		_, err := newClient(t, cfg).Account(t.Context())
		if used := seen.Load() > before; used != asked || !asked && !errors.Is(err, hubspot.ErrPrivateAddress) {
			t.Errorf("asked %v: the proxy was used %v, %v", asked, used, err)
		}
	}
}

// TestEgressRefusals: what is no address makes no client, and a password is not repeated.
func TestEgressRefusals(t *testing.T) {
	for _, base := range []string{"http://", "ftp://example.com", "https://user:hunter2@example.com", "://", "https://example.com/?a=b"} {
		_, err := hubspot.NewTransport(hubspot.Egress{BaseURL: base})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", base, err)
		}
		cfg := quick(nil)
		cfg.BaseURL = base
		if _, err := hubspot.New(cfg); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("client for %s: %v", base, err)
		}
	}
	for base, want := range map[string]hubspot.Reach{
		"": hubspot.ReachPublic, "https://api.hubapi.com": hubspot.ReachPublic, "http://localhost:9": hubspot.ReachLoopback, "http://[::1]:9": hubspot.ReachLoopback,
		"http://127.1.2.3": hubspot.ReachLoopback, "http://127.0.0.1.example.com": hubspot.ReachPublic, "http://10.0.0.1": hubspot.ReachPublic, "://": hubspot.ReachPublic,
	} {
		if got := hubspot.ReachOf(base); got != want {
			t.Errorf("reach of %q is %d", base, got)
		}
	}
}

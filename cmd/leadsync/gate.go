package main

import (
	"container/list"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"leadsync/cmd/leadsync/config"
)

// httpServer bounds everything a client can make a server wait for, and what it can make it hold.
func httpServer(h http.Handler, g *gate) *http.Server {
	return &http.Server{
		Handler: g.handler(h), ConnContext: g.connContext, ConnState: g.connState,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 60 * time.Second, MaxHeaderBytes: 32 << 10,
	}
}

// gate bounds the connections of a server, in all and per address of the other end. A new connection over the bound
// does not wait and is not turned away: the one closes that has been idle, or has kept the server waiting for a
// request, the longest. So no number of slow clients keeps an honest one out; they only close each other.
type gate struct {
	total, each int
	now         func() time.Time
	log         *slog.Logger

	mu     sync.Mutex
	open   int
	homes  map[string]*home // by address
	closed int              // to make room, since it was last told
	told   time.Time
}

// home is one address with its connections. Those that wait stand in two lists, the longest waiting first; those that
// are being answered stand in none.
type home struct {
	open          int
	silent, known list.List // of *guest: that never had an answer, and that had one
}

// next is the guest of a home that can be missed most easily, nil if all are being answered.
func (h *home) next() *guest {
	for _, waiting := range []*list.List{&h.silent, &h.known} {
		if first := waiting.Front(); first != nil {
			if o, ok := first.Value.(*guest); ok {
				return o
			}
		}
	}
	return nil
}

// guest is one connection.
type guest struct {
	net.Conn
	gate    *gate
	address string
	home    *home
	// Below: the gate's lock.
	since time.Time     // when it began to wait for a request
	list  *list.List    // where it stands; nil while it is being answered
	place *list.Element // in the list
	gone  bool
}

func newGate(l config.Limits, now func() time.Time, log *slog.Logger) *gate {
	return &gate{
		total: l.Connections, each: l.ConnectionsPerAddress, now: now, log: log,
		homes: map[string]*home{},
	}
}

// gatedListener hands out guests.
type gatedListener struct {
	net.Listener
	gate *gate
}

func (g *gate) listener(l net.Listener) net.Listener { return gatedListener{l, g} }

// Accept implements net.Listener.
func (l gatedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err //nolint:wrapcheck // http.Server looks at it
		}
		if guest := l.gate.admit(c); guest != nil {
			return guest, nil
		}
		_ = c.Close() // turned away
	}
}

// admit makes room for a connection and takes it; nil if everybody is being answered.
func (g *gate) admit(c net.Conn) *guest {
	address, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		address = c.RemoteAddr().String()
	}
	g.mu.Lock()
	var leaving []*guest
	h := g.homes[address]
	ok := h == nil || h.open < g.each || g.makeRoom(h, &leaving)
	if ok && g.open >= g.total {
		ok = g.makeRoom(g.fullest(), &leaving)
	}
	var in *guest
	if ok {
		in = g.enter(address, c)
	} else {
		g.closed++
	}
	g.tell()
	g.mu.Unlock()
	for _, o := range leaving {
		_ = o.Conn.Close() // its reader gets an error
	}
	return in
}

func (g *gate) enter(address string, c net.Conn) *guest {
	h := g.homes[address]
	if h == nil {
		h = &home{}
		g.homes[address] = h
	}
	o := &guest{Conn: c, gate: g, address: address, home: h}
	h.open++
	g.open++
	g.wait(o, &h.silent)
	return o
}

// makeRoom takes out the guest of a home that can be missed most easily: one that never had an answer before one that
// had, and of these the one that has waited longest.
func (g *gate) makeRoom(h *home, leaving *[]*guest) bool {
	if h == nil {
		return false
	}
	o := h.next()
	if o == nil {
		return false
	}
	g.drop(o)
	g.closed++
	*leaving = append(*leaving, o)
	return true
}

// fullest is the home with the most connections of those with somebody who can go, nil if there is none; of several the
// one whose guest has waited longest.
func (g *gate) fullest() *home {
	var most *home
	for _, h := range g.homes {
		o := h.next()
		if o != nil && (most == nil || h.open > most.open || h.open == most.open && o.since.Before(most.next().since)) {
			most = h
		}
	}
	return most
}

// wait puts a guest at the end of a list.
func (g *gate) wait(o *guest, among *list.List) {
	g.leave(o)
	o.since, o.list, o.place = g.now(), among, among.PushBack(o)
}

// leave takes a guest out of its list.
func (g *gate) leave(o *guest) {
	if o.list != nil {
		o.list.Remove(o.place)
		o.list, o.place = nil, nil
	}
}

func (g *gate) drop(o *guest) {
	if o.gone {
		return
	}
	o.gone = true
	g.leave(o)
	g.open--
	if o.home.open--; o.home.open == 0 {
		delete(g.homes, o.address)
	}
}

// tell logs, at most every ten seconds, that connections were closed to make room.
func (g *gate) tell() {
	const often = 10 * time.Second
	if g.closed == 0 || g.now().Sub(g.told) < often {
		return
	}
	g.log.Warn("connections closed to make room for new ones", "closed", g.closed, "open", g.open, "addresses", len(g.homes))
	g.closed, g.told = 0, g.now()
}

// Close implements net.Conn.
func (o *guest) Close() error {
	o.gate.mu.Lock()
	o.gate.drop(o)
	o.gate.mu.Unlock()
	return o.Conn.Close() //nolint:wrapcheck // net.Conn is only passed on
}

type guestKey struct{}

// connContext lets the handler know whose request it answers.
func (g *gate) connContext(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, guestKey{}, c)
}

// connState notes when a connection has its answer and waits for the next request.
func (g *gate) connState(c net.Conn, state http.ConnState) {
	o, ok := c.(*guest)
	if !ok || state != http.StateIdle {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !o.gone {
		g.wait(o, &o.home.known)
	}
}

// handler notes when the whole of a request has arrived: from then on its connection is not closed to make room.
func (g *gate) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o, ok := r.Context().Value(guestKey{}).(*guest); ok {
			if r.Body == nil || r.Body == http.NoBody {
				o.arrived()
			} else {
				r.Body = &arriving{ReadCloser: r.Body, guest: o}
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (o *guest) arrived() {
	o.gate.mu.Lock()
	defer o.gate.mu.Unlock()
	o.gate.leave(o)
}

// arriving is a body that tells when it has arrived.
type arriving struct {
	io.ReadCloser
	guest *guest
}

// Read implements io.Reader.
func (a *arriving) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if err != nil {
		a.guest.arrived()
	}
	return n, err //nolint:wrapcheck // readers look for io.EOF
}

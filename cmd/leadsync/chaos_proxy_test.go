package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// trouble is what a hostile network does to what passes.
type trouble = string

const (
	fine       trouble = ""
	dropped    trouble = "dropped"              // a connection is closed as soon as it is made
	deaf       trouble = "never answered"       // a connection is made, and nobody is there
	delayed    trouble = "delayed"              // up to 300 ms late
	sliced     trouble = "sliced"               // a few bytes at a time
	unsent     trouble = "request lost"         // closed before the server has seen it
	cut        trouble = "request cut"          // the server sees half of it, then the end
	halfClosed trouble = "half closed"          // the server sees the end after the request, the client an answer if there is one
	truncated  trouble = "answer cut"           // the client sees half of the answer, then the end
	closed     trouble = "closed after applied" // the server has done it; the client sees the end
	reset      trouble = "reset after applied"  // the server has done it; the client sees a reset
	swallowed  trouble = "swallowed"            // the server has done it; the client sees nothing, for ever

	commitClosed    trouble = "closed instead of the reply to COMMIT"
	commitReset     trouble = "reset instead of the reply to COMMIT"
	commitSwallowed trouble = "swallowed the reply to COMMIT"
)

// weather decides by a seed what becomes of what passes, and counts it.
type weather struct {
	mu     sync.Mutex
	rng    *rand.Rand
	calm   bool
	counts map[trouble]int
}

func newWeather(seed uint64) *weather {
	return &weather{rng: rand.New(rand.NewPCG(seed, 0xC4A05)), calm: true, counts: map[trouble]int{}}
}

// meets draws: one passage in odds has one of the troubles, of which the later named are rarer.
func (w *weather) meets(odds int, kinds ...trouble) trouble {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calm || w.rng.IntN(odds) != 0 {
		return fine
	}
	kind := kinds[min(w.rng.IntN(len(kinds)), w.rng.IntN(len(kinds)))]
	w.counts[kind]++
	return kind
}

func (w *weather) roll(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rng.IntN(n)
}

func (w *weather) turn(calm bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calm = calm
}

// String is a table of what happened how often.
func (w *weather) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(w.counts)) {
		fmt.Fprintf(&b, "%-40s %6d\n", kind, w.counts[kind])
	}
	return b.String()
}

// proxy stands between a client and a server on the loopback address.
type proxy struct {
	t        *testing.T
	target   string
	weather  *weather
	odds     int  // of trouble for a chunk, or for a completed statement
	postgres bool // it speaks PostgreSQL's protocol, so that whole messages pass
	address  string

	mu    sync.Mutex
	away  bool
	open  map[*pipe]bool
	ended bool
}

// newProxy starts a proxy in front of a server.
func newProxy(t *testing.T, target string, w *weather, odds int, postgres bool) *proxy {
	t.Helper()
	p := &proxy{t: t, target: target, weather: w, odds: odds, postgres: postgres, open: map[*pipe]bool{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = l.Addr().String()
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { p.serve(client.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		p.ended = true
		p.mu.Unlock()
		p.closeAll()
		running.Wait()
	})
	return p
}

// outage cuts all connections and refuses new ones, or ends that.
func (p *proxy) outage(away bool) {
	p.mu.Lock()
	p.away = away
	p.mu.Unlock()
	if away {
		p.closeAll()
	}
}

// hangUp resets the connections on which nothing comes any more.
func (p *proxy) hangUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for x := range p.open {
		if x.server == nil || x.muted() {
			x.abort()
		}
	}
}

func (p *proxy) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for x := range p.open {
		x.abort()
	}
}

// enter takes a connection in; false: there is no server now.
func (p *proxy) enter(x *pipe) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away || p.ended {
		return false
	}
	p.open[x] = true
	return true
}

func (p *proxy) leave(x *pipe) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, x)
}

// pipe is one connection through the proxy.
type pipe struct {
	*proxy
	client, server *net.TCPConn
	mu             sync.Mutex
	silent         bool // nothing reaches the client any more
}

func (p *proxy) serve(client *net.TCPConn) {
	x := &pipe{proxy: p, client: client}
	defer func() { _ = client.Close() }()
	switch p.weather.meets(4*p.odds, dropped, dropped, deaf) {
	case dropped:
		return
	case deaf:
		if !p.enter(x) {
			return
		}
		defer p.leave(x)
		_, _ = io.Copy(io.Discard, client) // until it loses patience
		return
	}
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		x.abort()
		return
	}
	x.server = server.(*net.TCPConn)
	defer func() { _ = server.Close() }()
	if !p.enter(x) {
		x.abort()
		return
	}
	defer p.leave(x)
	upstream := make(chan struct{})
	go func() {
		defer close(upstream)
		x.up()
	}()
	if p.postgres {
		x.downMessages()
	} else {
		x.down()
	}
	if x.muted() {
		<-upstream // the client has to find out by itself, and the server too
		return
	}
	_ = client.CloseWrite()
	_ = x.server.Close()
	_ = client.Close()
	<-upstream
}

// abort ends a connection by a reset on both sides.
func (x *pipe) abort() {
	for _, c := range []*net.TCPConn{x.client, x.server} {
		if c != nil {
			_ = c.SetLinger(0)
			_ = c.Close()
		}
	}
}

func (x *pipe) mute() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.silent = true
}

func (x *pipe) muted() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.silent
}

// wait delays what passes.
func (x *pipe) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-x.t.Context().Done():
	}
}

// write sends, in slices if asked to.
func (x *pipe) write(to *net.TCPConn, b []byte, how trouble) error {
	switch how {
	case delayed:
		x.wait(time.Duration(x.weather.roll(300)) * time.Millisecond)
	case sliced:
		for len(b) > 0 && len(b) < 1<<14 { // more would take longer than anybody waits
			n := min(1+x.weather.roll(max(1, len(b)/8)), len(b))
			if _, err := to.Write(b[:n]); err != nil {
				return err
			}
			b = b[n:]
			x.wait(time.Millisecond)
		}
	}
	_, err := to.Write(b)
	return err
}

// up carries what the client says to the server.
func (x *pipe) up() {
	buf := make([]byte, 1<<16)
	for {
		n, err := x.client.Read(buf)
		if n > 0 {
			how := x.weather.meets(4*x.odds, delayed, sliced, unsent, halfClosed, cut)
			switch how {
			case unsent:
				x.abort()
				return
			case cut:
				_, _ = x.server.Write(buf[:n/2])
				_ = x.server.CloseWrite()
				return
			}
			if x.write(x.server, buf[:n], how) != nil {
				return
			}
			if how == halfClosed {
				_ = x.server.CloseWrite()
				return
			}
		}
		if err != nil {
			if !x.muted() { // a silent network does not tell the server that the client has gone
				_ = x.server.CloseWrite()
			}
			return
		}
	}
}

// down carries what the server says to the client, in the pieces in which it comes.
func (x *pipe) down() {
	buf := make([]byte, 1<<16)
	for {
		n, err := x.server.Read(buf)
		if n > 0 && !x.pass(buf[:n], x.weather.meets(x.odds, delayed, sliced, closed, reset, truncated, swallowed)) {
			return
		}
		if err != nil {
			return
		}
	}
}

// pass gives the client a piece or a message; false: that was the last.
func (x *pipe) pass(b []byte, how trouble) bool {
	switch how {
	case closed, commitClosed:
		return false
	case reset, commitReset:
		x.abort()
		return false
	case truncated:
		_, _ = x.client.Write(b[:len(b)/2])
		return false
	case swallowed, commitSwallowed:
		x.mute()
		return false
	}
	return x.write(x.client, b, how) == nil
}

// downMessages carries PostgreSQL's messages. What has been done is told by CommandComplete: that is where
// trouble hurts most. All messages begin with a letter and a length, since the address forbids TLS.
func (x *pipe) downMessages() {
	head := make([]byte, 5)
	for {
		if _, err := io.ReadFull(x.server, head); err != nil {
			return
		}
		length := binary.BigEndian.Uint32(head[1:])
		if length < 4 || length > 1<<28 {
			x.t.Errorf("message %q of %d bytes from the server", head[0], length)
			return
		}
		message := make([]byte, 1+length)
		copy(message, head)
		if _, err := io.ReadFull(x.server, message[5:]); err != nil {
			return
		}
		if !x.pass(message, x.fate(message)) {
			return
		}
	}
}

// fate is what becomes of a message of the server.
func (x *pipe) fate(message []byte) trouble {
	if message[0] != 'C' {
		return fine
	}
	tag, _, _ := strings.Cut(string(message[5:len(message)-1]), " ")
	switch tag {
	case "COMMIT":
		return x.weather.meets(x.odds, commitClosed, commitReset, commitSwallowed)
	case "INSERT", "UPDATE", "DELETE":
		return x.weather.meets(x.odds, closed, reset, delayed, sliced, truncated, swallowed)
	}
	return x.weather.meets(2*x.odds, delayed, sliced, closed, reset, truncated, swallowed)
}

// echoServer answers every line with itself in capitals.
func echoServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				b := make([]byte, 100)
				for {
					n, err := c.Read(b)
					if err != nil {
						return
					}
					if _, err := c.Write([]byte(strings.ToUpper(string(b[:n])))); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// Through a calm proxy everything passes unchanged; in an outage nothing; each answer's trouble does what its name
// says.
func TestProxy(t *testing.T) {
	server := echoServer(t)
	ask := func(p *proxy) (string, error) {
		c, err := net.Dial("tcp", p.address)
		if err != nil {
			return "", err
		}
		defer func() { _ = c.Close() }()
		if _, err := c.Write([]byte("question")); err != nil {
			return "", err
		}
		if err := c.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
			return "", err
		}
		b := make([]byte, 100)
		n, err := io.ReadFull(c, b[:8])
		return string(b[:n]), err
	}
	p := newProxy(t, server, newWeather(1), 1, false)
	if got, err := ask(p); got != "QUESTION" || err != nil {
		t.Errorf("calm: %q %v", got, err)
	}
	p.outage(true)
	if got, err := ask(p); err == nil {
		t.Errorf("outage: %q", got)
	}
	p.outage(false)
	if got, err := ask(p); got != "QUESTION" || err != nil {
		t.Errorf("after the outage: %q %v", got, err)
	}
	late := func(err error) bool {
		var timeout net.Error
		return errors.As(err, &timeout) && timeout.Timeout()
	}
	for _, c := range []struct {
		how  trouble
		text string
		is   func(error) bool
	}{
		{delayed, "QUESTION", func(err error) bool { return err == nil || late(err) }},
		{sliced, "QUESTION", func(err error) bool { return err == nil }},
		{closed, "", func(err error) bool { return errors.Is(err, io.EOF) }},
		{truncated, "QUES", func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
		{reset, "", func(err error) bool { return err != nil && !errors.Is(err, io.EOF) && !late(err) }},
		{swallowed, "", late},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			in, err := l.Accept()
			if err != nil {
				return
			}
			x := &pipe{proxy: p, client: in.(*net.TCPConn)}
			b := make([]byte, 100)
			n, _ := in.Read(b)
			if !x.pass([]byte(strings.ToUpper(string(b[:n]))), c.how) && !x.muted() {
				_ = in.Close()
				return
			}
			_, _ = in.Read(b) // until the client goes
			_ = in.Close()
		}()
		got, err := ask(&proxy{address: l.Addr().String()})
		if !c.is(err) || got != c.text && err == nil {
			t.Errorf("%s: %q %v", c.how, got, err)
		}
		_ = l.Close()
		<-done
	}
}

// PostgreSQL's messages are told apart by what they say has been done.
func TestProxy_fate(t *testing.T) {
	w := newWeather(1)
	w.turn(false)
	x := &pipe{proxy: &proxy{t: t, weather: w, odds: 1, postgres: true}}
	done := func(tag string) []byte {
		m := []byte{'C', 0, 0, 0, 0}
		binary.BigEndian.PutUint32(m[1:], uint32(len(tag)+5))
		return append(append(m, tag...), 0)
	}
	for range 50 {
		if got := x.fate(done("COMMIT")); got != commitClosed && got != commitReset && got != commitSwallowed {
			t.Errorf("COMMIT is %s", got)
		}
		if got := x.fate(done("INSERT 0 1")); got == commitClosed || got == commitReset || got == commitSwallowed {
			t.Errorf("INSERT is %s", got)
		}
	}
	if got := x.fate([]byte{'D', 0, 0, 0, 4}); got != fine {
		t.Errorf("a row is %s", got)
	}
}

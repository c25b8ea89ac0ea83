package store

import (
	"context"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// answerGrace is how much longer than the server may take for a statement its answer is waited for.
const answerGrace = time.Second

// patience is how long an answer of the server is waited for: as long as the address lets a statement take, and a
// little more. What has not come then will not come, for the network has swallowed it; without this the driver
// would wait for ever, for its connection looks well. Zero means for ever: the address bounds no statement.
func patience(address string) time.Duration {
	u, err := url.Parse(address)
	if err != nil {
		return 0
	}
	limit := statementTimeout(u.Query().Get("statement_timeout"))
	if limit <= 0 {
		return 0
	}
	return limit + answerGrace
}

// statementTimeout reads the setting as PostgreSQL does: a number of milliseconds, or one with a unit. What it does not
// understand bounds nothing here; the server refuses it anyway.
func statementTimeout(text string) time.Duration {
	text = strings.TrimSpace(text)
	if n, err := strconv.ParseInt(text, 10, 32); err == nil {
		return time.Duration(n) * time.Millisecond
	}
	if d, err := time.ParseDuration(strings.Replace(text, "min", "m", 1)); err == nil { // ms, s, min and h
		return d
	}
	return 0
}

// contextGrace is how long an answer is still waited for when the context of the question has ended: the driver asks the
// server to break off, which usually answers at once.
const contextGrace = 500 * time.Millisecond

// patientDialer makes connections on which nothing is waited for longer than patience (0: for ever), nor long after the
// context has ended for which it is.
type patientDialer struct {
	net.Dialer
	patience time.Duration
}

// DialTimeout connects; the driver asks for it although it uses DialContext.
func (d patientDialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// lineKey is where in a context DialContext leaves the connection that it made: the driver shows it to nobody.
type lineKey struct{}

// DialContext connects.
func (d patientDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.Dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	patient := &patientConn{Conn: conn, patience: d.patience}
	if line, ok := ctx.Value(lineKey{}).(**patientConn); ok {
		*line = patient
	}
	return patient, nil
}

// Dial connects.
func (d patientDialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// patientConn bounds every read and write. The driver sets a deadline of its own while it connects, and the context for which
// something is asked may end; the earliest counts.
type patientConn struct {
	net.Conn
	patience time.Duration

	mu       sync.Mutex
	deadline time.Time // the driver's
	ended    time.Time // until when the answer is waited for since the context has ended; zero: it has not
	turn     int       // counts the contexts
	leave    func() bool
}

// SetDeadline is the driver's, for connecting; zero takes it away.
func (c *patientConn) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	return c.Conn.SetDeadline(t)
}

// serve says for which context the connection is used from now on. The driver itself is deaf to it while it waits for an
// answer: it asks the server to break off, and a network that swallows answers swallows that one too.
func (c *patientConn) serve(ctx context.Context) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leave != nil {
		c.leave()
	}
	c.turn++
	c.ended = time.Time{}
	turn := c.turn
	c.leave = context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.turn == turn {
			c.ended = machineTime().Add(contextGrace)
			_ = c.Conn.SetDeadline(c.next()) // whoever reads or writes at this moment
		}
	})
}

// rest says that nothing is asked any more.
func (c *patientConn) rest() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leave != nil {
		c.leave()
	}
	c.turn++
	c.leave, c.ended = nil, time.Time{}
}

// machineTime is a socket's time, whatever clock is injected.
func machineTime() time.Time { return time.Now() } //nolint:forbidigo // a deadline of the kernel's

// next is the earliest of all bounds, zero if there is none.
func (c *patientConn) next() time.Time {
	var first time.Time
	if c.patience > 0 {
		first = machineTime().Add(c.patience)
	}
	for _, t := range []time.Time{c.deadline, c.ended} {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}

// bound sets a deadline of the socket's. It holds the lock, so that the end of a context is not overwritten.
func (c *patientConn) bound(set func(time.Time) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return set(c.next())
}

// Read waits for the server no longer than it may.
func (c *patientConn) Read(b []byte) (int, error) {
	if err := c.bound(c.SetReadDeadline); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// Write waits no longer than it may for the network to take something.
func (c *patientConn) Write(b []byte) (int, error) {
	if err := c.bound(c.SetWriteDeadline); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}
